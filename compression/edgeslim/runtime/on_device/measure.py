"""Measures the files of this folder on this device, and writes results.json.

Needs Python 3.9 or newer, numpy, and the runtime of at least one of the files: README.md. Nothing is sent anywhere.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from device import clock, described, peak_resident, resident, seal, temperature

HERE = Path(__file__).resolve().parent
SAMPLE_SECONDS = 0.002
"""A sample is the mean of as many runs as take so long."""
ROUNDS, FEWEST, WARMUP = 30, 5, 5
ENOUGH_DB = 30.0
"""Outputs that are nearer to the reference than this are the same, but for rounding."""
Run = Callable[[Any], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="", help="what to call this device (default: as it calls itself)")
    parser.add_argument("--threads", default="", help="such as 1,4 (default: 1 and the number of cores)")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="for so long files are timed, per number of threads"
    )
    parser.add_argument(
        "--sustained", type=float, default=30.0, help="seconds of running without a pause (0: none)"
    )
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    parser.add_argument("--entry", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    images = np.load(HERE / "images.npy", allow_pickle=False)
    if given.entry is not None:
        print(json.dumps(_memory(manifest["entries"][given.entry], images)))
        return
    threads = sorted({1, *_counts(given.threads)})
    runners, left_out = _runners(manifest["entries"])
    entries = {
        place: _examined(place, entry, runners[entry["runtime"]], images)
        for place, entry in enumerate(manifest["entries"])
        if entry["runtime"] in runners
    }
    usable = {place: found for place, found in entries.items() if "error" not in found}
    runs: list[dict[str, Any]] = []
    for count in threads:
        runs += _timed(manifest, runners, usable, images, count, given.seconds)
    body = {
        "format": 1,
        "bundle": manifest["bundle"],
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "device": {**described(given.name), "numpy": np.__version__},
        "entries": [entries[place] for place in sorted(entries)],
        "runs": runs,
        "left_out": left_out,
        "sustained": _sustained(manifest, runners, usable, images, threads[-1], given.sustained),
    }
    given.out.write_text(json.dumps({"body": body, "seal": seal(body)}, allow_nan=False), encoding="utf-8")
    _print_table(manifest, body)
    print(f"\nwritten: {given.out}")


def _counts(threads: str) -> list[int]:
    return [int(each) for each in threads.split(",")] if threads else [os.cpu_count() or 1]


def _runners(entries: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The runtimes that are installed, by name, and what the others lack."""
    found: dict[str, Any] = {}
    left_out = []
    for name, packages in {entry["runtime"]: entry["packages"] for entry in entries}.items():
        spec = importlib.util.spec_from_file_location(f"runner_{name}", HERE / "runners" / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except ImportError as error:
            print(f"{name} is left out: {error}. To measure it too: pip install {' '.join(packages)}")
            left_out.append({"runtime": name, "reason": str(error)})
            continue
        found[name] = module
    if not found:
        sys.exit("No runtime of these files is installed here: see README.md.")
    return found, left_out


def _examined(place: int, entry: dict[str, Any], runner: Any, images: Any) -> dict[str, Any]:
    """Whether the file is the one that was packed and gives the outputs that it should; its memory."""
    path = HERE / entry["file"]
    found: dict[str, Any] = {"entry": place, "runtime_version": str(runner.VERSION)}
    found["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    if found["sha256"] != entry["sha256"]:
        return {**found, "error": "the file is not the one that was packed"}
    modes = []
    for mode in runner.MODES:
        try:
            began = time.perf_counter()
            run = runner.open_file(str(path), 1, mode)
            loaded = time.perf_counter()
            outputs = [run(images[:1])]
            first = time.perf_counter()
        except Exception as error:  # noqa: BLE001 - of any runtime
            modes.append({"mode": mode, "error": str(error)[:300]})
            continue
        outputs += [run(images[index : index + 1]) for index in range(1, len(images))]
        values = [
            [_picked(output, places) for output, places in _pairs(each, entry["places"])] for each in outputs
        ]
        modes.append(
            {
                "mode": mode,
                "load_ms": (loaded - began) * 1000,
                "first_ms": (first - loaded) * 1000,
                "sqnr_db": _sqnr(entry["reference"], values),
                "values": values,
                "hashes": [_hash(each) for each in outputs],
            }
        )
        if modes[-1]["sqnr_db"] >= ENOUGH_DB:
            break
    if not any("values" in each for each in modes):
        return {**found, "modes": modes, "error": modes[0]["error"]}
    ran = [each for each in modes if "values" in each]
    best = max(ran, key=lambda each: each["sqnr_db"] if each["sqnr_db"] >= ENOUGH_DB else -ran.index(each))
    child = subprocess.run(
        [sys.executable, str(HERE / "measure.py"), "--entry", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    memory = json.loads(child.stdout) if child.returncode == 0 else None
    return {**found, "modes": modes, "mode": best["mode"], "memory": memory}


def _timed(
    manifest: dict[str, Any],
    runners: dict[str, Any],
    usable: dict[int, Any],
    images: Any,
    threads: int,
    seconds: float,
) -> list[dict[str, Any]]:
    """In every round each file once, in random order: heat and other programs meet all of them alike."""
    timers: dict[int, Run] = {}
    repeats: dict[int, int] = {}
    image = images[:1]
    for place, found in usable.items():
        entry = manifest["entries"][place]
        run = runners[entry["runtime"]].open_file(str(HERE / entry["file"]), threads, found["mode"])
        for _ in range(WARMUP):
            run(image)
        timers[place] = run
        repeats[place] = max(1, int(SAMPLE_SECONDS / min(_seconds(run, image, 1) for _ in range(3))) + 1)
    samples: dict[int, list[float]] = {place: [] for place in timers}
    order, began, done = random.Random(0), time.monotonic(), 0
    while timers and (done < FEWEST or (done < ROUNDS and time.monotonic() - began < seconds)):
        places = list(timers)
        order.shuffle(places)
        for place in places:
            _seconds(timers[place], image, 1)
            samples[place].append(1000 * _seconds(timers[place], image, repeats[place]) / repeats[place])
        done += 1
        _progress(f"{threads} thread(s): round {done}")
    return [{"entry": place, "threads": threads, "samples_ms": taken} for place, taken in samples.items()]


def _sustained(
    manifest: dict[str, Any],
    runners: dict[str, Any],
    usable: dict[int, Any],
    images: Any,
    threads: int,
    seconds: float,
) -> dict[str, Any] | None:
    """The first file without a pause: milliseconds, degrees Celsius and MHz, second by second."""
    if seconds <= 0 or not usable:
        return None
    place = min(usable)
    entry = manifest["entries"][place]
    run = runners[entry["runtime"]].open_file(str(HERE / entry["file"]), threads, usable[place]["mode"])
    points: list[Any] = []
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        second = time.monotonic()
        taken: list[float] = []
        while not taken or time.monotonic() - second < 1:
            taken.append(1000 * _seconds(run, images[:1], 1))
        points.append([time.monotonic() - began, statistics.median(taken), temperature(), clock()])
        _progress(f"without a pause: {len(points)} s")
    return {"entry": place, "threads": threads, "points": points}


def _memory(entry: dict[str, Any], images: Any) -> dict[str, int] | None:
    """Resident bytes of this process before the file was opened, and their peak while it was opened and run."""
    runner = _runners([entry])[0][entry["runtime"]]
    before = resident()
    run = runner.open_file(str(HERE / entry["file"]), 1, runner.MODES[0])
    for _ in range(3):
        run(images[:1])
    peak = peak_resident()
    return None if before is None or peak is None else {"before": before, "peak": peak}


def _seconds(run: Run, image: Any, times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        run(image)
    return time.perf_counter() - began


def _pairs(outputs: Any, places: list[list[int]]) -> list[tuple[Any, list[int]]]:
    return [(np.asarray(outputs[index]), places[index]) for index in range(len(places))]


def _picked(output: Any, places: list[int]) -> list[float | None]:
    """Some of an output's numbers, seven figures each; None for what is no number."""
    values = output.astype(np.float64).ravel()[places]
    return [float(f"{value:.7g}") if np.isfinite(value) else None for value in values]


def _hash(outputs: Any) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in outputs)).hexdigest()


def _sqnr(reference: Any, values: Any) -> float:
    """Ratio of signal to difference in dB, 0 where something is no number; at most 200."""
    before = np.array(_flat(reference), dtype=np.float64)
    after = np.array(_flat(values), dtype=np.float64)
    if before.shape != after.shape or not np.isfinite(after).all():
        return 0.0
    noise = float(((after - before) ** 2).sum())
    signal = float((before**2).sum())
    return (
        float(min(200.0, 10 * np.log10(signal / noise))) if noise > 0 and signal > 0 else 200.0 * (noise == 0)
    )


def _flat(nested: Any) -> list[Any]:
    return [value for each in nested for value in _flat(each)] if isinstance(nested, list) else [nested]


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _print_table(manifest: dict[str, Any], body: dict[str, Any]) -> None:
    _progress("")
    examined = {each["entry"]: each for each in body["entries"]}
    print(f"{'file':<28}{'runtime':<16}{'threads':>8}{'median ms':>11}{'p95 ms':>9}{'outputs dB':>12}")
    for run in body["runs"]:
        entry, found = manifest["entries"][run["entry"]], examined[run["entry"]]
        ordered = sorted(run["samples_ms"])
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        near = max(each.get("sqnr_db", 0.0) for each in found["modes"] if each["mode"] == found["mode"])
        told = f"{near:.0f}" + ("" if near >= ENOUGH_DB else " differ")
        title = f"#{entry['trial']} {entry['title']}"[:27]
        print(
            f"{title:<28}{entry['runtime']:<16}{run['threads']:>8}"
            f"{statistics.median(ordered):>11.2f}{p95:>9.2f}{told:>12}"
        )
    for place, found in examined.items():
        if "error" in found:
            print(f"#{manifest['entries'][place]['trial']}: {found['error']}")


if __name__ == "__main__":
    main()
