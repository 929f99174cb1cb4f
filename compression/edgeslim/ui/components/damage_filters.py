"""What a gallery of damage can be narrowed to: kinds, sizes, classes. The address carries the choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from edgeslim.ui.components.words import class_name
from edgeslim.ui.state import linked, one_of, t

FILTERS = ("kind", "class", "as", "size", "image")
"""Parameters of the address that narrow a gallery."""


def chips(name: str, options: Iterable[str], counts: Mapping[str, int], chosen: str | None) -> None:
    """One button for each kind with how many there are; pressed again it filters nothing."""

    def pressed(option: str) -> None:
        st.query_params.pop("image", None)
        if chosen == option:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = option

    for option in options:
        st.button(
            f"{t(f'damage.{option}')} · {counts.get(option, 0)}",
            key=f"chip_{name}_{option}",
            type="primary" if chosen == option else "secondary",
            help=t(f"damage.{option}_help") if name == "kind" else None,
            disabled=not counts.get(option) and chosen != option,
            on_click=pressed,
            args=(option,),
        )


def class_choice(labels: Sequence[str], counts: Mapping[int, int], chosen: int | None) -> None:
    """A class of those that are left, the most frequent first."""
    present = sorted(counts, key=lambda label: -counts[label])
    if chosen is not None and chosen not in present:
        present.append(chosen)
    names = [labels[label] for label in present]
    st.selectbox(
        t("damage.class"),
        names,
        index=None,
        format_func=class_name,
        placeholder=t("damage.all_classes"),
        **linked("class", None, one_of(names), clears=("image",)),
    )


def seen_choice(labels: Sequence[str], seen: int | None) -> None:
    """What a click on the confusion matrix asked for, to be taken back."""

    def taken_back() -> None:
        st.query_params.pop("as", None)

    if seen is not None:
        st.button(
            t("damage.seen_as", label=class_name(labels[seen])),
            icon=":material/close:",
            key="seen_as",
            on_click=taken_back,
        )


def nothing_left() -> None:
    """Where the filters leave nothing: says so, and takes them away."""

    def cleared() -> None:
        for name in FILTERS:
            st.query_params.pop(name, None)

    st.info(t("damage.nothing_left"), icon=":material/filter_alt_off:")
    st.button(t("damage.clear"), icon=":material/close:", key="clear_filters", on_click=cleared)


def place_of(labels: Sequence[str], name: str) -> int | None:
    """The class that the address names in `name`."""
    given = st.query_params.get(name)
    return next((place for place, label in enumerate(labels) if label == given), None)
