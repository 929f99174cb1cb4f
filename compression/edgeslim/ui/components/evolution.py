"""How a study came to its front: its growth, the parameters that decide, and every trial as a line."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from textwrap import wrap

import plotly.graph_objects as plotly
import streamlit as st

from edgeslim.report.evolution import Found, density_chart, evolution, evolution_chart, importance_chart
from edgeslim.report.front_view import weighed_figures
from edgeslim.report.importance import FEWEST, FRONT, Importance, Importances, importances
from edgeslim.report.parallel import parallel, parallel_chart
from edgeslim.report.recipe_parameters import Parameter, compared, varied
from edgeslim.report.table import filtered
from edgeslim.studies.figures import FIGURES, axes
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.comparable import compared_on
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.pareto import trial_clicked
from edgeslim.ui.components.search import search_results
from edgeslim.ui.components.table_filter import filter_form
from edgeslim.ui.components.words import figure_name, named, step_name, titled
from edgeslim.ui.i18n import Language
from edgeslim.ui.state import language, linked, one_of, select_trial, selected_trial, several_of, t
from edgeslim.units import format_share

CONFIG = {"displayModeBar": False}
SHOWN = 8
"""Parameters whose importance is drawn."""
AXES = 3
"""Parameters that have an axis until somebody chooses."""


def study_evolution(study: StudyResult) -> None:
    """All of it, a search's own account first; what needs more trials than there are says so."""
    search_results(study)
    study = titled(study)
    _growth(study)
    trials, parameters = data.once(compared, study), data.once(varied, study)
    if len(trials) < FEWEST or not parameters:
        st.info(t("evolution.too_few", fewest=FEWEST, trials=len(trials)), icon=":material/insights:")
        go("new", t("evolution.start"), icon=":material/add_circle:")
        return
    target = _target(study)
    found = data.once(importances, study, target)
    if found is None:
        st.info(t("evolution.not_measured", figure=_target_name(target)), icon=":material/insights:")
        return
    _importance(study, found, target)
    _density(found)
    _parallel(study, found, target)


def _growth(study: StudyResult) -> None:
    st.markdown(f"**{t('evolution.growth')}**", help=t("evolution.growth_help"))
    found = data.once(evolution, study)
    if not found or not found[-1].covered:
        st.info(t("evolution.no_gain"), icon=":material/insights:")
        return
    st.markdown(_growth_words(found))
    _chart(data.once(_growth_chart, study, language()), "evolution_chart")
    compared_on(study, data.once(weighed_figures, study))


def _growth_chart(study: StudyResult, language: Language) -> plotly.Figure:
    words = {key: t(f"evolution.{key}") for key in ("covered", "alone", "trials", "volume")}
    return evolution_chart(data.once(evolution, study), words)


def _growth_words(found: Sequence[Found]) -> str:
    """When the front last grew, and how much of it the first half of the files gave."""
    whole = found[-1].covered
    last = next(place for place, each in enumerate(found, 1) if each.covered == whole)
    half = (len(found) + 1) // 2
    share = format_share(found[half - 1].covered / whole)
    return t("evolution.told", last=last, count=len(found), half=half, share=share)


def _target(study: StudyResult) -> str:
    figures = [figure.name for figure in axes(study.trials)]
    options = (FRONT, *figures)
    found: str = st.selectbox(
        t("evolution.best_by"),
        options,
        format_func=_target_name,
        width=360,
        **linked("by", FRONT, one_of(options)),
    )
    return found


def _target_name(target: str) -> str:
    return t("evolution.front") if target == FRONT else figure_name(target)


def _importance(study: StudyResult, found: Importances, target: str) -> None:
    st.markdown(f"**{t('evolution.importance')}**", help=t("evolution.importance_help"))
    clear = [parameter_name(each.parameter) for each in found.parameters if each.clear]
    about = {"trials": found.trials, "best": len(found.best), "target": _target_name(target)}
    if clear:
        names = t("choice.list").join(clear)
        st.markdown(t("evolution.some_clear", names=names, count=len(clear), **about))
    else:
        st.markdown(t("evolution.none_clear", **about))
    chart = data.once(_importance_chart, study, language(), target)
    st.plotly_chart(chart, key="importance_chart", config=CONFIG)


def _importance_chart(study: StudyResult, language: Language, target: str) -> plotly.Figure:
    found = data.once(importances, study, target)
    shown = found.parameters[:SHOWN] if found is not None else ()
    words = {key: t(f"evolution.{key}") for key in ("clear", "unclear", "chance")}
    names = [parameter_name(each.parameter) + _same(each.parameter) for each in shown]
    return importance_chart(shown, names, words)


