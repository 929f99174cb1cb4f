"""A study in words of a language: its trials, figures, limits and machine, the same on a screen and in a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgeslim.records import RecipeRecord
from edgeslim.report.machine import machine_of
from edgeslim.runtime.figures import device_of
from edgeslim.studies.budget import Budget
from edgeslim.studies.devices import Device
from edgeslim.studies.figures import FIGURES, Figure, in_all
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import Bounds, TrialResult
from edgeslim.texts import Language, class_name, known, plain, translate, unescaped
from edgeslim.units import format_change, format_interval

Amounts = Mapping[str, tuple[str, str]]
"""By step: name and unit of the number that says how much it does, where a search varies one."""


def figure_name(language: Language, name: str) -> str:
    """A figure's name in words: the locale's under 'axis.<name>', else as it was declared; with its runtime."""
    base, _, runtime = name.partition(".")
    key = f"axis.{base}"
    if known(language, key):
        words = translate(language, key)
    else:
        words = plain(FIGURES.get(base).label if base in FIGURES else base)
    if not runtime:
        return words
    device = device_of(runtime)
    if device is not None:
        return translate(language, "figure.on_device", figure=words, device=plain(device))
    return translate(language, "figure.in_runtime", figure=words, runtime=plain(runtime))


@dataclass(frozen=True, slots=True)
class StudyWords:
    """The words of a study in a language; `safe` makes text that people gave safe for where it is shown."""

    language: Language
    amounts: Amounts
    safe: Callable[[str], str] = plain

    def t(self, key: str, /, **values: object) -> str:
        """Any text."""
        return translate(self.language, key, **values)

    def known(self, key: str) -> bool:
        return known(self.language, key)

    def named(self, kind: str, name: str) -> str:
        """What the core calls `name`, in words (`<kind>.<name>`); a name without words stands for itself."""
        key = f"{kind}.{name}"
        return self.t(key) if self.known(key) else name

    def figure(self, name: str) -> str:
        """A figure, or the metric of that name."""
        return figure_name(self.language, name)

    def short(self, name: str) -> str:
        """A figure in few words, where there are such."""
        key = f"table.{name}"
        return self.t(key) if self.known(key) else self.figure(name)

    def column(self, figure: Figure) -> str:
        """The head of a table's column: shorter where there are words for that, and with its unit."""
        name = self.short(figure.name)
        return f"{name} ({figure.kind.unit})" if figure.kind.unit else name

    def class_name(self, label: str) -> str:
        """A class; one that is not known stays as it is."""
        return class_name(self.language, label)

    def chart(self, keys: Iterable[str], runtimes: Iterable[str] = ()) -> Mapping[str, str]:
        """What charts write under these keys, and the names of all figures, those in other runtimes too."""
        names = {
            f"axis.{figure.name}": unescaped(self.figure(figure.name)) for figure in in_all(FIGURES, runtimes)
        }
        return {**{key: self.t(key) for key in keys if key not in names}, **names}

    def limit(self, figure: Figure, limit: float) -> str:
        """What a file does that keeps a limit: 'fits 150 KB', 'loses at most one point'."""
        kind = figure.kind
        if kind.relative:
            value = re.sub(r"\.(\d*?)0+(?= |$)", lambda found: f".{found[1]}".rstrip("."), kind.text(limit))
        else:
            value = f"{limit * kind.scale:g} {kind.unit}".rstrip()
        for key in (f"limit.{figure.name}_{value}", f"limit.{figure.name}"):
            if self.known(key):
                return self.t(key, value=value)
        key = "limit.at_most" if figure.cost else "limit.at_least"
        return self.t(key, figure=self.figure(figure.name), value=value)

    def limits(self, budget: Budget, device: Device | None = None) -> str:
        """'fits 150 KB and loses at most one point'; a device's own limits by its name."""
        limits, words = dict(budget), []
        if device and device.limits.items() <= limits.items():
            limits = {name: limit for name, limit in budget if name not in device.limits}
            words = [self.t("device.fits", device=self.t(f"device.{device.name}"))]
        words += [self.limit(FIGURES.get(name), limit) for name, limit in limits.items()]
        if len(words) < 2:
            return "".join(words)
        return self.t("choice.and").join([self.t("choice.separator").join(words[:-1]), words[-1]])

    def missed(self, name: str) -> str:
        """What is wrong with a file that does not keep a limit: 'is too slow'."""
        key = f"missed.{name}"
        return self.t(key) if self.known(key) else self.t("missed.other", figure=self.figure(name))

    def step(self, step: str) -> str:
        return self.named("step", step)

    def steps(self, recipe: RecipeRecord) -> str:
        """The steps in order."""
        return " → ".join(self.safe(self.step(step["step"])) for step in recipe.steps) or self.t(
            "trial.original"
        )

    def recipe(self, recipe: RecipeRecord) -> str:
        """The recipe's name, else its steps; names that presets give are in the language."""
        if recipe.name:
            parts = [self._preset(part) for part in recipe.name.split(" + ")]
            return " + ".join(part or "" for part in parts) if all(parts) else recipe.name
        return " + ".join(self._step_title(step) for step in recipe.steps) or self.t("trial.original")

    def title(self, trial: TrialResult) -> str:
        """The recipe's title, and a seed other than the usual one. What is no trial of the study has its own."""
        if trial.number < 0:
            return trial.title
        title, seed = self.recipe(trial.recipe), trial.recipe.seed
        if trial.stayed_float:
            title = self.t("trial.stayed_float", title=title)
        return self.t("trial.seed", title=title, seed=seed) if seed else title

    def numbered(self, trial: TrialResult) -> str:
        title = self.title(trial)
        return f"#{trial.number} {title}" if trial.number >= 0 else title

    def titled(self, study: StudyResult) -> StudyResult:
        """The study, all its trials titled in the language."""
        return replace(study, trials=tuple(replace(each, title=self.title(each)) for each in study.trials))

    def change(self, change: float | None, interval: Bounds | None) -> str:
        """'−0.8 points (95 %: −1.4 … −0.2)'."""
        if change is None:
            return self.t("change.unknown")
        if interval is None:
            return self.t("change.points", change=format_change(change))
        told = format_interval(interval, signed=True)
        return self.t("change.interval", change=format_change(change), interval=told)

    def machine(self, study: StudyResult) -> str:
        """The machine that a study's latencies were measured on."""
        machine = machine_of(study.environment)
        if not machine.processor:
            return self.t("timing.unknown_machine")
        processor, runtime = self.safe(machine.processor), self.safe(machine.runtime)
        return self.t("timing.machine", processor=processor, runtime=runtime)

    def sentences(self, found: Iterable[str]) -> str:
        """One after the other; Chinese ones follow each other without a space."""
        return self.t("choice.stop")[1:].join(one for one in found if one)

    def _step_title(self, step: Mapping[str, Any]) -> str:
        """A step's name with its amount, as a search varies it: 'Fine-tuning 200 steps'."""
        name = self.step(step["step"])
        parameter, unit = self.amounts.get(step["step"], ("", ""))
        value = step.get(parameter)
        if value is None:
            return name
        if unit.startswith("fraction"):
            return f"{name} {value * 100:g} %"
        key = f"amount.{unit}" if unit in ("steps", "bits") else "amount.other"
        return self.t(key, step=name, value=f"{value:g}")

    def _preset(self, part: str) -> str | None:
        """A part of a preset's recipe name, such as 'magnitude 50%', in words; None for a name of someone's own."""
        match = re.fullmatch(r"(.+?)(?: (\d+)%)?", part, re.DOTALL)
        assert match is not None, "every non-empty text matches"
        key = "recipe." + re.sub(r"\W+", "_", match[1])
        if not self.known(key):
            return None
        return self.t(key, share=f"{match[2]} %") if match[2] else self.t(key)
