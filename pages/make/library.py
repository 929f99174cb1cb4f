"""Models and data: what is here, what came in, and whether it is read as it should be."""

import streamlit as st

from edgeslim import workbench
from edgeslim.ui.library.datasets import datasets_view
from edgeslim.ui.library.models import models_view
from edgeslim.ui.state import linked, one_of, t

models, datasets = workbench.list_models(), workbench.list_datasets()
here = [model for model in models if model.ready]
counts = {"models": len(here), "datasets": len(datasets), "more": len(models) - len(here)}
st.title(t("library.title_more" if counts["more"] else "library.title", **counts), anchor=False)
KINDS = ("models", "data")
kind = st.segmented_control(
    t("page.library"),
    KINDS,
    format_func=lambda name: t(f"library.{name}"),
    label_visibility="collapsed",
    required=True,
    **linked("kind", "models", one_of(KINDS), clears=("image",)),
)
if kind == "models":
    models_view(models)
else:
    datasets_view(datasets)
