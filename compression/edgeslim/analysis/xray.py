"""The redundancy X-ray: what in each layer of a network is redundant, as plain data for screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log2, prod
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from edgeslim.analysis.activations import observe
from edgeslim.analysis.deployed import DeployedModel, open_deployed, spread
from edgeslim.analysis.predictions import TOLERANCE, layer_predictions, network_predictions
from edgeslim.analysis.records import key_of
from edgeslim.analysis.results import (
    Activations,
    BatchNormScales,
    LayerXRay,
    Similarity,
    Spectrum,
    WeightXRay,
    XRay,
    XRayTotals,
)
from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.detections import FloatArray
from edgeslim.metrics import graph as graphs
from edgeslim.metrics.counts import counts_of, macs_of
from edgeslim.metrics.redundancy import (
    effective_rank,
    energy_by_rank,
    histogram,
    largest_cosines,
    redundancy,
    singular_values,
)
from edgeslim.metrics.redundancy import entropy as weight_entropy
from edgeslim.models.base import Model
from edgeslim.progress import Progress, silent
from edgeslim.records import decoded, encoded, shared
from edgeslim.steps.images import prepared
from edgeslim.steps.onnx_layers.layers import WeightLayer, array_of

XRAYS = "xrays"
"""Record kind in the store."""
BITS = 8
BINS = 64
ALIKE = 0.9
"""Filters whose cosine is above this are nearly equal."""
ENERGY = (0.5, 0.75, 0.9, 0.95, 0.99)
POINTS = 33
"""Maximum number of points of the curve of energy by rank."""
NEGLIGIBLE = 0.05
"""Channels with BatchNorm scales below this share of the layer's largest contribute almost nothing."""


def xray(
    model: Model,
    calibration: Split | None,
    store: Store,
    *,
    bits: int = BITS,
    images: int = 8,
    threads: int = 1,
    progress: Progress = silent,
) -> XRay:
    """The redundancy of all layers and the predictions from it, from the store if it was computed before.

    `images` are used at most; without calibration images what needs activations is None. Raises ModelError,
    DatasetError.
    """
    chosen = None if calibration is None else spread(calibration, images)
    decisive = {
        "model": model.sha256,
        "bits": bits,
        "spec": None if chosen is None else model.spec.to_json(),
        "images": None if chosen is None else chosen.fingerprint,
    }

    def compute() -> dict[str, Any]:
        network = open_deployed(model)
        tensors = [] if chosen is None else prepared(chosen, model.spec)
        return dict(encoded(look(network, tensors, bits=bits, threads=threads, progress=progress)))

    found = store.computed(XRAYS, key_of(decisive), compute, progress)
    return decoded(XRay, {**found, "model": model.name})


