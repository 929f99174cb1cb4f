"""X-rays, sensitivities and ablations in a terminal: plain text in columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeslim.report.text import table
from edgeslim.units import (
    DASH,
    MINUS,
    format_bytes,
    format_change,
    format_decibels,
    format_interval,
    format_ms,
    format_points,
    format_share,
)


def xray_texts(found: Mapping[str, Any], scores: Mapping[str, Any] | None) -> list[str]:
    headers = [
        "#",
        "layer",
        "shape",
        "params",
        "MACs",
        f"H({found['bits']})",
        "1-H/b",
        "rank",
        "alike",
        "zeros in",
    ]
    rows = []
    for line in found["layers"]:
        spectrum, seen = line["spectrum"], line["activations"]
        best = (line.get("predictions") or {}).get("best")
        rows.append(
            [
                line["index"],
                f"{line['name']} {'depthwise ' if line['depthwise'] else ''}{line['op']}",
                "×".join(map(str, line["shape"])),
                format_share(line["params_share"]),
                format_share(line["macs_share"]),
                f"{line['entropy']:.2f}",
                format_share(line["redundancy"]),
                f"{spectrum['effective_rank']:.0f}/{spectrum['full_rank']}",
                format_share(line["similarity"]["alike_share"]),
                format_share(None if seen is None else seen["input_zeros"]),
                *([] if found["predictions"] is None else [_best(best)]),
            ]
        )
    if found["predictions"] is None:
        return [table(rows, headers)]
    texts = [table(rows, [*headers, "predicted to pay"])]
    promised = [
        [name, f"{each['strength']:g}", f"{each['error']:.2g}", format_share(each["saved"]), each["layers"]]
        for name, lines in found["predictions"].items()
        for each in lines
    ]
    texts.append(
        table(promised, ["all layers at once", "strength", "predicted error", "predicted saving", "layers"])
    )
    return texts if scores is None else [*texts, *_score_texts(scores)]


def _best(best: Mapping[str, Any] | None) -> str:
    return (
        DASH
        if best is None
        else f"{best['technique']} {best['strength']:g} (saves {format_share(best['saved'])})"
    )


def _score_texts(scores: Mapping[str, Any]) -> list[str]:
    texts = []
    if scores["layers"] is not None:
        rows = [
            [
                each["technique"],
                f"{each['strength']:g}",
                each["layers"],
                _rho(each["spearman"]),
                DASH if each["ratio"] is None else f"{each['ratio']:.2g}",
            ]
            for each in scores["layers"]["techniques"]
        ]
        best = scores["layers"]["best"]
        texts.append(
            table(rows, ["technique", "strength", "layers", "rank correlation", "measured / predicted"])
        )
        texts.append(
            f"The technique predicted to pay most was the one that did for {best['agree']} of {best['layers']} layers; "
            f"of {best['promised']} promises {best['within_tolerance']} kept within the tolerated error."
        )
    if scores["files"] is not None:
        rows = [
            [
                each["number"],
                each["title"],
                f"{each['predicted']:.2g}",
                format_points(each["loss"]),
                format_share(each["disagreement"]),
            ]
            for each in scores["files"]["trials"]
        ]
        texts.append(table(rows, ["trial", "recipe", "predicted error", "points lost", "disagreement"]))
        texts += [
            f"rank correlation with {name}: {_rho(scores['files'][name]['spearman'])} "
            f"({scores['files'][name]['trials']} trials)"
            for name in ("loss", "disagreement")
            if scores["files"][name] is not None
        ]
        texts.append(f"{len(scores['files']['left_out'])} trials left out: no rule covers all of their steps")
    return texts


def sensitivity_text(found: Mapping[str, Any]) -> str:
    headers = [f"{each['technique']} {each['strength']:g}" for each in found["techniques"]]
    rows = [
        [
            layer["index"],
            f"{layer['name']} {layer['op']}",
            "×".join(map(str, layer["shape"])),
            *(_value(each["values"].get(layer["name"])) for each in found["techniques"]),
        ]
        for layer in found["layers"]
    ]
    measure = (
        "relative output error"
        if found["measure"] == "output_error"
        else f"change of {found['measure']} in points"
    )
    shown = table(rows, ["#", "layer", "shape", *headers])
    return f"{shown}\n{measure}, {found['images']} images, one layer changed at a time"


def _value(value: Any) -> str:
    if value is None:
        return DASH
    if isinstance(value, Mapping):
        return f"{format_change(value['delta'])} ({format_interval(value['ci95'], signed=True)})"
    return f"{value:.2g}"


def ablation_text(found: Mapping[str, Any]) -> str:
    headers = ["", found["metric"], "Δ points (95 %)", "download", "Δ download", "latency", "Δ latency"]
    lines = [(line["step"] or "original", line) for line in found["stages"]]
    if found["total"] is not None:
        lines.append(("all stages", {**found["stages"][-1], "change": found["total"]}))
    lines += [(f"without {line['step']}", line) for line in found["without"]]
    lines += [(" → ".join(line["steps"]), line) for line in found["orders"]]
    return "\n".join(
        [
            table([_ablation_row(name, line) for name, line in lines if line["trial"]], headers),
            "Stages: change from the stage before; others: from the whole recipe as given.",
            f"{len(found['orders'])} of {found['orders_sensible']} other orders that make sense were measured.",
            *(f"{name}: {line['error']['problem']}" for name, line in lines if line["error"]),
        ]
    )


def _ablation_row(name: str, line: Mapping[str, Any]) -> Sequence[str]:
    trial, change = line["trial"], line["change"]
    metric, latency = trial["primary_metric"], trial["latency"] or {}
    value = (trial["accuracy"] or {}).get(metric, (trial["fidelity"] or {}).get(metric))
    primary = (change or {}).get("primary")
    return [
        name,
        format_decibels(value) if metric == "sqnr_db" else format_points(value),
        DASH if primary is None else _value(primary),
        format_bytes(trial["sizes"]["download"]),
        _signed(change, "download", format_bytes),
        format_ms(latency.get("median_ms")) + (" (noisy)" if latency.get("noisy") else ""),
        _signed(change, "latency_ms", format_ms),
    ]


def _signed(change: Mapping[str, Any] | None, name: str, write: Callable[[float | None], str]) -> str:
    value = None if change is None else change[name]
    if value is None:
        return DASH
    return f"{MINUS if value < 0 else '+'}{write(abs(value))}"


def _rho(value: float | None) -> str:
    return DASH if value is None else f"{value:.2f}".replace("-", MINUS)
