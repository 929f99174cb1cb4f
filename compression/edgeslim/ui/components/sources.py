"""Choosing a model and a dataset, and bringing in one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

import streamlit as st

from edgeslim import workbench
from edgeslim.models.base import ModelSpec
from edgeslim.models.library import SUFFIXES, ModelEntry
from edgeslim.records import ClassMap
from edgeslim.ui import data
from edgeslim.ui.components.bringing import at_machine, may_bring, sharing
from edgeslim.ui.components.class_table import class_table
from edgeslim.ui.components.keras_network import keras_network
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import asked_in_vain, boundary
from edgeslim.ui.components.words import class_list, family_name, notice_words
from edgeslim.ui.forms import spec_form
from edgeslim.ui.i18n import known, plain
from edgeslim.ui.state import language, linked, one_of, t
from edgeslim.units import format_bytes, format_count
from edgeslim.workbench.datasets import DatasetInfo
from edgeslim.workbench.models import ModelInfo

_IMPORTED, _IMPORTED_FROM = "edgeslim_imported_model", "edgeslim_imported_file"
_ADDED = "edgeslim_added_dataset"


def model_choice(models: Sequence[ModelEntry]) -> ModelEntry | None:
    """The model to compress. A catalogue model that is not here yet is offered for download."""
    by_name = {model.name: model for model in models}
    asked_in_vain("model", by_name)
    if not by_name:
        st.info(t("model.none"))
        return None
    name = st.selectbox(
        t("model.label"),
        list(by_name),
        format_func=lambda name: _model_line(by_name[name]),
        **linked("model", next(iter(by_name)), one_of(list(by_name))),
    )
    return model_here(by_name[name])


def model_here(model: ModelEntry) -> ModelEntry | None:
    """The model, if it is on this machine; one of the catalogue that is not is offered for download."""
    if model.ready:
        return model
    words = t("model.not_here", size=format_bytes(model.bytes), licence=model.licence)
    st.caption(f"{words} {model.source}")
    if may_bring() and st.button(t("model.download"), icon=":material/download:"):
        with boundary(), st.status(t("model.downloading", name=model.name)) as status:
            bar = st.progress(0.0)

            def tell(message: str, done: int, total: int, who: str = "") -> None:
                bar.progress(min(1.0, done / total) if total else 0.0)

            workbench.download_model(model.name, progress=tell)
            status.update(label=t("model.downloaded", name=model.name), state="complete")
            st.rerun()
    return None


def teachers_of(models: Sequence[ModelEntry], model: ModelEntry) -> list[str]:
    """Names of the models at hand that could teach this one: others, for the same task."""
    others = [other for other in models if other.ready and other.name != model.name]
    return [other.name for other in others if other.task == model.task]


def model_import(families: Sequence[str]) -> None:
    """Upload a model file: what is recognised of it is shown before it is imported, and can be mended."""
    if not may_bring():
        return
    given = st.file_uploader(t("import.file"), type=[*SUFFIXES], key="onnx_file", help=t("import.file_help"))
    if given is None:
        st.caption(t("import.lead", families=t("choice.list").join(map(family_name, families[:-1]))))
        with st.expander(t("import.torch"), icon=":material/code:"):
            st.caption(t("import.torch_lead"))
            st.code(workbench.torch_lines(), language="python")
        keras_network()
        return
    content = given.getvalue()
    imported: ModelInfo | None = st.session_state.get(_IMPORTED)
    if imported is not None and st.session_state.get(_IMPORTED_FROM) != given.file_id:
        imported = None
    name = PurePath(given.name).stem if imported is None else imported.name
    spec = None if imported is None else imported.spec
    if imported is None:
        with boundary(), st.spinner(t("import.working")):
            spec = data.recognised(content, given.name)
            st.markdown(f":material/search: {_spec_line('import.recognised', spec)}")
        name = st.text_input(t("import.name"), value=name, key=f"name_{given.file_id}", width=420)
    shared = sharing("onnx_file")
    if imported is None:
        if st.button(t("import.button"), type="primary", icon=":material/upload:"):
            _import(content, name, given.file_id, shared=shared)
    else:
        _imported(imported)
    with st.expander(t("spec.title"), icon=":material/tune:", expanded=spec is None):
        st.caption(t("spec.lead"))
        with boundary():
            wanted = spec_form(spec, families, f"spec_{given.file_id}_{bool(imported)}")
            if wanted is not None:
                _import(content, name, given.file_id, wanted, shared=shared)


def _import(content: bytes, name: str, file_id: str, spec: ModelSpec | None = None, *, shared: bool) -> None:
    with boundary(), st.spinner(t("import.working")):
        st.session_state[_IMPORTED] = workbench.import_model(content, name=name, spec=spec, shared=shared)
        st.session_state[_IMPORTED_FROM] = file_id
        st.rerun()


def _spec_line(key: str, spec: ModelSpec, **more: str) -> str:
    family = family_name(spec.family)
    size = {"width": spec.input_width, "height": spec.input_height}
    return t(key, family=plain(family), **size, color=spec.color, classes=len(spec.labels), **more)


def _imported(model: ModelInfo) -> None:
    words = _spec_line(
        "import.done",
        model.spec,
        name=plain(model.name),
        params=format_count(model.params),
        macs=format_count(model.macs),
    )
    st.success(words, icon=":material/check_circle:")
    error = model.proof.get("max_abs_error")
    if error is not None:
        st.caption(t("import.proof", error=f"{error:.1e}" if error else "0"))
    if not model.trainable:
        st.caption(t("import.not_trainable"))
    st.button(
        t("import.use"),
        type="primary",
        icon=":material/arrow_forward:",
        on_click=lambda: st.query_params.from_dict({"model": model.name}),
    )
    go("library", t("library.look"), icon=":material/visibility:", model=model.name)


def dataset_choice(datasets: Sequence[DatasetInfo], task: str, labels: Sequence[str]) -> DatasetInfo | None:
    """A dataset of the model's task, first those that know its classes: built in or imported."""
    by_name = {each.name: each for each in datasets if each.task == task}
    asked_in_vain("data", by_name)
    if not by_name:
        st.info(t("dataset.none"))
        return None
    fitting = [name for name, each in by_name.items() if not knows_none(each, labels)]
    names = [*fitting, *(name for name in by_name if name not in fitting)]
    chosen: str = st.selectbox(
        t("dataset.label"),
        names,
        format_func=lambda name: _dataset_line(by_name[name]),
        **linked("data", names[0], one_of(names)),
    )
    return by_name[chosen]


