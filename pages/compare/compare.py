"""Compare: what compressed files see, lose and confuse, beside the original or any other file."""

import streamlit as st

from edgeslim.report.info import worth_it
from edgeslim.ui import data
from edgeslim.ui.components.class_changes import class_changes
from edgeslim.ui.components.comparable import compared_on
from edgeslim.ui.components.confidence import confidence_shift
from edgeslim.ui.components.copy_compare import copy_compare
from edgeslim.ui.components.damage import damage
from edgeslim.ui.components.error_types import error_types
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.other_file import one_file, other_file
from edgeslim.ui.components.pictures import comparison, lost_words, picture_source
from edgeslim.ui.components.sections import sections
from edgeslim.ui.components.study import study_choice
from edgeslim.ui.components.words import numbered
from edgeslim.ui.state import linked, one_of, some_of, t

MOST = 3

heading = st.empty()  # a section that counts anew says what it found
which, reference, files, more = st.columns([7, 7, 9, 5], vertical_alignment="bottom")
below = st.container()
with which:
    name = study_choice(clears=("trials", "base", "file", "image", "kind", "class", "as", "size", "other"))
if name is None:
    heading.title(t("compare.title"), anchor=False)
    st.info(t("study.empty"), icon=":material/info:")
    go("new", t("study.start_one"), icon=":material/add_circle:")
    st.stop()
study = data.load_study(name)
here = {trial.number: trial for trial in study.trials if data.has_file(trial)}
if len(here) < 2:
    heading.title(t("compare.title"), anchor=False)
    st.info(t("compare.nothing"), icon=":material/hourglass_top:")
    go("study", t("compare.to_study"), icon=":material/arrow_forward:", study=name)
    st.stop()

first = study.baseline if study.baseline in here else next(iter(here))
base = here[
    reference.selectbox(
        t("compare.base"),
        list(here),
        format_func=lambda number: numbered(here[number]),
        **linked("base", first, one_of(list(here)), clears=("image",)),
    )
]
others = [number for number in here if number != base.number]
best = [number for number in (data.once(worth_it, study), *study.front) if number in others]
numbers = files.multiselect(
    t("compare.files"),
    others,
    format_func=lambda number: numbered(here[number]),
    max_selections=MOST,
    placeholder=t("compare.files_placeholder"),
    select_all=False,
    **linked("trials", [*best, *others][:1], some_of(others, MOST)),
)
with more:
    foreign = other_file(study, below)
compared = [here[number] for number in numbers]
if foreign is not None:
    compared = [foreign, *compared][:MOST]
heading.title(lost_words(study, base, compared), anchor=False)


def pictures() -> None:
    comparison(study, [base, *compared], picture_source())
    if any(trial.latency for trial in study.trials):
        compared_on(study, ["latency"])


if not compared:
    pictures()
    st.stop()


def finding(words: str) -> None:
    heading.title(words, anchor=False)


sections(
    {
        "pictures": pictures,
        "damage": lambda: damage(study, base, one_file(compared), finding),
        "errors": lambda: error_types(study, base, one_file(compared), finding),
        "confidence": lambda: confidence_shift(study, base, one_file(compared), finding),
        "classes": lambda: class_changes(study, base, one_file(compared), finding),
    }
)
if numbers:
    with st.container(horizontal=True, vertical_alignment="center"):
        go(
            "inspect",
            t("compare.inspect"),
            icon=":material/account_tree:",
            study=name,
            trial=numbers[0],
            base=base.number,
            section="difference",
        )
        looked_at = one_of(numbers)(st.query_params.get("file", "")) or numbers[0]
        copy_compare(study, base, here[looked_at])
