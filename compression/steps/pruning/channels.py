"""Structured pruning: whole channels, by dependency graph."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from compression.errors import InfeasibleError, RecipeError
from compression.params import param
from compression.steps.base import STEPS, Effect, StepContext, TorchStep
from compression.steps.pruning.channel_groups import IMPORTANCES, ChannelGroup, Coupling, choose

if TYPE_CHECKING:
    from torch import Tensor, fx, nn

TARGETS = ("channels", "macs", "parameters")
HALVINGS = 7
"""Steps of the search for the channel ratio that meets a target in MACs or parameters: to under 1 %."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelPruning(TorchStep):
    """Remove whole channels, so that the network is really smaller and faster.

    Layers coupled by residuals, concatenations or depthwise convolutions lose the same channels together.
    Those that feed the network's outputs, and those whose channels are split or rearranged, keep theirs.
    """

    name: ClassVar[str] = "channel_pruning"
    group: ClassVar[str] = "pruning"
    source: ClassVar[str] = "Fang et al. 2023, arXiv 2301.12900"
    changes: ClassVar[frozenset[Effect]] = frozenset({"file", "download", "memory", "latency", "accuracy"})

    ratio: float = param(0.3, low=0.0, high=0.9, unit="fraction", help="How much of the target to remove.")
    target: str = param(
        "channels", choices=TARGETS, help="What the ratio counts: channels that can go, MACs, or parameters."
    )
    importance: str = param(
        "l2",
        choices=IMPORTANCES,
        help="Which channels matter: size of weights (l1, l2, lamp), BatchNorm scale, or chance.",
    )
    scope: str = param(
        "global",
        choices=("global", "uniform"),
        help="Rank channels over the whole network, or take the same part of every layer.",
    )
    max_ratio: float = param(
        0.7, low=0.1, high=0.95, unit="fraction of channels", help="At most this part of one layer (global)."
    )
    round_to: int = param(4, low=1, high=64, unit="channels", help="Keep a multiple of so many channels.")

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives parameters and MACs before and after, and the channels of every layer."""
        import torch
        from torch import fx

        assert isinstance(model, fx.GraphModule), "channel pruning works on an imported graph"
        example = torch.zeros(context.spec.input_shape)
        before = _counts(model, example)
        ratio = self._channel_ratio(model, example, before, context)
        pruned = self._pruned(model, example, ratio, context)
        after = _counts(pruned, example)
        context.info.update(_info(model, pruned, before, after))
        return pruned

    def _channel_ratio(
        self, model: fx.GraphModule, example: Tensor, before: dict[str, int], context: StepContext
    ) -> float:
        """The channel ratio that removes `ratio` of the target, found by halving."""
        if self.target == "channels" or self.ratio == 0.0:
            return self.ratio
        low, high = 0.0, 0.95
        reached = self._removed(model, example, before, high, context)
        if reached < self.ratio:
            raise InfeasibleError(
                "target_unreachable",
                f"At most {reached:.0%} of the {self.target} can be removed from this network.",
                f"Choose a ratio below {reached:.2f}, or raise max_ratio.",
                target=self.target,
                reachable=round(reached, 4),
            )
        for step in range(HALVINGS):
            middle = (low + high) / 2
            if self._removed(model, example, before, middle, context) < self.ratio:
                low = middle
            else:
                high = middle
            context.progress(self.name, step + 1, HALVINGS + 1)
        return high

    def _removed(
        self,
        model: fx.GraphModule,
        example: Tensor,
        before: dict[str, int],
        ratio: float,
        context: StepContext,
    ) -> float:
        after = _counts(self._pruned(model, example, ratio, context), example)
        return 1 - after[self.target] / before[self.target]

    def _pruned(
        self, model: fx.GraphModule, example: Tensor, ratio: float, context: StepContext
    ) -> fx.GraphModule:
        from compression.steps.pruning.channel_flow import kept_whole

        pruned = copy.deepcopy(model)
        kept, traceable = kept_whole(pruned, example)
        coupling = Coupling(traceable, example, kept)
        groups = coupling.groups(self.importance, context.seed)
        self._require(groups)
        places = choose(groups, ratio, self.scope, self.max_ratio, self.round_to)
        for group, chosen in zip(groups, places, strict=True):
            if chosen:
                coupling.remove(group, chosen)
        return pruned

    def _require(self, groups: list[ChannelGroup]) -> None:
        if groups:
            return
        if self.importance == "bn_scale":
            raise RecipeError(
                "no_batch_norm",
                "The model has no BatchNorm scales to rank channels by: its convolutions contain them.",
                "Choose another importance, such as l2.",
                step=self.name,
            )
        raise RecipeError(
            "no_channels_to_prune",
            "Every layer feeds an output, a split or a recurrent layer: no channel can be removed.",
            "Leave out channel_pruning; magnitude_pruning works on any weights.",
            step=self.name,
        )


def _counts(model: fx.GraphModule, example: Tensor) -> dict[str, int]:
    """Parameters, and multiply-accumulates of convolutions and linear layers for one input."""
    import torch
    from torch import nn

    macs = 0

    def count(layer: nn.Module, _: Any, output: Tensor) -> None:
        nonlocal macs
        weight = layer.get_parameter("weight")
        transposed = isinstance(layer, nn.ConvTranspose2d)
        each = weight.numel() // weight.shape[0 if not transposed else 1]
        macs += output.numel() * each

    kinds = (nn.modules.conv._ConvNd, nn.Linear)
    handles = [layer.register_forward_hook(count) for layer in model.modules() if isinstance(layer, kinds)]
    with torch.no_grad():
        model(example)
    for handle in handles:
        handle.remove()
    channels = sum(
        layer.get_parameter("weight").shape[0] for layer in model.modules() if isinstance(layer, kinds)
    )
    return {"parameters": sum(p.numel() for p in model.parameters()), "macs": macs, "channels": channels}


def _info(
    model: nn.Module, pruned: nn.Module, before: dict[str, int], after: dict[str, int]
) -> dict[str, Any]:
    """What the step tells, as JSON values."""
    layers = [
        {"name": name, "before": parameter.shape[0], "after": pruned.get_parameter(name).shape[0]}
        for name, parameter in model.named_parameters()
        if name.endswith("weight") and parameter.dim() > 1
    ]
    return {
        "parameters_before": before["parameters"],
        "parameters": after["parameters"],
        "macs_before": before["macs"],
        "macs": after["macs"],
        "channels_before": before["channels"],
        "channels": after["channels"],
        "layers": layers,
    }
