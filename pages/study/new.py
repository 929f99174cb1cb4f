"""A new study: a model, a dataset, recipes."""

from dataclasses import replace

import streamlit as st

from edgeslim import workbench
from edgeslim.ui import data
from edgeslim.ui.components.bringing import demo_limits
from edgeslim.ui.components.navigation import PAGES
from edgeslim.ui.components.plan import plan_form
from edgeslim.ui.components.presets import start_words
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.recipes import recipes_form
from edgeslim.ui.components.search_form import search_form
from edgeslim.ui.components.sources import (
    calibration_choice,
    dataset_added,
    dataset_choice,
    dataset_import,
    matched_classes,
    model_choice,
    model_import,
    teachers_of,
)
from edgeslim.ui.components.take_home import command_of
from edgeslim.ui.state import linked, one_of, t

st.title(t("new.title"), anchor=False)
demo_limits()

with st.container(border=True):
    st.header(t("new.model"), anchor=False)
    sources = ("list", "file")
    source = st.segmented_control(
        t("new.model"),
        sources,
        format_func=lambda key: t(f"model.from_{key}"),
        label_visibility="collapsed",
        required=True,
        **linked("model_from", "list", one_of(sources)),
    )
    models = workbench.list_models()
    if source == "file":
        model_import(workbench.list_families())
        model = None
    else:
        model = model_choice(models)
if model is None:
    st.stop()

with st.container(border=True):
    st.header(t("new.dataset"), anchor=False)
    datasets = workbench.list_datasets()
    labels = data.labels(model.name, None)
    columns = st.columns(2)
    with columns[0]:
        dataset = dataset_choice(datasets, model.task, labels)
    if dataset is not None:
        with columns[1]:
            calibration = calibration_choice(datasets, dataset)
        classes = matched_classes(dataset, labels)
    with st.expander(
        t("dataset.own"), icon=":material/upload_file:", expanded=dataset is None or classes is None
    ):
        dataset_import("data", key="dataset")
    dataset_added()
if dataset is None:
    st.stop()

with st.container(border=True):
    st.header(t("new.recipes"), anchor=False)
    plan = workbench.StudyPlan(
        model=model.name, dataset=dataset.name, calibration=calibration, classes=classes or ()
    )
    presets = data.presets(model.name, dataset.name, calibration)
    ways = ("ready", "search")
    way = st.segmented_control(
        t("new.recipes"),
        ways,
        format_func=lambda key: t(f"new.{key}"),
        label_visibility="collapsed",
        required=True,
        **linked("way", "ready", one_of(ways)),
    )
    if way == "search":
        asked = search_form(plan, [name for name, preset in presets.items() if preset.recipes])
    else:
        asked = recipes_form(plan, dataset, presets, data.steps(), teachers_of(models, model))

plan = plan_form(asked.plan if asked else plan, dataset.sizes.get("validation"), search=way == "search")
started = st.button(
    t("new.start"),
    type="primary",
    icon=":material/play_arrow:",
    key="start_study",
    disabled=asked is None or plan is None or classes is None,
)
if classes is None:
    st.caption(f":material/block: {t('new.start_needs_classes')}")
elif plan is not None:
    start_words(plan, asked)
    if asked is not None:
        command_of(replace(asked, plan=plan))
if started:
    with boundary():
        assert asked is not None and plan is not None, "else the button cannot be pressed"
        name = workbench.start_study(plan, asked.recipes, asked.search)
        st.switch_page(PAGES["study"], query_params={"study": name})
