"""Recovery by matching channel statistics, without gradients."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeslim.errors import RecipeError
from edgeslim.params import param
from edgeslim.steps.base import STEPS, StepContext, TorchStep
from edgeslim.steps.images import calibration_images, evenly_spaced

if TYPE_CHECKING:
    from torch import fx, nn

    from edgeslim.steps.recovery.channel_moments import UnitPair

COMPARED = 8
"""Number of images on which outputs are compared before and after, for `context.info`."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class MatchStatistics(TorchStep):
    """Give every channel of every layer the mean and variance it has in the original, without labels or gradients.

    Layers are corrected in order, each on the outputs of the corrected layers before it. Only scales and biases change:
    zeros, size and speed do not. Where channels were removed, the remaining ones are matched.
    """

    name = "match_statistics"
    group = "training"
    source = "Nagel et al. 2019, arXiv 1906.04721 (means); Jordan et al. 2022, arXiv 2211.08403 (means and variances)"
    changes = frozenset({"accuracy"})
    needs = frozenset({"calibration"})
    recovers = True

    images: int = param(
        64,
        low=1,
        high=1024,
        unit="images",
        help="Number of calibration images over which statistics are measured.",
    )
    variance: bool = param(True, help="Match variances too; otherwise only means.")
    last_layers: str = param(
        "means",
        choices=("means", "leave", "like_others"),
        help="Treatment of the layers that compute the network's outputs.",
    )

    def apply(self, model: nn.Module, context: StepContext) -> nn.Module:
        """`context.info` receives the number of matched layers, the others with reasons, and the output error.

        The output error is the mean squared difference from the original relative to the original's variance. Raises
        RecipeError (code 'nothing_to_match').
        """
        from torch import fx

        from edgeslim.steps.recovery.channel_moments import original_moments, pair_up
        from edgeslim.steps.torch_network.running import Images, affordable, original_network
        from edgeslim.steps.torch_network.units import units_of

        assert isinstance(model, fx.GraphModule), "statistics are matched on an imported graph"
        split = calibration_images(context.calibration, self.name)
        matched, original = copy.deepcopy(model).eval(), original_network(context.original)
        matched.requires_grad_(False)
        units, others = units_of(matched), units_of(original)
        pairs, left = pair_up(units, others)
        if self.last_layers == "leave":
            left += [
                {"name": p.compressed.name, "reason": "last"} for p in pairs if p.compressed.feeds_output
            ]
            pairs = [pair for pair in pairs if not pair.compressed.feeds_output]
        if not pairs:
            raise RecipeError("nothing_to_match", step=self.name)
        images = Images([split], context.spec)
        count = min(affordable(net, images.take([0]), self.images) for net in (matched, original))
        indices = evenly_spaced(len(images), count)
        before = _error(matched, original, images, indices)
        moments = original_moments(original, others, images, indices, context.progress)
        self._match(matched, pairs, moments, [images.take([index]) for index in indices], context)
        matched.requires_grad_(True)
        context.info.update(
            images=len(indices),
            layers_matched=len(pairs),
            layers_left=left,
            error_before=before,
            error=_error(matched, original, images, indices),
        )
        return matched

    def _match(
        self,
        module: fx.GraphModule,
        pairs: list[UnitPair],
        moments: dict[str, Any],
        images: list[Any],
        context: StepContext,
    ) -> None:
        from edgeslim.steps.recovery.channel_moments import match
        from edgeslim.steps.torch_network.running import walk

        ends = {pair.compressed.end: pair for pair in pairs}

        def visit(node: fx.Node, values: list[Any]) -> list[Any]:
            pair = ends.get(node)
            if pair is None:
                return values
            wanted = moments[pair.original.name].of(pair.channels)
            last = pair.compressed.feeds_output and self.last_layers == "means"
            return match(pair.compressed, values, wanted, variance=self.variance and not last)

        walk(module, images, visit, context.progress)


def _error(compressed: nn.Module, original: nn.Module, images: Any, indices: list[int]) -> float | None:
    """Mean squared difference of the outputs relative to the original's variance; None if it is not finite."""
    from edgeslim.steps.distillation.output_loss import relative_error
    from edgeslim.training.network import Network

    chosen = images.take(indices[:: -(-len(indices) // COMPARED)])
    example = chosen[:1]
    return relative_error(Network(compressed, example), Network(original, example), chosen)
