"""How a report's numbers came to be, on what, and how to have them again."""

from __future__ import annotations

from urllib.parse import urlencode

from edgeslim import __version__, texts
from edgeslim.errors import Notice
from edgeslim.report.commands import report_command
from edgeslim.report.html import code, heading, paragraph, paragraphs, table
from edgeslim.report.limits import limit_parameters
from edgeslim.report.machine import machine_of
from edgeslim.report.seen import Seen
from edgeslim.report.told import Told


def method(told: Told, seen: Seen | None) -> list[str]:
    """Data, intervals, timing, sizes, rule of the choice, what int8 depends on; warnings; the environment."""
    study, words = told.study, told.words
    t = words.t
    rounds = sorted({trial.latency.rounds for trial in study.trials if trial.latency})
    found = [t("report.method_data", dataset=study.dataset, images=study.images or 0)]
    if study.held_out is not None:
        found.append(t("report.method_held_out", images=study.held_out.images))
    found.append(t("report.method_intervals"))
    if rounds:
        told_of = f"{rounds[0]}–{rounds[-1]}" if len(rounds) > 1 else str(rounds[0])
        machine = t("timing.measured_on", machine=words.machine(study))
        found.append(t("report.method_timing", rounds=told_of, machine=machine))
    found += [t("report.method_sizes"), t("report.method_choice")]
    if seen is not None and seen.compared.mistakes is not None:
        found.append(t("report.method_mistakes", confidence=f"{seen.confidence:g}"))
    if any("int8" in step["step"] for trial in study.trials for step in trial.recipe.steps):
        here = machine_of(study.environment)
        options = str(study.environment.get("onnxruntime options", "")) or here.runtime
        processor = here.processor or t("timing.unknown_machine")
        found.append(t("report.method_int8", processor=processor, options=options))
    found += _warnings(told)
    rows = [[str(name), str(value)] for name, value in sorted(study.environment.items())]
    return [
        heading("method", t("report.method")),
        paragraphs(f"- {each}" for each in found),
        heading("environment", t("report.environment")),
        table(["", ""], rows, texts=2) if rows else "",
    ]


def _warnings(told: Told) -> list[str]:
    """Of the data, and of files that a plain session reads otherwise."""
    words = told.words
    notices = [("", notice) for notice in told.study.warnings]
    notices += [
        (f"{words.numbered(trial)}: ", notice) for trial in told.study.trials for notice in trial.notices
    ]

    def said(notice: Notice) -> str:
        values = notice.values
        metric = {"metric": words.figure(str(values["metric"]))} if "metric" in values else {}
        return texts.told(words.language, f"notice.{notice.code}", {**values, **metric})

    return [who + said(notice) for who, notice in notices]


def again(told: Told) -> list[str]:
    """The command that writes the report again, and the address of the view it tells of."""
    settings, words = told.settings, told.words
    shown = {"study": told.study.name, **limit_parameters(told.study, settings.budget)}
    if settings.trial is not None:
        shown["trial"] = str(settings.trial)
    if settings.own_timing:
        shown["timed"] = "own"
    return [
        paragraph(words.t("report.again")),
        code(report_command(told.study.name, settings)),
        paragraph(words.t("report.open")),
        code(f"/study?{urlencode({**shown, 'lang': settings.language})}"),
        paragraph(words.t("report.written_by", version=__version__), "small"),
    ]
