"""What is computed of a study, kept while the study is."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

P = ParamSpec("P")
R = TypeVar("R")


def once(
    compute: Callable[Concatenate[StudyResult, P], R], study: StudyResult, *given: P.args, **options: P.kwargs
) -> R:
    """`compute(study, …)`, computed once for each study that was read, and kept for the last ones asked for.

    What depends on the language must have it among its arguments.
    """
    found: R = _once(compute, study, given, options)[1]
    return found


def _qualified(function: FunctionType) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@st.cache_resource(
    max_entries=256, show_spinner=False, hash_funcs={StudyResult: id, FunctionType: _qualified}
)
def _once(
    compute: Callable[..., Any], study: StudyResult, given: tuple[Any, ...], options: dict[str, Any]
) -> tuple[StudyResult, Any]:
    """With the study itself: while that is kept, no other one has its id."""
    return study, compute(study, *given, **options)


def of_files(
    compute: Callable[Concatenate[StudyResult, TrialResult, P], R],
    study: StudyResult,
    trial: TrialResult,
    *given: P.args,
    **options: P.kwargs,
) -> R:
    """`compute(study, trial, …)` of a file, or of two if another trial is given; kept by their hashes for everybody."""
    found: R = _of_files(compute, study, trial, given, options)
    return found


@st.cache_resource(
    max_entries=128,
    show_spinner=False,
    hash_funcs={
        StudyResult: lambda study: (study.name, study.images),
        TrialResult: lambda trial: trial.sha256,
        FunctionType: _qualified,
    },
)
def _of_files(
    compute: Callable[..., Any],
    study: StudyResult,
    trial: TrialResult,
    given: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    return compute(study, trial, *given, **options)