def _same(parameter: Parameter) -> str:
    return t("evolution.same", count=len(parameter.same)) if parameter.same else ""


def _density(found: Importances) -> None:
    st.markdown(f"**{t('evolution.density')}**", help=t("evolution.density_help"))
    known = {each.parameter.key: each for each in found.parameters}
    keys = tuple(known)
    key = st.selectbox(
        t("evolution.parameter"),
        keys,
        format_func=lambda each: parameter_name(known[each].parameter),
        width=360,
        **linked("parameter", keys[0], one_of(keys)),
    )
    words = {name: t(f"evolution.{name}") for name in ("best", "all")}
    chart = density_chart(known[key], _bins(known[key]), words)
    st.plotly_chart(chart, key="density_chart", config=CONFIG)


def _bins(found: Importance) -> list[str]:
    return [_value_name(found.parameter, label) for label in found.parameter.bins]


def _value_name(parameter: Parameter, label: str | None) -> str:
    if label is None:
        return t("evolution.without")
    if not parameter.name:
        return t("evolution.with")
    return named(f"step.{parameter.step}.{parameter.name}", label)


def parameter_name(parameter: Parameter) -> str:
    """'Magnitude pruning: Sparsity'; the step alone where it is whether there is the step."""
    step = step_name(parameter.step)
    if not parameter.name:
        return step
    return t("evolution.of_step", step=step, parameter=named(f"step.{parameter.step}", parameter.name))


def _parallel(study: StudyResult, found: Importances, target: str) -> None:
    st.markdown(f"**{t('evolution.parallel')}**", help=t("evolution.parallel_help"))
    parameters = {each.parameter.key: each.parameter for each in found.parameters}
    figures = [figure.name for figure in axes(study.trials)]
    weighed = data.once(weighed_figures, study)
    default = [*list(parameters)[:AXES], *(name for name in weighed if name in figures)]
    names = {key: parameter_name(each) for key, each in parameters.items()}
    names |= {name: figure_name(name) for name in figures}
    with st.container(horizontal=True, vertical_alignment="bottom", key="parallel_tools"):
        numbers = data.once(filtered, study, filter_form(study), data.notes(study))
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    chosen = left.multiselect(
        t("evolution.axes"),
        list(names),
        format_func=names.__getitem__,
        select_all=False,
        **linked("axes", default, several_of(list(names))),
    )
    every = right.toggle(t("evolution.every"), **linked("every", False, one_of((True,))))
    color = target if target != FRONT else next((name for name in weighed if name in figures), figures[0])
    if len(chosen) < 2:
        st.caption(t("evolution.two_axes"))
        return
    chart = data.once(
        _parallel_chart, study, language(), tuple(chosen), target, color, every, numbers, selected_trial()
    )
    st.caption(t("evolution.colors", figure=figure_name(color)))
    _chart(chart, "parallel_chart")
    compared_on(study, [color, *(name for name in chosen if name in figures)])


def _parallel_chart(
    study: StudyResult,
    language: Language,
    chosen: tuple[str, ...],
    target: str,
    color: str,
    every: bool,
    numbers: tuple[int, ...],
    selected: int | None,
) -> plotly.Figure:
    parameters = {each.key: each for each in data.once(varied, study)}
    shown = [parameters[key] for key in chosen if key in parameters]
    figures = [FIGURES.get(key) for key in chosen if key not in parameters]
    info = parallel(study, shown, figures, FIGURES.get(color))
    names = {each.key: _broken(parameter_name(each)) for each in shown}
    names |= {figure.name: _broken(figure_name(figure.name)) for figure in figures}
    ticks = {
        each.key: {label: _value_name(each, label) for label in each.bins if label is not None}
        for each in shown
        if not each.numeric
    }
    found = data.once(importances, study, target)
    bright = None if every or found is None else set(found.best)
    return parallel_chart(
        info, names, t("evolution.without"), ticks=ticks, shown=set(numbers), bright=bright, selected=selected
    )


def _broken(name: str) -> str:
    """In up to three short lines: axes stand close to each other on a telephone. Chinese characters are wide."""
    width = 12 if name.isascii() else 5
    return "<br>".join(escape(line) for line in wrap(name, width, max_lines=3, placeholder="…"))


def _chart(figure: plotly.Figure, key: str) -> None:
    """A chart whose points open trials."""

    def clicked() -> None:
        number = trial_clicked(st.session_state[key].selection.points)
        if number is not None:
            select_trial(number)

    st.plotly_chart(figure, key=key, on_select=clicked, selection_mode="points", config=CONFIG)
