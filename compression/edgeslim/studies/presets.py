"""Ready-made lists of recipes, as data; each is cut to what a model and its data can take."""

from __future__ import annotations

from edgeslim.studies.ingredients import (
    AWARE,
    BINARY,
    CHANNELS_BY_L2,
    CODEBOOK,
    FAST,
    FLOAT16,
    FOUR_BITS,
    MATCH,
    MIXED,
    NAIVE,
    ROBUST,
    SAMPLE_CHANNELS,
    SMALL_AND_FAST,
    TERNARY,
    alone,
    channels,
    distil,
    int8,
    low_bit,
    low_rank,
    magnitude,
    mixed,
    recipe,
    recovered,
    trained,
    tune,
    with_and_without,
    with_recovery,
)
from edgeslim.studies.preset import PRESETS as PRESETS
from edgeslim.studies.preset import Preset
from edgeslim.studies.preset import fitting as fitting

PRESETS.add(
    Preset(
        "quick",
        (
            recipe("float16", FLOAT16),
            recipe("int8", int8()),
            *with_recovery([], [(0.6, 150, 2e-3)]),
            recipe("tuning alone", tune(100)),
            *with_recovery([(0.6, 120, 2e-3)], []),
            *with_recovery([], [(0.3, 120, 2e-3)]),
            *with_recovery([(0.3, 150, 5e-4)], []),
        ),
        minutes=5,
    )
)
PRESETS.add(
    Preset(
        "break-and-recover",
        (
            recipe("int8", int8()),
            recipe("binary", BINARY),
            *(
                variants
                for sparsity, steps in ((0.8, 200), (0.9, 200), (0.95, 300), (0.98, 300))
                for variants in with_and_without(f"magnitude {sparsity:.0%}", magnitude(sparsity), steps)
            ),
            *with_and_without("channels, by L2 60%", CHANNELS_BY_L2, 200),
            *with_and_without("low rank 70%", low_rank(0.3), 200),
        ),
        minutes=3,
    )
)
PRESETS.add(
    Preset(
        "post-training",
        (
            recipe("float16", FLOAT16),
            recipe("int8, naive", NAIVE),
            recipe("int8, everything", int8(calibration="minmax", keep_float="none")),
            recipe("int8, percentile", int8(calibration="percentile")),
            recipe("int8, entropy", int8(calibration="entropy")),
            recipe("int8, least error", int8(calibration="mse")),
            recipe("int8", int8()),
            recipe("int8, first float", int8(keep_float="first_and_outputs")),
            recipe("int8, first and depthwise float", int8(keep_float="first_depthwise_and_outputs")),
            recipe("int8, robust", ROBUST),
            recipe("6 bits", low_bit(6)),
            recipe("4 bits", low_bit(4)),
            recipe("mixed bits", MIXED),
            recipe("mixed bits + int8, robust", MIXED, ROBUST),
            recipe("codebook of 16", CODEBOOK),
        ),
    )
)
PRESETS.add(
    Preset(
        "label-free",
        (
            recipe("int8, robust", ROBUST),
            recipe("int8, trained", AWARE[1]),
            recipe("mixed bits", MIXED),
            recipe("4 bits, trained", FOUR_BITS[1]),
            *(
                recipe(f"{name} + {recovery}", cut, *steps)
                for name, cut in (
                    ("magnitude 40%", magnitude(0.4)),
                    ("magnitude 60%", magnitude(0.6)),
                    ("channels 10%", channels(0.1)),
                    ("channels 20%", channels(0.2)),
                    ("low rank 30%", low_rank(0.7)),
                )
                for recovery, steps in (("statistics", [MATCH]), ("distilled", [MATCH, distil(300)]))
            ),
            recipe("channels 20% + distilled + int8, robust", channels(0.2), MATCH, distil(300), ROBUST),
            recipe(
                "magnitude 60% + distilled + codebook of 16", magnitude(0.6), MATCH, distil(300), CODEBOOK
            ),
        ),
    )
)
PRESETS.add(
    Preset(
        "deep-compression",
        (
            recipe("tuning alone", tune(500)),
            recipe("codebook of 16", CODEBOOK),
            *(
                recovered(
                    f"magnitude {sparsity:.0%}",
                    [magnitude(sparsity)],
                    steps,
                    "codebook of 16",
                    (CODEBOOK, CODEBOOK),
                )
                for sparsity, steps in ((0.4, 300), (0.6, 300), (0.7, 400), (0.8, 500), (0.9, 800))
            ),
        ),
    )
)
PRESETS.add(
    Preset(
        "edge-int8",
        (
            recipe("tuning alone", tune(500)),
            recipe("int8, robust", ROBUST),
            alone("int8, trained", AWARE),
            *(
                recovered(f"channels {ratio:.0%}", [channels(ratio)], steps, name, storing)
                for ratio, steps in ((0.1, 300), (0.2, 500), (0.4, 800), (0.6, 1000))
                for name, storing in (("int8, robust", (ROBUST, ROBUST)), ("int8, trained", AWARE))
            ),
        ),
    )
)
PRESETS.add(
    Preset(
        "techniques",
        (
            recipe("float16", FLOAT16),
            recipe("int8", int8()),
            recipe("mixed bits", MIXED),
            recipe("codebook of 16", CODEBOOK),
            *SMALL_AND_FAST,
            recipe("int8, robust", ROBUST),
            recipe("low rank 30%", low_rank(0.7)),
            *(recovered(f"low rank {1 - keep:.0%}", [low_rank(keep)], 200) for keep in (0.7, 0.5)),
            *(recovered(f"channels {r:.0%}", [channels(r)], 200) for r in (0.2, 0.4)),
            recovered("magnitude 50%", [magnitude(0.5)], 200),
        ),
    )
)
PRESETS.add(
    Preset(
        "tiny",
        (
            recipe("tuning alone", tune(500)),
            recipe("4 bits", low_bit(4)),
            alone("4 bits, trained", FOUR_BITS),
            *(
                recovered(
                    f"channels {ratio:.0%} + low rank {1 - keep:.0%}",
                    [channels(ratio), low_rank(keep)],
                    steps,
                    name,
                    storing,
                )
                for ratio, keep, steps in ((0.2, 0.8, 500), (0.4, 0.7, 800), (0.6, 0.6, 1000))
                for name, storing in (("4 bits", (low_bit(4), low_bit(4))), ("4 bits, trained", FOUR_BITS))
            ),
        ),
    )
)
PRESETS.add(
    Preset(
        "one-bit",
        (
            recipe("binary", BINARY),
            alone("binary, trained", trained(low_bit(1, scheme="binary", rounding="trained"), 400)),
            recipe("ternary", TERNARY),
            alone("ternary, trained", trained(low_bit(2, scheme="ternary", rounding="trained"), 400)),
            recipe("2 bits", low_bit(2)),
            alone("2 bits, trained", trained(low_bit(2, rounding="trained"), 400)),
        ),
    )
)
PRESETS.add(
    Preset(
        "sample",
        (
            recipe("float16", FLOAT16),
            recipe("int8, naive", NAIVE),
            recipe("int8", int8()),
            recipe("tuning alone", tune(500)),
            recipe("mixed bits", MIXED),
            *SMALL_AND_FAST,
            *with_recovery(
                [(0.3, 400, 5e-4), (0.5, 400, 1e-3), (0.7, 500, 2e-3), (0.9, 800, 2e-3)],
                SAMPLE_CHANNELS,
            ),
            recipe("low rank 30% + tuning", low_rank(0.7), tune(500, 2e-3)),
            recipe("low rank 30% + tuning + mixed bits + int8", low_rank(0.7), tune(500, 2e-3), MIXED, FAST),
            recipe("mixed bits, 2", mixed(2.0)),
            recipe("binary", BINARY),
            *(
                recipe(
                    f"channels {ratio:.0%} + tuning + {then}", channels(ratio), tune(steps, rate), *storing
                )
                for ratio, steps, rate in SAMPLE_CHANNELS
                for then, storing in (
                    ("mixed bits, 2.5", [mixed(2.5)]),
                    ("mixed bits, 2 + int8", [mixed(2.0), FAST]),
                )
            ),
            *(
                recipe(f"channels 60% + tuning + {then}", channels(0.6), tune(1000, 2e-3), storing)
                for then, storing in (("ternary", TERNARY), ("binary", BINARY))
            ),
        ),
    )
)
