"""Sensitivity of every layer to every technique: measured, kept in the store, ranked.

Without labels it is the relative error of the network's last layers; with labels, the paired change of the primary metric
on a limited number of images, with its interval. Only one layer is changed at a time, and changes are simulated: a
removed channel is a filter of zeros, and no network gets smaller or faster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeslim.analysis.activations import observe
from edgeslim.analysis.deployed import DeployedModel, open_deployed, spread
from edgeslim.analysis.probing import disturbed_outputs, layer_sensitivity
from edgeslim.analysis.records import key_of
from edgeslim.analysis.results import LayerInfo, PairedChange, Sensitivity, TechniqueSensitivity
from edgeslim.analysis.techniques import TECHNIQUES, Strengths, parsed
from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.errors import ModelError
from edgeslim.models.base import Model
from edgeslim.ort import open_session
from edgeslim.progress import Progress, silent
from edgeslim.records import decoded, encoded
from edgeslim.steps.images import prepared
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prediction

SENSITIVITY = "sensitivity"
"""Record kind in the store: one for each technique and strength."""
Values = Mapping[str, float | PairedChange]
"""Layer → figure."""
TechniqueStrength = tuple[str, float]


def output_sensitivity(
    model: Model,
    calibration: Split,
    store: Store,
    techniques: Strengths | None = None,
    *,
    images: int = 8,
    threads: int = 1,
    progress: Progress = silent,
) -> Sensitivity:
    """Without labels: each layer's relative squared output error, by technique and strength.

    What was measured before comes from the store. Raises ModelError, DatasetError, EdgeSlimError (unknown_name).
    """
    chosen = spread(calibration, images)

    def measure(network: DeployedModel, missing: Strengths) -> dict[TechniqueStrength, Values]:
        tensors = prepared(chosen, model.spec)
        found = layer_sensitivity(network.graph, tensors, missing, threads=threads, progress=progress)
        return {pair: dict(values) for pair, values in found.items()}

    decisive = {"measure": "output_error", "images": chosen.fingerprint, "count": len(chosen)}
    return _kept(model, store, decisive, techniques, measure, progress)


def accuracy_sensitivity(
    model: Model,
    evaluation: Split,
    labels: tuple[str, ...],
    calibration: Split,
    store: Store,
    techniques: Strengths | None = None,
    *,
    images: int = 32,
    calibration_images: int = 8,
    threads: int = 1,
    progress: Progress = silent,
) -> Sensitivity:
    """With labels: what each layer's change alone does to the primary metric on `images` of the evaluation split.

    As `output_sensitivity`, but `values` are the metric's paired changes: a layer whose interval spans zero is not
    distinguishable from the original. By default one strength of each technique. Ranges for rounded activations come
    from the calibration images.
    """
    shown, seen = spread(evaluation, images), spread(calibration, calibration_images)
    techniques = {each.name: [each.probe] for each in TECHNIQUES} if techniques is None else techniques
    task = task_for(model.spec)

    def score(predictions: Sequence[Prediction]) -> Any:
        return task.score(predictions, shown, labels).primary

    def measure(network: DeployedModel, missing: Strengths) -> dict[TechniqueStrength, Values]:
        return _scored(network, shown, seen, missing, score, threads, progress)

    decisive = {
        "measure": task.primary_metric,
        "images": shown.fingerprint,
        "count": len(shown),
        "ranges": seen.fingerprint,
        "labels": list(labels),
    }
    return _kept(model, store, decisive, techniques, measure, progress)


def ranks(values: Mapping[str, float]) -> dict[str, float]:
    """Rank 1 for the largest value; equal values share the mean of their ranks."""
    from scipy.stats import rankdata

    placed = rankdata([-value for value in values.values()])
    return {name: float(rank) for name, rank in zip(values, placed, strict=True)}


def _kept(
    model: Model,
    store: Store,
    decisive: Mapping[str, Any],
    techniques: Strengths | None,
    measure: Callable[[DeployedModel, Strengths], dict[TechniqueStrength, Values]],
    progress: Progress,
) -> Sensitivity:
    """The records of all techniques and strengths; missing ones are measured together."""
    wanted = [(name, strength) for name, strengths in parsed(techniques).items() for strength in strengths]
    common = {"model": model.sha256, "spec": model.spec.to_json(), **decisive}
    keys = {pair: key_of({**common, "technique": pair[0], "strength": pair[1]}) for pair in wanted}
    layers_key = key_of({"model": model.sha256, "layers": True})
    with store.lock(f"{SENSITIVITY}-{key_of(common)}", progress=progress):
        known = {pair: store.get_record(SENSITIVITY, key) for pair, key in keys.items()}
        missing = [pair for pair, record in known.items() if record is None]
        described = store.get_record(SENSITIVITY, layers_key)
        if missing or described is None:
            network = open_deployed(model)
            described = {"layers": encoded(_described(network))}
            store.put_record(SENSITIVITY, layers_key, described)
            found = measure(network, _grouped(missing)) if missing else {}
            for pair in missing:
                known[pair] = {"values": encoded(found.get(pair, {}))}
                store.put_record(SENSITIVITY, keys[pair], known[pair] or {})
    return Sensitivity(
        measure=decisive["measure"],
        images=decisive["count"],
        model=model.name,
        model_sha256=model.sha256,
        layers=decoded(tuple[LayerInfo, ...], described["layers"]),
        techniques=tuple(_line(*pair, (record or {})["values"]) for pair, record in known.items()),
    )


def _line(technique: str, strength: float, kept: Any) -> TechniqueSensitivity:
    values = decoded(dict[str, float | PairedChange], kept)
    losses = {
        layer: -value.delta if isinstance(value, PairedChange) else value for layer, value in values.items()
    }
    return TechniqueSensitivity(
        technique=technique,
        strength=strength,
        unit=TECHNIQUES.get(technique).unit,
        values=values,
        ranks=ranks(losses) if losses else {},
    )


def _described(network: DeployedModel) -> list[LayerInfo]:
    return [
        LayerInfo(
            name=layer.name,
            index=index,
            op=layer.op,
            shape=tuple(layer.shape),
            depthwise=layer.depthwise,
        )
        for index, layer in enumerate(network.layers)
    ]


def _grouped(pairs: Sequence[TechniqueStrength]) -> dict[str, list[float]]:
    techniques: dict[str, list[float]] = {}
    for name, strength in pairs:
        techniques.setdefault(name, []).append(strength)
    return techniques


def _scored(
    network: DeployedModel,
    shown: Split,
    seen: Split,
    techniques: Strengths,
    score: Callable[[Sequence[Prediction]], Any],
    threads: int,
    progress: Progress,
) -> dict[TechniqueStrength, Values]:
    """Predictions of every changed network, an image block at a time, then their scores against the original's."""
    model, graph = network.model, network.graph
    task = task_for(model.spec)
    shown_inputs = [task.prepare(shown.image(index), model.spec) for index in range(len(shown))]
    session = open_session(graph, threads)
    original = [session.run(item.tensor) for item in shown_inputs]
    watched = [item.name for item in graph.graph.output]
    observed = observe(graph, network.layers, prepared(seen, model.spec), threads=threads, progress=progress)
    ranges = {name: (each.low, each.high) for name, each in observed.items()}
    made: dict[tuple[TechniqueStrength, str], list[Prediction]] = {}
    for found in disturbed_outputs(
        graph,
        [item.tensor for item in shown_inputs],
        watched,
        techniques,
        ranges=ranges,
        threads=threads,
        progress=progress,
    ):
        block = range(found.start, found.start + len(next(iter(found.outputs.values()))))
        line = made.setdefault(((found.technique, found.strength), found.layer.name), [])
        for place, index in enumerate(block):
            outputs = [
                found.outputs[name][place] if name in found.outputs else plain
                for name, plain in zip(watched, original[index], strict=True)
            ]
            line.append(task.decode(outputs, shown_inputs[index], model.spec))
    decoded = [task.decode(raw, item, model.spec) for raw, item in zip(original, shown_inputs, strict=True)]
    reference = score(decoded)
    if reference is None:
        raise ModelError("sensitivity_not_scorable", model=model.name)
    scored: dict[TechniqueStrength, dict[str, float | PairedChange]] = {}
    for done, ((pair, layer), predictions) in enumerate(made.items()):
        progress("scoring", done, len(made))
        change = score(predictions) - reference
        scored.setdefault(pair, {})[layer] = PairedChange(delta=change.value, ci95=change.paired_ci95)
    return dict(scored)
