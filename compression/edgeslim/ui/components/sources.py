"""Choosing a model and a dataset, and bringing in one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import streamlit as st

from edgeslim import workbench
from edgeslim.models.library import ModelEntry
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import notice_words
from edgeslim.ui.forms import spec_form
from edgeslim.ui.i18n import known, plain
from edgeslim.ui.state import language, linked, one_of, t
from edgeslim.units import format_bytes, format_count
from edgeslim.workbench.datasets import DatasetInfo
from edgeslim.workbench.models import ModelInfo

_IMPORTED, _ADDED = "edgeslim_imported_model", "edgeslim_added_dataset"
SAYS_NOTHING = ("instances", "annotations", "_annotations.coco", "data", "dataset", "labels")


def model_choice(models: Sequence[ModelEntry]) -> ModelEntry | None:
    """The model to compress. A catalogue model that is not here yet is offered for download."""
    by_name = {model.name: model for model in models}
    if not by_name:
        st.info(t("model.none"))
        return None
    name = st.selectbox(
        t("model.label"),
        list(by_name),
        format_func=lambda name: _model_line(by_name[name]),
        **linked("model", next(iter(by_name)), one_of(list(by_name))),
    )
    model = by_name[name]
    if model.ready:
        return model
    words = t("model.not_here", size=format_bytes(model.bytes), licence=model.licence)
    st.caption(f"{words} {model.source}")
    if st.button(t("model.download"), icon=":material/download:"):
        with boundary(), st.status(t("model.downloading", name=name)) as status:
            bar = st.progress(0.0)

            def tell(message: str, done: int, total: int, who: str = "") -> None:
                bar.progress(min(1.0, done / total) if total else 0.0)

            workbench.download_model(name, progress=tell)
            status.update(label=t("model.downloaded", name=name), state="complete")
            st.rerun()
    return None


def teachers_of(models: Sequence[ModelEntry], model: ModelEntry) -> list[str]:
    """Names of the models at hand that could teach this one: others, for the same task."""
    others = [other for other in models if other.ready and other.name != model.name]
    return [other.name for other in others if other.task == model.task]


def model_import(families: Sequence[str]) -> None:
    """Upload an ONNX file; what was recognised is shown, and can be mended and imported again."""
    given = st.file_uploader(t("import.file"), type=["onnx"], key="onnx_file", help=t("import.file_help"))
    if given is None:
        return
    content, name = given.getvalue(), PurePath(given.name).stem
    if st.button(t("import.button"), type="primary", icon=":material/upload:"):
        with boundary(), st.spinner(t("import.working")):
            st.session_state[_IMPORTED] = workbench.import_model(content, name=name)
    imported: ModelInfo | None = st.session_state.get(_IMPORTED)
    if imported is not None:
        _imported(imported)
    with st.expander(t("spec.title"), expanded=imported is None, icon=":material/tune:"):
        st.caption(t("spec.lead"))
        with boundary():
            shown = imported.spec if imported else None
            spec = spec_form(shown, families, f"spec_{given.file_id}_{bool(imported)}")
            if spec is not None:
                with st.spinner(t("import.working")):
                    st.session_state[_IMPORTED] = workbench.import_model(content, spec=spec, name=name)
                st.rerun()


def _imported(model: ModelInfo) -> None:
    spec = model.spec
    family = t("family.unknown") if spec.family == "unknown" else spec.family
    st.success(
        t(
            "import.done",
            name=plain(model.name),
            family=plain(family),
            width=spec.input_width,
            height=spec.input_height,
            params=format_count(model.params),
            macs=format_count(model.macs),
        ),
        icon=":material/check_circle:",
    )
    error = model.proof.get("max_abs_error")
    if error is not None:
        st.caption(t("import.proof", error=f"{error:.1e}" if error else "0"))
    if not model.trainable:
        st.caption(t("import.not_trainable"))
    st.button(
        t("import.use"),
        icon=":material/arrow_forward:",
        on_click=lambda: st.query_params.from_dict({"model": model.name}),
    )


def dataset_choice(datasets: Sequence[DatasetInfo], task: str) -> str | None:
    """A dataset of the model's task: built in, imported, a path, or an uploaded zip."""
    names = [data.name for data in datasets if data.task == task]
    by_name = {data.name: data for data in datasets}
    if not names:
        st.info(t("dataset.none"))
        return None
    chosen: str = st.selectbox(
        t("dataset.label"),
        names,
        format_func=lambda name: _dataset_line(by_name[name]),
        **linked("data", names[0], one_of(names)),
    )
    return chosen


def calibration_choice(datasets: Sequence[DatasetInfo], task: str) -> str | None:
    """Where calibration images come from; None is the dataset's own."""
    names = [data.name for data in datasets if data.task == task]
    own = ""
    chosen: str = st.selectbox(
        t("dataset.calibration"),
        [own, *names],
        format_func=lambda name: name or t("dataset.same"),
        help=t("dataset.calibration_help"),
        key="calibration",
    )
    return chosen or None


def dataset_import() -> None:
    """List a folder or file of this machine, or an uploaded zip, under a name, and choose it."""
    path = st.text_input(t("dataset.path"), key="dataset_path", help=t("dataset.path_help"))
    given = st.file_uploader(t("dataset.zip"), type=["zip"], key="dataset_zip", help=t("dataset.zip_help"))
    suggestion = _suggested(PurePath(given.name if given is not None else path.strip()))
    key = f"dataset_name_{suggestion}"
    name = st.text_input(t("dataset.name"), value=suggestion, key=key, on_change="ignore")
    nothing = given is None and not path.strip()
    if st.button(t("dataset.add"), icon=":material/add:", key="add_dataset", disabled=nothing):
        with boundary(), st.spinner(t("import.working")):
            source = given.getvalue() if given is not None else path.strip()
            st.session_state[_ADDED] = workbench.import_dataset(source, name=name)
            st.query_params["data"] = name
            st.rerun()
    found: DatasetInfo | None = st.session_state.get(_ADDED)
    if found is not None:
        counts = t("choice.separator").join(
            f"{t(f'split.{split}')} {count}" for split, count in found.sizes.items()
        )
        classes = len(found.labels)
        st.success(t("dataset.added", name=plain(found.name), counts=counts, classes=classes))
        for warning in found.warnings:
            st.caption(f":material/warning: {notice_words(warning)}")


def _suggested(path: PurePath) -> str:
    """A name for data at `path`: the file's, or the folder's where the file's says nothing."""
    return path.parent.name if path.stem.lower() in SAYS_NOTHING and path.parent.name else path.stem


def _model_line(model: ModelEntry) -> str:
    parts = [model.name, t(f"origin.{model.origin}"), f"{model.input_width}×{model.input_height}"]
    if model.params:
        parts.append(t("model.params", params=format_count(model.params)))
    return " · ".join(parts)


def _dataset_line(data: DatasetInfo) -> str:
    validation, key = data.sizes.get("validation"), f"dataset.{data.name}"
    title = f"{data.name} · {t(key)}" if known(language(), key) else data.name
    return f"{title} · {t('dataset.validation', count=validation)}" if validation else title
