"""Structured pruning: whole channels, by dependency graph."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.errors import RecipeError
from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, Need, StepContext, TorchStep, needs_by
from edgeslim.steps.onnx_layers.layers import LINEAR, RECURRENT
from edgeslim.steps.pruning.fields import needs_of, signal

if TYPE_CHECKING:
    import onnx
    from torch import Tensor, fx, nn

    from edgeslim.steps.pruning.channel_choice import Chooser
    from edgeslim.steps.pruning.channel_groups import ChannelGroup
    from edgeslim.steps.pruning.channel_scores import Means
    from edgeslim.steps.pruning.gradients import OutputProbe

SCOPES = ("global", "uniform", "sensitivity")
TARGETS = ("channels", "macs", "parameters", "bytes", "latency")
IMPORTANCES = ("l2", "l1", "bn_scale", "lamp", "fpgm", "taylor", "random")


def _needs(step: ChannelPruning) -> Iterator[Need]:
    if step.importance == "taylor":
        yield from needs_of(step.signal)
    if step.reconstruct != "never" or step.scope == "sensitivity":
        yield "calibration"


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelPruning(TorchStep):
    """Remove whole channels, so that the network itself is smaller and faster.

    Layers coupled by residuals, concatenations or depthwise convolutions lose the same channels together. Layers that
    feed the network's outputs, and layers whose channels are split or rearranged, keep all channels.
    """

    name = "channel_pruning"
    group = "pruning"
    source = (
        "Fang et al. 2023, arXiv 2301.12900; Taylor: Molchanov et al. 2019, arXiv 1906.10771; FPGM: He et al. 2019, "
        "arXiv 1811.00250; reconstruction: He et al. 2017, arXiv 1707.06168"
    )
    changes = frozenset({"file", "download", "memory", "latency", "accuracy"})
    needs = needs_by(_needs)
    destroys = TorchStep.destroys | {"pattern"}

    ratio: float = param(
        0.3, search=(0.05, 0.6), low=0.0, high=0.9, unit="fraction", help="Share of the target to remove."
    )
    target: str = param(
        "channels",
        search=("macs", "channels"),
        choices=TARGETS,
        help="What the ratio counts: removable channels, MACs, parameters, bytes of the file, or latency, estimated from "
        "a table of operator costs (it is measured afterwards).",
    )
    importance: str = param(
        "l2",
        search=("taylor", "l2"),
        choices=IMPORTANCES,
        help="How the importance of a channel is scored: by its weights (l1, l2, lamp), its BatchNorm scale, its "
        "distance from the other filters (fpgm), the change of the outputs by gradients (taylor), or at random.",
    )
    signal: str = signal()
    scope: str = param(
        "global",
        search=("global", "uniform"),
        choices=SCOPES,
        help="global: rank channels over the whole network; uniform: remove the same share of every layer; sensitivity: "
        "remove where a measurement shows the least change of the outputs for what is saved.",
    )
    reconstruct: str = param(
        "auto",
        search=("always", "auto"),
        choices=("auto", "always", "never"),
        help="Fit the weights of each layer to its former outputs by least squares on calibration images, without "
        "labels. auto: where BatchNorm is folded into the convolutions.",
    )
    max_ratio: float = param(
        0.7,
        low=0.1,
        high=0.95,
        unit="fraction of channels",
        help="Largest share of one layer that is removed (not with scope uniform).",
        when=("scope", "global", "sensitivity"),
    )
    round_to: int = param(
        4, low=1, high=64, unit="channels", help="Keep a multiple of this number of channels."
    )
    images: int = fields.images()

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives parameters and MACs before and after, and the channels of every layer.

        For the targets bytes and latency it also receives these; latency is an estimate. Raises RecipeError:
        'no_channels_to_prune', 'no_batch_norm', and as `passes`; InfeasibleError (code 'target_unreachable').
        """
        import torch
        from torch import fx

        from edgeslim.steps.pruning.channel_groups import Coupling, pruned_copy, survivors
        from edgeslim.steps.pruning.channel_targets import FIGURES, measured, part_for, summary
        from edgeslim.steps.pruning.reconstruction import reconstruct, sampled

        assert isinstance(model, fx.GraphModule), "channel pruning works on an imported graph"
        example = torch.zeros(context.spec.input_shape)
        before = measured(model, example, self.target)
        scored = copy.deepcopy(model).eval().requires_grad_(True)
        groups = Coupling(scored, example).groups()
        if not groups:
            raise RecipeError("no_channels_to_prune", step=self.name)
        probe = self._probe(scored, context)
        choose = self._choice(scored, groups, probe, example, context)

        def removed(part: float) -> float:
            figure = FIGURES.get(self.target, self.target)
            smaller = measured(pruned_copy(model, example, choose(part)), example, self.target)
            return 1 - smaller[figure] / before[figure]

        exact = self.target == "channels" or self.ratio == 0.0
        part = (
            self.ratio if exact else part_for(removed, self.ratio, self.target, context.progress, self.name)
        )
        places = choose(part)
        pruned = pruned_copy(model, example, places)
        if probe is not None and self._reconstructs(model):
            samples = sampled(scored, probe, context.seed, self.name)
            left = survivors(scored, groups, places)
            fitted = reconstruct(pruned, samples, left, probe.images, context.progress)
            context.info["reconstructed_layers"] = fitted
        context.info.update(summary(model, pruned, before, measured(pruned, example, self.target)))
        return pruned

    def _reconstructs(self, model: nn.Module) -> bool:
        from torch import nn

        folded = not any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in model.modules())
        return self.reconstruct == "always" or (self.reconstruct == "auto" and folded)

    def _probe(self, model: fx.GraphModule, context: StepContext) -> OutputProbe | None:
        """The network on calibration images, on fewer if memory requires it; None if no images are needed."""
        import torch

        from edgeslim.steps.pruning.gradients import output_probe
        from edgeslim.steps.torch_network.running import affordable

        by_outputs = self.importance == "taylor" and self.signal == "outputs"
        if not (by_outputs or self.scope == "sensitivity" or self._reconstructs(model)):
            return None
        count = affordable(model, torch.zeros(context.spec.input_shape), self.images)
        return output_probe(model, context, count, self.name)

    def _choice(
        self,
        model: fx.GraphModule,
        groups: list[ChannelGroup],
        probe: OutputProbe | None,
        example: Tensor,
        context: StepContext,
    ) -> Chooser:
        """The chooser of what to remove. Groups that cannot be scored are kept."""
        from edgeslim.steps.pruning import channel_choice as choice
        from edgeslim.steps.pruning.channel_groups import costs
        from edgeslim.steps.pruning.channel_scores import input_means, sensitivity

        reconstructs = probe is not None and self._reconstructs(model)
        means = input_means(model, groups, probe.images) if probe and reconstructs else None
        found = self._scores(model, groups, probe, means, context)
        known = [index for index, score in enumerate(found) if score is not None]
        if not known:
            raise RecipeError("no_batch_norm", step=self.name)
        chosen = [groups[index] for index in known]
        scores = [score for score in found if score is not None]
        prices = [float(group.parts) for group in chosen]
        if self.target != "channels" and (self.scope == "sensitivity" or self.importance == "taylor"):
            prices = costs(model, chosen, example, macs=self.target in ("macs", "latency"))
        if self.scope == "sensitivity":
            assert probe is not None, "measuring sensitivity needs images"
            curves = sensitivity(chosen, scores, means, probe, self.max_ratio, context.progress)
            choose = choice.by_curves(chosen, scores, prices, curves, self.round_to)
        elif self.scope == "uniform":
            choose = choice.uniform(chosen, scores, self.round_to)
        else:
            worth = [score / price for score, price in zip(scores, prices, strict=True)]
            choose = choice.ranked(chosen, worth, prices, self.max_ratio, self.round_to)

        def everywhere(part: float) -> list[list[int]]:
            places: list[list[int]] = [[] for _ in groups]
            for index, removed in zip(known, choose(part), strict=True):
                places[index] = removed
            return places

        return everywhere

    def _scores(
        self,
        model: fx.GraphModule,
        groups: list[ChannelGroup],
        probe: OutputProbe | None,
        means: Means | None,
        context: StepContext,
    ) -> Sequence[Tensor | None]:
        from edgeslim.steps.pruning.channel_scores import by_gradients, by_weights
        from edgeslim.steps.pruning.gradients import passes

        if self.importance != "taylor":
            return by_weights(groups, self.importance, context.seed)
        if self.signal == "outputs" and probe is not None:
            return by_gradients(groups, probe.passes(context.seed, self.name), means)
        labelled = passes(model, context, self.signal, self.images, self.name)
        return by_gradients(groups, labelled, means)

    def check_graph(self, graph: onnx.GraphProto) -> None:
        """Raises RecipeError (code 'no_channels_to_prune') where no layer feeds another one, but for recurrent layers."""
        fed = set[str]()
        for node in graph.node:
            after = any(name in fed for name in node.input)
            if after and node.op_type in LINEAR:
                return
            if node.op_type in LINEAR or (after and node.op_type not in RECURRENT):
                fed.update(node.output)
        raise RecipeError("no_channels_to_prune", step=self.name)
