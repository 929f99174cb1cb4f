"""The file that the page looks into: of a study's trial, or of a model of the library."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from edgeslim import workbench
from edgeslim.analysis.network import Network, Node
from edgeslim.analysis.network_changes import LayerChange, changes
from edgeslim.analysis.network_matching import with_names_of
from edgeslim.report.differences import of_node
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.study_file import study_file
from edgeslim.ui.components.words import numbered
from edgeslim.ui.i18n import plain
from edgeslim.ui.kept import of_files
from edgeslim.ui.state import t


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedFile:
    """What every section of the page is given. Without a study the file is a listed model's own."""

    study: StudyResult | None
    trial: TrialResult | None
    model: str
    """Reference of the model that the file is read as."""
    sha256: str
    title: str
    network: Network
    before: TrialResult | None = None
    """The file that it is compared with: the study's original, unless another one is chosen."""

    @property
    def other(self) -> Network | None:
        """The network of that file."""
        return None if self.before is None or self.study is None else _network_in(self.study, self.before)

    def changes(self) -> tuple[LayerChange, ...]:
        """What became of each layer of that file."""
        if self.study is None or self.before is None or self.trial is None:
            return ()
        return of_files(_changes, self.study, self.before, self.trial)

    @property
    def node(self) -> Node | None:
        """The node that the address names; in a file where that was split or merged, what became of it."""
        name = st.query_params.get("layer", "")
        for each in (name, f"{name}.0", name.rpartition(".")[0]):
            place = self.network.place(each)
            if place is not None:
                return self.network.nodes[place]
        return None

    @property
    def original_names(self) -> tuple[str, ...]:
        """What the study's model calls the layer that is selected, or the layers it was made of."""
        if self.node is None:
            return ()
        place = self.network.place(self.node.name)
        change = None if place is None else of_node(self.changes(), place)
        nodes = [self.node]
        if change is not None and self.other is not None:
            nodes = [self.other.nodes[k] for k in change.before]
        return tuple(name for node in nodes for name in (node.weight_name, node.name) if name)


def select_layer(name: str | None) -> None:
    if name is None:
        st.query_params.pop("layer", None)
    else:
        st.query_params["layer"] = name


@st.cache_resource(max_entries=64, show_spinner=False)
def network_of(sha256: str) -> Network:
    return workbench.network(sha256)


def inspected_file() -> InspectedFile | None:
    """The file of the address, and what chooses another one. None where there is nothing to look into."""
    which, file, library = st.columns([7, 9, 5], vertical_alignment="bottom")
    with library, st.popover(t("inspect.library"), icon=":material/deployed_code:", width="stretch"):
        _library()
    model = st.query_params.get("model")
    if model is not None:
        with which:
            st.markdown(f"**{plain(model)}**")
        with file:
            st.button(t("inspect.to_study"), icon=":material/arrow_back:", on_click=_choose, args=(None,))
        sha256 = workbench.library_file(model)
        return InspectedFile(
            study=None, trial=None, model=model, sha256=sha256, title=model, network=network_of(sha256)
        )
    chosen = study_file(which, file, ("trial", "layer", "other"))
    if chosen is None:
        return None
    study, trial, here = chosen.study, chosen.trial, chosen.here
    number = trial.number
    assert trial.sha256 is not None, "which has a file"
    bases = [each for each in here if each != number]
    first = study.baseline if study.baseline in bases else next(iter(bases), None)
    given = st.query_params.get("base", "")
    base = int(given) if given.isdecimal() and int(given) in bases else first
    return InspectedFile(
        study=study,
        trial=trial,
        model=data.sources(study).model,
        sha256=trial.sha256,
        title=numbered(trial),
        network=_network_in(study, trial),
        before=None if base is None or (number == study.baseline and not given) else here[base],
    )


def _network_in(study: StudyResult, trial: TrialResult) -> Network:
    """The trial's network; layers whose names its file does not tell have the original's."""
    original = study.original
    if original is None or original.sha256 == trial.sha256 or not data.has_file(original):
        return network_of(trial.sha256 or "")
    return of_files(_named, study, original, trial)


def _named(study: StudyResult, original: TrialResult, trial: TrialResult) -> Network:
    return with_names_of(network_of(trial.sha256 or ""), network_of(original.sha256 or ""))


def _changes(study: StudyResult, before: TrialResult, after: TrialResult) -> tuple[LayerChange, ...]:
    """Steps that both files went through are no reason for a difference."""
    shared = 0
    for one, other in zip(before.stages, after.stages, strict=False):
        if (one.step, one.parameters) != (other.step, other.parameters):
            break
        shared += 1
    stages = after.stages[shared:] if shared == len(before.stages) else ()
    return changes(_network_in(study, before), _network_in(study, after), stages)


def _library() -> None:
    listed = [model.name for model in workbench.list_models() if model.ready]
    name = st.selectbox(
        t("inspect.model"), listed, index=None, key="inspect_model", placeholder=t("other.choose")
    )
    if name is not None:
        st.button(t("inspect.open"), key="open_model", on_click=_choose, args=(name,))


def _choose(model: str | None) -> None:
    for parameter in ("layer", "other", "trial", "study") if model else ("layer", "other", "model"):
        st.query_params.pop(parameter, None)
    if model:
        st.query_params["model"] = model
