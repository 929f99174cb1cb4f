"""Which machine a study's latencies are of, and timings made apart from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim.report.text import table
from edgeslim.runtime import MAIN
from edgeslim.studies.study import StudyResult
from edgeslim.studies.timing import Timing
from edgeslim.units import format_ms

_INSTRUCTIONS = {
    "amx_int8": "AMX",
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX-VNNI",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
    "asimddp": "NEON dot product",
}
"""What decides how fast integers are, the strongest first."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where latencies were measured. Empty texts where that is not known."""

    processor: str
    """With its strongest instruction set for integers: 'AMD EPYC (AVX-512 VNNI)'."""
    runtime: str
    """With its version."""
    threads: int = 1

    @property
    def text(self) -> str:
        threads = f"{self.threads} thread{'s' * (self.threads != 1)}"
        return ", ".join(part for part in (self.processor, threads, self.runtime) if part)


def machine_of(environment: Mapping[str, object]) -> Machine:
    """The machine that an environment (runtime.environment) describes. Files are timed on one thread."""
    flags = str(environment.get("flags", "")).split()
    strongest = next((name for flag, name in _INSTRUCTIONS.items() if flag in flags), "")
    processor = str(environment.get("cpu", ""))
    version = str(environment.get(MAIN, ""))
    return Machine(
        f"{processor} ({strongest})" if processor and strongest else processor,
        f"{MAIN} {version}" if version else "",
    )


def timing_table(study: StudyResult, timing: Timing) -> str:
    """A timing beside the study's own, as a table for a terminal."""
    rows = []
    for trial in study.trials:
        here, before = timing.latencies.get(trial.sha256 or ""), trial.latency
        if here is not None:
            low, high = here.ratio_ci95
            ratio = f"{here.ratio:.2f} ({low:.2f} … {high:.2f})"
            noise, was = "noisy" if here.noisy else "", "" if before is None else f"{before.ratio:.2f}"
            rows.append([str(trial.number), trial.title, format_ms(here.median_ms), ratio, noise, was])
    own = f"ratio on {machine_of(study.environment).text}"
    headers = ["#", "recipe", "latency", "ratio to the original (95 %)", "", own]
    return f"{table(rows, headers)}\nmeasured on {machine_of(timing.environment).text}, {timing.made}"
