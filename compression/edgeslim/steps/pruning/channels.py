"""Structured pruning: whole channels, by dependency graph."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from edgeslim.errors import RecipeError
from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, Effect, Need, NeedsByParameters, StepContext, TorchStep, Trait
from edgeslim.steps.pruning.fields import needs_of, signal

if TYPE_CHECKING:
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
    """Remove whole channels, so that the network is really smaller and faster.

    Layers coupled by residuals, concatenations or depthwise convolutions lose the same channels together.
    Those that feed the network's outputs, and those whose channels are split or rearranged, keep theirs.
    """

    name: ClassVar[str] = "channel_pruning"
    group: ClassVar[str] = "pruning"
    source: ClassVar[str] = (
        "Fang et al. 2023, arXiv 2301.12900; Taylor: Molchanov et al. 2019, arXiv 1906.10771; FPGM: He et al. 2019, "
        "arXiv 1811.00250; reconstruction: He et al. 2017, arXiv 1707.06168"
    )
    changes: ClassVar[frozenset[Effect]] = frozenset({"file", "download", "memory", "latency", "accuracy"})
    needs: ClassVar[frozenset[Need]] = cast(Any, NeedsByParameters(("calibration",), _needs))
    destroys: ClassVar[frozenset[Trait]] = TorchStep.destroys | {"pattern"}

    ratio: float = param(
        0.3, search=(0.05, 0.6), low=0.0, high=0.9, unit="fraction", help="How much of the target to remove."
    )
    target: str = param(
        "channels",
        search=("macs", "channels"),
        choices=TARGETS,
        help="What the ratio counts: channels that can go, MACs, parameters, bytes of the file, or latency as a table "
        "of operators' costs estimates it.",
    )
    importance: str = param(
        "l2",
        search=("taylor", "l2"),
        choices=IMPORTANCES,
        help="Which channels matter: size of weights (l1, l2, lamp), BatchNorm scale, distance from the others (fpgm), "
        "change of the outputs by gradients (taylor), or chance.",
    )
    signal: str = signal()
    scope: str = param(
        "global",
        search=("global", "uniform"),
        choices=SCOPES,
        help="Rank channels over the whole network, take the same part of every layer, or take where a measurement "
        "shows that the outputs change least for what is saved.",
    )
    reconstruct: str = param(
        "auto",
        search=("always", "auto"),
        choices=("auto", "always", "never"),
        help="Fit each layer's weights to what it gave before, by least squares on calibration images. Auto: where "
        "BatchNorm is folded into the convolutions.",
    )
    max_ratio: float = param(
        0.7, low=0.1, high=0.95, unit="fraction of channels", help="At most this part of one layer."
    )
    round_to: int = param(4, low=1, high=64, unit="channels", help="Keep a multiple of so many channels.")
    images: int = fields.images()

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives parameters and MACs before and after, and the channels of every layer.

        For a target in bytes or latency, also these; latency is an estimate. Raises RecipeError: 'no_channels_to_prune',
        'no_batch_norm', and as `passes`; InfeasibleError (code 'target_unreachable').
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
            raise self._nothing()
        output_probe = self._answers(scored, context)
        choose = self._choice(scored, groups, output_probe, example, context)

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
        if output_probe is not None and self._reconstructs(model):
            samples = sampled(scored, output_probe, context.seed, self.name)
            left = survivors(scored, groups, places)
            fitted = reconstruct(pruned, samples, left, output_probe.images, context.progress)
            context.info["reconstructed_layers"] = fitted
        context.info.update(summary(model, pruned, before, measured(pruned, example, self.target)))
        return pruned

    def _reconstructs(self, model: nn.Module) -> bool:
        from torch import nn

        folded = not any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in model.modules())
        return self.reconstruct == "always" or (self.reconstruct == "auto" and folded)

    def _answers(self, model: fx.GraphModule, context: StepContext) -> OutputProbe | None:
        """The network on calibration images, where anything is looked at; on fewer if memory holds no more."""
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
        output_probe: OutputProbe | None,
        example: Tensor,
        context: StepContext,
    ) -> Chooser:
        """What to remove for which part of the target. Groups that cannot be scored are left alone."""
        from edgeslim.steps.pruning import channel_choice as choice
        from edgeslim.steps.pruning.channel_groups import costs
        from edgeslim.steps.pruning.channel_scores import input_means, sensitivity

        reconstructs = output_probe is not None and self._reconstructs(model)
        means = input_means(model, groups, output_probe.images) if output_probe and reconstructs else None
        found = self._scores(model, groups, output_probe, means, context)
        known = [index for index, score in enumerate(found) if score is not None]
        if not known:
            raise self._no_batch_norm()
        chosen = [groups[index] for index in known]
        scores = [score for score in found if score is not None]
        prices = [float(group.parts) for group in chosen]
        if self.target != "channels" and (self.scope == "sensitivity" or self.importance == "taylor"):
            prices = costs(model, chosen, example, macs=self.target in ("macs", "latency"))
        if self.scope == "sensitivity":
            assert output_probe is not None, "what is measured is looked at"
            curves = sensitivity(chosen, scores, means, output_probe, self.max_ratio, context.progress)
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
        output_probe: OutputProbe | None,
        means: Means | None,
        context: StepContext,
    ) -> Sequence[Tensor | None]:
        from edgeslim.steps.pruning.channel_scores import by_gradients, by_weights
        from edgeslim.steps.pruning.gradients import passes

        if self.importance != "taylor":
            return by_weights(groups, self.importance, context.seed)
        if self.signal == "outputs" and output_probe is not None:
            return by_gradients(groups, output_probe.passes(context.seed, self.name), means)
        labelled = passes(model, context, self.signal, self.images, self.name)
        return by_gradients(groups, labelled, means)

    def _no_batch_norm(self) -> RecipeError:
        return RecipeError(
            "no_batch_norm",
            "The model has no BatchNorm scales to rank channels by: its convolutions contain them.",
            "Choose another importance, such as taylor.",
            step=self.name,
        )

    def _nothing(self) -> RecipeError:
        return RecipeError(
            "no_channels_to_prune",
            "Every layer feeds an output, a split or a recurrent layer: no channel can be removed.",
            "Leave out channel_pruning; magnitude_pruning works on any weights.",
            step=self.name,
        )
