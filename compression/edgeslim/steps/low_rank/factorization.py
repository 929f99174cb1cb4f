"""Low-rank factorization of layers, with ranks by energy, by share, or by a budget for the network."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeslim.errors import InfeasibleError, RecipeError
from edgeslim.params import param
from edgeslim.steps.base import STEPS, StepContext, TorchStep, needs_by
from edgeslim.steps.images import calibration_images

if TYPE_CHECKING:
    from torch import fx, nn

    from edgeslim.steps.low_rank.factorized_layers import FactorizedLayer
    from edgeslim.steps.low_rank.layers import Layer, Survey

METHODS = ("tucker2", "svd", "spatial", "cp")
TARGETS = ("macs", "parameters", "bytes", "energy", "rank")
SCOPES = ("global", "uniform")
ATTEMPTS = 4
"""Maximum number of attempts to meet a budget of bytes, each with a tighter budget than the last."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class LowRank(TorchStep):
    """Replace layers by two or three smaller ones with nearly the same product.

    Linear layers and 1×1 convolutions are split by truncated SVD, larger kernels by `method`; grouped and depthwise
    convolutions are not replaced. A layer is replaced only where both its parameters and its MACs decrease. Fewer MACs
    in more layers are not always faster: see the measured latency.
    """

    name = "low_rank"
    group = "low_rank"
    source = (
        "Tucker-2: Kim et al. 2016, arXiv 1511.06530; CP: Lebedev et al. 2015, arXiv 1412.6553; "
        "spatial: Jaderberg et al. 2014, arXiv 1405.3866; SVD, ranks and activation-aware: Zhang et al. 2015, "
        "arXiv 1505.06798; Yuan et al. 2023, arXiv 2312.05821"
    )
    changes = frozenset({"file", "download", "latency", "accuracy"})
    needs = needs_by(lambda step: {"calibration"} if step.activation_aware else ())
    destroys = TorchStep.destroys | {"zeros", "pattern"}

    method: str = param(
        "tucker2",
        search=("tucker2", "svd", "spatial"),
        choices=METHODS,
        help="How kernels larger than 1×1 are split: 1×1, k×k, 1×1 (tucker2); k×k, 1×1 (svd); k×1, 1×k (spatial); "
        "1×1, depthwise k×k, 1×1 (cp, slow).",
    )
    target: str = param(
        "macs",
        choices=TARGETS,
        help="What `keep` is a share of: the network's MACs or parameters, the bytes of its file, each layer's energy "
        "(squared singular values), or each layer's rank.",
    )
    keep: float = param(
        0.6,
        search=(0.3, 0.9),
        low=0.05,
        high=0.999,
        unit="fraction",
        help="Share of the target that is kept.",
    )
    scope: str = param(
        "global",
        choices=SCOPES,
        help="For a budget of MACs, parameters or bytes. global: reduce where least energy is lost; uniform: the same "
        "share of every layer.",
        when=("target", "macs", "parameters", "bytes"),
    )
    round_to: int = param(
        8,
        low=1,
        high=64,
        unit="channels",
        help="Ranks are multiples of this; 8 suits the vector width of CPUs.",
    )
    activation_aware: bool = param(
        True,
        help="Weigh errors by the actual inputs of each layer on calibration images; biases absorb the mean error.",
    )
    images: int = param(
        32,
        low=1,
        high=512,
        unit="images",
        help="Number of calibration images, if activation-aware.",
        when=("activation_aware", True),
    )

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives ranks, kept energy, parameters and MACs of every layer, and why others stay.

        Raises RecipeError (code 'low_rank_no_layers'), InfeasibleError ('low_rank_not_cheaper',
        'low_rank_unreachable').
        """
        import torch
        from torch import fx

        from edgeslim.steps.low_rank.layers import survey

        assert isinstance(model, fx.GraphModule), "low rank works on an imported graph"
        factorized = copy.deepcopy(model).eval()
        network = survey(factorized, torch.zeros(context.spec.input_shape))
        if not network.layers:
            raise RecipeError("low_rank_no_layers", step=self.name)
        candidates = self._candidates(factorized, network, context)
        if self.target == "bytes":
            return self._within_bytes(factorized, candidates, network, context)
        result, chosen, told = self._factorized(
            factorized, candidates, self._chosen(candidates, network), context
        )
        context.info.update(_info(network, candidates, chosen, told))
        return result

    def _within_bytes(
        self, module: fx.GraphModule, candidates: list[FactorizedLayer], network: Survey, context: StepContext
    ) -> fx.GraphModule:
        """Meet the budget with the file as made; where it is missed, the next attempt saves the difference too."""
        from edgeslim.export.onnx import file_bytes

        shape = context.spec.input_shape
        before = file_bytes(module, shape)
        budget = allowed = self.keep * before
        for _ in range(ATTEMPTS):
            options = self._chosen(candidates, network, before, allowed)
            result, chosen, told = self._factorized(module, candidates, options, context)
            size = file_bytes(result, shape)
            if size <= budget:
                context.info.update(_info(network, candidates, chosen, told), bytes_before=before, bytes=size)
                return result
            allowed -= size - budget
        raise self._unreachable(size / before)

    def _factorized(
        self,
        module: fx.GraphModule,
        candidates: list[FactorizedLayer],
        chosen: list[int],
        context: StepContext,
    ) -> tuple[fx.GraphModule, list[int], list[dict[str, Any]]]:
        """A copy of the network with the chosen options, the options, and a report of each replaced layer."""
        result, told = copy.deepcopy(module), []
        for done, (candidate, option) in enumerate(zip(candidates, chosen, strict=True)):
            context.progress(self.name, done, len(candidates))
            if option != candidate.options.untouched:
                told.append(candidate.put(result, option))
        if not told:
            raise self._not_cheaper()
        result.graph.lint()
        result.recompile()
        return result, chosen, told

    def _candidates(
        self, module: fx.GraphModule, network: Survey, context: StepContext
    ) -> list[FactorizedLayer]:
        from edgeslim.steps.low_rank.factorized_layers import FactorizedLayer, decomposition_class
        from edgeslim.steps.low_rank.whitening import Whitening, whitenings

        classes = {layer: decomposition_class(self.method, layer) for layer in network.layers}
        whites: dict[Layer, Whitening] = {}
        if self.activation_aware:
            images = calibration_images(context.calibration, self.name)
            # where the first part reads whole patches, these are whitened, else only channels
            patches = {layer: made.parts[0].rows and made.parts[0].columns for layer, made in classes.items()}
            whites = whitenings(module, patches, images, context.spec, self.images, context.progress)
        share = self.keep if self.target == "rank" else None
        candidates = []
        for done, (layer, made) in enumerate(classes.items()):
            context.progress(self.name, done, len(classes))
            candidates.append(
                FactorizedLayer.of(
                    layer, made, whites.get(layer), context.seed, self.round_to, share, self.target
                )
            )
        return candidates

    def _chosen(
        self, candidates: list[FactorizedLayer], network: Survey, size: int = 0, allowed: float = 0.0
    ) -> list[int]:
        """For each layer the index of its option. `size` is that of the file, of which `allowed` bytes may remain."""
        from edgeslim.steps.low_rank.rank_options import first_keeping, share_equally, share_globally

        if self.target == "rank":
            return [0] * len(candidates)
        if self.target == "energy":
            return [first_keeping(each.options, self.keep, each.energy) for each in candidates]
        whole = {"macs": network.macs, "parameters": network.parameters, "bytes": size}[self.target]
        budget = allowed if self.target == "bytes" else self.keep * whole
        costs = [each.options.cost(self.target) for each in candidates]
        rest = whole - sum(int(cost[-1]) for cost in costs)
        least = (rest + sum(int(cost.min()) for cost in costs)) / whole
        if least * whole > budget:
            raise self._unreachable(least)
        share = share_globally if self.scope == "global" else share_equally
        return share(costs, [each.options.loss for each in candidates], budget - rest)

    def _not_cheaper(self) -> InfeasibleError:
        return InfeasibleError("low_rank_not_cheaper", step=self.name, keep=self.keep, target=self.target)

    def _unreachable(self, least: float) -> InfeasibleError:
        reachable = math.ceil(least * 1000) / 1000
        if reachable == 1.0:
            return self._not_cheaper()
        return InfeasibleError(
            "low_rank_unreachable", step=self.name, reachable=reachable, target=self.target
        )


def _info(
    network: Survey, candidates: list[FactorizedLayer], chosen: list[int], layers: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the step reports, as JSON values."""
    kept: list[Layer] = [
        each.layer
        for each, option in zip(candidates, chosen, strict=True)
        if option == each.options.untouched
    ]
    saved = {
        cost: sum(layer[f"{cost}_before"] - layer[cost] for layer in layers)
        for cost in ("parameters", "macs")
    }
    return {
        "parameters_before": network.parameters,
        "parameters": network.parameters - saved["parameters"],
        "macs_before": network.macs,
        "macs": network.macs - saved["macs"],
        "layers": layers,
        "unchanged": [{"name": layer.name, "reason": "not_cheaper"} for layer in kept]
        + [{"name": name, "reason": "kind"} for name in network.skipped],
    }