def look(
    network: DeployedModel,
    images: Sequence[FloatArray],
    *,
    bits: int = BITS,
    threads: int = 1,
    progress: Progress = silent,
) -> XRay:
    """The X-ray of an opened network. `images` are values of its input."""
    model, layers = network.graph, network.layers
    read = graphs.read(model)
    counted = counts_of(model, tuple(images[0].shape) if images else None)
    makers = {node.output[0]: node for node in read.nodes}
    stored = {item.name: item for item in model.graph.initializer}
    scales = batch_norm_scales(onnx.load(network.model.path))
    seen = observe(model, layers, images, threads=threads, progress=progress) if images else {}
    size = model.ByteSize()
    lines = []
    for done, layer in enumerate(layers):
        progress("xray", done, len(layers))
        bias = stored[layer.bias].dims[0] if layer.bias else 0
        held = numpy_helper.to_array(stored[layer.name]).nbytes + 4 * bias
        own = [other for other in layers if other.node == layer.node]
        macs = macs_of(makers[layer.output], read) * layer.size // sum(other.size for other in own)
        weight = weight_xray(layer, array_of(model, layer.name), bits)
        lines.append(
            LayerXRay(
                name=layer.name,
                index=done,
                op=layer.op,
                shape=tuple(layer.shape),
                groups=layer.groups,
                depthwise=layer.depthwise,
                params=layer.size + bias,
                params_share=(layer.size + bias) / counted.params,
                macs=macs,
                macs_share=macs / counted.macs if counted.macs else 0.0,
                bytes=held,
                size_share=held / size,
                batch_norm=scales.get(layer.name),
                activations=Activations(**shared(Activations, seen[layer.name])) if seen else None,
                **shared(WeightXRay, weight),
            )
        )
    if seen:
        predicted = layer_predictions(network, seen, progress=progress)
        lines = [replace(line, predictions=predicted.get(line.name)) for line in lines]
    weights = np.array([prod(line.shape) for line in lines], np.float64)
    return XRay(
        model=network.model.name,
        model_sha256=network.model.sha256,
        form="deployable",
        bits=bits,
        bins=BINS,
        alike=ALIKE,
        tolerance=TOLERANCE,
        images=len(images),
        layers=tuple(lines),
        totals=XRayTotals(
            params=counted.params,
            macs=counted.macs,
            bytes=size,
            entropy=float(np.average([line.entropy for line in lines], weights=weights)),
            redundancy=float(np.average([line.redundancy for line in lines], weights=weights)),
            zeros=float(np.average([line.zeros for line in lines], weights=weights)),
        ),
        predictions=network_predictions(lines) if seen else None,
    )


def weight_xray(layer: WeightLayer, weight: FloatArray, bits: int) -> WeightXRay:
    """What a weight alone tells."""
    rows = layer.layout.to_rows(weight)
    entropy = weight_entropy(rows, bits)
    cosines = largest_cosines(rows)
    return WeightXRay(
        histogram=histogram(rows, BINS),
        zeros=float(np.mean(rows == 0)),
        entropy=entropy,
        entropy_ceiling=min(float(bits), log2(rows.size)),
        redundancy=redundancy(entropy, bits),
        spectrum=_spectrum(rows),
        similarity=Similarity(
            mean_largest_cosine=float(cosines.mean()), alike_share=float(np.mean(cosines > ALIKE))
        ),
    )


def batch_norm_scales(model: onnx.ModelProto) -> dict[str, BatchNormScales]:
    """Scales of the BatchNormalization that follows a layer, by the layer's weight, where the file still has it.

    Source: Liu et al., Network Slimming, arXiv 1708.06519.
    """
    stored = {item.name: item for item in model.graph.initializer}
    makers = {node.output[0]: node for node in model.graph.node}
    found = {}
    for node in model.graph.node:
        layer = makers.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if layer is None or len(layer.input) < 2 or node.input[1] not in stored:
            continue
        scales = np.abs(numpy_helper.to_array(stored[node.input[1]]))
        near_zero = float(np.mean(scales < NEGLIGIBLE * scales.max())) if scales.any() else 1.0
        quantiles = np.quantile(scales, (0, 0.25, 0.5, 0.75, 1)).tolist()
        found[layer.input[1]] = BatchNormScales(quantiles=tuple(quantiles), near_zero=near_zero)
    return found


def _spectrum(rows: FloatArray) -> Spectrum:
    """Energy by rank of the weight as a matrix: a k×k convolution's is (out, in · k · k).

    For grouped and depthwise convolutions each row covers its own group's inputs, so a low rank means similar kernels,
    not a layer that can be factorized.
    """
    singular = singular_values(rows)
    energy = energy_by_rank(singular)
    ranks = np.unique(np.linspace(1, len(energy), min(POINTS, len(energy))).round().astype(int))
    return Spectrum(
        matrix=(rows.shape[0], rows.shape[1]),
        ranks=tuple(ranks.tolist()),
        energy=tuple(energy[ranks - 1].tolist()),
        effective_rank=effective_rank(singular),
        full_rank=len(singular),
        rank_for={f"{share:g}": int(np.searchsorted(energy, share) + 1) for share in ENERGY},
    )
