"""Inputs made from declarations."""

import pytest
from streamlit.testing.v1 import AppTest

from edgeslim.models.base import ModelSpec
from edgeslim.steps import STEPS
from edgeslim.ui.forms import _fine


def form(step: str) -> AppTest:
    def script(step: str) -> None:
        import streamlit as st

        from edgeslim.steps import STEPS
        from edgeslim.ui.forms import parameter_inputs

        declared = STEPS.get(step).describe().parameters
        st.session_state["chosen"] = parameter_inputs(step, declared, {}, "k")

    return AppTest.from_function(script, args=(step,)).run()


@pytest.mark.parametrize("step", STEPS.names())
def test_a_form_left_alone_gives_the_defaults_and_they_are_valid(step: str) -> None:
    app = form(step)
    assert not app.exception
    declared = STEPS.get(step).describe().parameters
    chosen = app.session_state["chosen"]
    assert chosen == {parameter.name: parameter.default for parameter in declared}
    assert STEPS.get(step)(**chosen)


def test_a_widget_keeps_to_the_declared_bounds() -> None:
    app = form("magnitude_pruning")
    sparsity = app.slider[0]
    assert (sparsity.min, sparsity.max, sparsity.value) == (0.0, 0.99, 0.5)
    assert sparsity.help == "Share of the weights that become zero."
    sparsity.set_value(0.85).run()
    assert app.session_state["chosen"]["sparsity"] == 0.85


@pytest.mark.parametrize(("value", "step"), [(0.3, 0.05), (0.99, 0.01), (0.001, 0.0001), (0.0005, 0.00001)])
def test_a_number_moves_in_steps_of_its_own_size(value: float, step: float) -> None:
    assert _fine(value) == pytest.approx(step)


def test_a_specification_form_gives_back_what_it_was_given() -> None:
    def script() -> None:
        import streamlit as st

        from edgeslim.models.base import ModelSpec
        from edgeslim.ui.forms import spec_form

        initial = ModelSpec(
            input_width=416, input_height=320, family="yolox", labels=("a", "b"), strides=(8,), confidence=0.2
        )
        sent = spec_form(initial, ["yolox", "unknown"], "spec")
        if sent is not None:
            st.session_state["sent"] = sent

    app = AppTest.from_function(script).run()
    app.text_input[1].set_value("103.53, 116.28, 123.675")
    app.button[0].click().run()
    assert not app.exception
    assert app.session_state["sent"] == ModelSpec(
        input_width=416,
        input_height=320,
        family="yolox",
        labels=("a", "b"),
        strides=(8,),
        confidence=0.2,
        mean=(103.53, 116.28, 123.675),
    )


def test_a_specification_that_cannot_be_is_refused_by_the_name_of_its_key() -> None:
    def script() -> None:
        from edgeslim.ui.components.problems import boundary
        from edgeslim.ui.forms import spec_form

        with boundary():
            spec_form(None, ["yolox", "unknown"], "spec")

    app = AppTest.from_function(script).run()
    app.text_input[0].set_value("a third")
    app.button[0].click().run()
    assert not app.exception
    assert "“scale”" in app.error[0].value


def test_a_parameter_is_asked_for_only_where_it_matters() -> None:
    app = form("static_int8")
    assert "k_percentile" not in {each.key for each in app.number_input}
    app.selectbox(key="k_calibration").set_value("percentile").run()
    app.number_input(key="k_percentile").set_value(99.5).run()
    assert app.session_state["chosen"]["percentile"] == 99.5