def knows_none(dataset: DatasetInfo, labels: Sequence[str]) -> bool:
    """None of the dataset's classes is one of the model's, by name or as somebody has matched them."""
    matching = workbench.matching_of(dataset, labels, workbench.kept_classes(dataset.labels, labels))
    return matching is not None and not matching.matched


def matched_classes(dataset: DatasetInfo, labels: Sequence[str]) -> ClassMap | None:
    """The mapping of classes for the plan: empty where names say enough. None as long as the model knows none of the
    dataset's classes, or so few that somebody has to agree."""
    kept = workbench.kept_classes(dataset.labels, labels)
    matching = workbench.matching_of(dataset, labels, kept)
    if matching is None:
        return ()
    if not matching.matched:
        if "data" in st.query_params:
            st.error(t("dataset.no_class_fits", model=class_list(labels), dataset=class_list(dataset.labels)))
        else:  # nobody has chosen it
            st.info(t("dataset.add_fitting", model=class_list(labels)), icon=":material/photo_library:")
    with st.expander(t("match.title"), icon=":material/rule:"):
        class_table(dataset, labels, f"match_{dataset.name}")
    if not matching.matched:
        return None
    counts = {"matched": matching.matched, "total": len(matching.pairs)}
    if matching.dataset_only:
        words = t("classes.scored", labels=class_list(matching.dataset_only), **counts)
        st.caption(f":material/warning: {words}")
    if kept or not matching.few:
        return kept
    agreed = st.checkbox(t("classes.agree", **counts), key=f"agreed_{dataset.name}_{hash(tuple(labels))}")
    return matching.pairs if agreed else None


def calibration_choice(datasets: Sequence[DatasetInfo], dataset: DatasetInfo) -> str | None:
    """Where calibration images come from; None is the dataset's own split for that."""
    by_name = {each.name: each for each in datasets if each.task == dataset.task or not each.labels}
    asked_in_vain("calibration", by_name)
    own = ""
    chosen: str = st.selectbox(
        t("dataset.calibration"),
        [own, *by_name],
        format_func=lambda name: _calibration_line(by_name[name], dataset) if name else t("dataset.same"),
        help=t("dataset.calibration_help"),
        **linked("calibration", own, one_of([own, *by_name])),
    )
    return chosen or None


def _calibration_line(images: DatasetInfo, dataset: DatasetInfo) -> str:
    if images.name != dataset.name:
        return images.name
    return t("dataset.calibration_train" if images.sizes.get("train") else "dataset.calibration_validation")


def dataset_import(use: Literal["data", "calibration"], key: str) -> None:
    """List a folder or file of this machine, or an uploaded zip, under a name, and choose it to evaluate on (`data`) or
    to calibrate with."""
    if not may_bring():
        return
    path = ""
    if at_machine():
        path = st.text_input(
            t("dataset.path"), key=f"{key}_path", placeholder=t(f"dataset.path_help_{use}")
        ).strip()
    given = st.file_uploader(t(f"dataset.zip_{use}"), type=["zip"], key=f"{key}_zip")
    suggestion = workbench.suggested_name(given.name if given is not None else path)
    name = st.text_input(
        t("dataset.name"), value=suggestion, key=f"{key}_name_{suggestion}", on_change="ignore"
    )
    both = given is not None and bool(path)
    if both:
        st.warning(t("dataset.both"), icon=":material/rule:")
    sure = not both and (given is not None or bool(path))
    shared = sharing(key)
    if st.button(t(f"dataset.add_{use}"), icon=":material/add:", key=f"add_{key}", disabled=not sure):
        with boundary(), st.spinner(t("import.working")):
            source, uploaded = (given.getvalue(), given.name) if given is not None else (path, "")
            st.session_state[_ADDED] = workbench.import_dataset(
                source, name=name, file_name=uploaded, shared=shared
            )
            st.query_params[use] = name
            st.rerun()


def dataset_added() -> None:
    """What was found in the data that was added last."""
    found: DatasetInfo | None = st.session_state.get(_ADDED)
    if found is None:
        return
    counts = t("choice.list").join(f"{t(f'split.{split}')} {count}" for split, count in found.sizes.items())
    st.success(t("dataset.added", name=plain(found.name), counts=counts, classes=len(found.labels)))
    for warning in found.warnings:
        st.caption(f":material/warning: {notice_words(warning)}")


def _model_line(model: ModelEntry) -> str:
    parts = [model.name, t(f"origin.{model.origin}"), f"{model.input_width}×{model.input_height}"]
    if model.params:
        parts.append(t("model.params", params=format_count(model.params)))
    return " · ".join(parts)


def _dataset_line(dataset: DatasetInfo) -> str:
    validation, key = dataset.sizes.get("validation"), f"dataset.{dataset.name}"
    title = f"{dataset.name} · {t(key)}" if known(language(), key) else dataset.name
    return f"{title} · {t('dataset.validation', count=validation)}" if validation else title
