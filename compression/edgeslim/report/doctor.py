"""A diagnosis in words, for screens and the shell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edgeslim.analysis.doctor.records import Diagnosis, Finding, Mend, Value
from edgeslim.analysis.results import PairedChange
from edgeslim.report.text import headline_kind
from edgeslim.studies.figures import FIGURES
from edgeslim.texts import Language, known, plain, translate
from edgeslim.units import MINUS, format_change, format_interval, format_points, format_share

SHARES = frozenset({"outside", "calibrating", "few", "part"})
POINTS = frozenset({"before", "after", "there", "score", "better"})
SIGNED = frozenset({"shift"})


@dataclass(frozen=True, slots=True)
class FindingText:
    """`back` and `mend` are empty where there is nothing to say."""

    cause: str
    evidence: str
    back: str
    mend: str


@dataclass(frozen=True, slots=True)
class DiagnosisText:
    """`cleared` and `unchecked` are a line each."""

    summary: str
    found: tuple[FindingText, ...]
    cleared: tuple[str, ...]
    unchecked: tuple[str, ...]


def diagnosis_text(diagnosis: Diagnosis, language: Language) -> DiagnosisText:
    kind = headline_kind(diagnosis.metric)
    metric = _figure(diagnosis.metric, language)
    summary = translate(
        language,
        "doctor.summary",
        metric=metric,
        file=kind.text(diagnosis.file),
        original=kind.text(diagnosis.original),
        change=change_text(diagnosis.loss, language),
        images=diagnosis.images,
    )
    ending = translate(language, f"doctor.summary.{'lost' if diagnosis.lost else 'same'}")
    return DiagnosisText(
        summary=f"{summary} {ending}" if language == "en" else summary + ending,
        found=tuple(_found(each, language) for each in diagnosis.found),
        cleared=tuple(_line(each.cause, _cleared(each, language), language) for each in diagnosis.cleared),
        unchecked=tuple(
            _line(each.cause, translate(language, f"doctor.unchecked.{each.reason}"), language)
            for each in diagnosis.not_checked
        ),
    )


def _line(cause: str, reason: str, language: Language) -> str:
    return translate(language, "doctor.unchecked.line", cause=cause_name(cause, language), reason=reason)


def diagnosis_lines(diagnosis: Diagnosis, language: Language = "en") -> list[str]:
    """For a terminal, the likeliest cause first."""
    text = diagnosis_text(diagnosis, language)
    lines = [text.summary, ""]
    for place, each in enumerate(text.found, start=1):
        lines.append(f"{place}. {each.cause}")
        lines += [f"   {line}" for line in (each.evidence, each.back, each.mend) if line]
    if not text.found:
        lines.append(translate(language, "doctor.nothing"))
    for title, told in (("doctor.checked", text.cleared), ("doctor.unchecked", text.unchecked)):
        if told:
            lines += ["", f"{translate(language, title)}:", *(f"  {line}" for line in told)]
    return [line.replace("\\", "") for line in lines]


def cause_name(cause: str, language: Language) -> str:
    return translate(language, f"doctor.cause.{cause}")


def mend_text(mend: Mend | None, language: Language) -> str:
    """What to do, as a sentence."""
    if mend is None:
        return translate(language, "doctor.no_mend")
    if "without" in mend.values:
        left = translate(
            language, "doctor.mend.without", step=_named("step", str(mend.values["without"]), language)
        )
        return translate(language, "doctor.mend", what=left)
    values = {name: value for name, value in mend.values.items() if name != "step"}
    step = str(mend.values.get("step", ""))
    changes = translate(language, "choice.list").join(
        f"{_named(f'step.{step}', name, language)} = {_named(f'step.{step}.{name}', str(value), language)}"
        for name, value in values.items()
    )
    key = f"doctor.mend.{mend.kind}" + (".step" if mend.kind == "recipe" and not values else "")
    what = translate(
        language,
        key,
        step=_named("step", step, language),
        changes=changes,
        threshold=f"{mend.threshold or 0:.2f}",
    )
    return translate(language, "doctor.mend", what=what)


def outcome_text(
    mended: int, broken: int, gained: PairedChange, right: bool, elsewhere: bool, language: Language
) -> str:
    """Whether the doctor was right, once the mended trial is measured."""
    key = f"doctor.{'right' if right else 'wrong'}{'.elsewhere' if elsewhere else ''}"
    return translate(language, key, number=mended, broken=broken, change=change_text(gained, language))


def change_text(change: PairedChange, language: Language) -> str:
    """'−0.8 points (95 %: −1.4 … −0.2)'."""
    if change.ci95 is None:
        return translate(language, "change.points", change=format_change(change.delta))
    interval = format_interval(change.ci95, signed=True)
    return translate(language, "change.interval", change=format_change(change.delta), interval=interval)


def _found(found: Finding, language: Language) -> FindingText:
    key = f"doctor.found.{found.cause}"
    values = _values(found.evidence, language)
    evidence = translate(language, f"{key}.{found.reason}" if found.reason else key, **values)
    if found.cause == "saturation" and "boxes" in values:
        joint = " " if language == "en" else ""
        evidence += joint + translate(language, f"{key}.boxes", **values)
    back = ""
    if found.back is not None:
        own = f"doctor.back.{found.cause}"
        back = translate(
            language,
            own if known(language, own) else "doctor.back",
            change=change_text(found.back, language),
            share=format_share(found.share),
        )
    return FindingText(cause_name(found.cause, language), evidence, back, mend_text(found.mend, language))


def _cleared(found: Finding, language: Language) -> str:
    key = f"doctor.cleared.{found.reason}"
    if found.cause == "saturation" and not known(language, key):
        key = "doctor.cleared.little"
    if known(language, key):
        return translate(language, key, **_values(found.evidence, language))
    assert found.back is not None, "what was removed was scored"
    return translate(language, "doctor.cleared.tried", change=change_text(found.back, language))


def _values(evidence: Mapping[str, Value], language: Language) -> dict[str, str]:
    return {name: _value(name, value, language) for name, value in evidence.items()}


def _value(name: str, value: Value, language: Language) -> str:
    if isinstance(value, str):
        return _named("step", value, language) if name == "step" else plain(value)
    writers: list[tuple[frozenset[str], Callable[[float], str]]] = [
        (SHARES, format_share),
        (POINTS, format_points),
        (SIGNED, lambda moved: f"{moved:+.2f}".replace("-", MINUS)),
    ]
    for names, write in writers:
        if name in names:
            return write(float(value))
    if isinstance(value, int):
        return f"{value:,}".replace("-", MINUS)
    return f"{value:.3g}".replace("-", MINUS)


def _named(kind: str, name: str, language: Language) -> str:
    key = f"{kind}.{name}"
    return translate(language, key) if known(language, key) else plain(name)


def _figure(metric: str, language: Language) -> str:
    key = f"axis.{metric}"
    if known(language, key):
        return translate(language, key)
    return FIGURES.get(metric).label if metric in FIGURES else metric
