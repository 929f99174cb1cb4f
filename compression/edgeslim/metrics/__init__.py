"""Metrics: pure functions from predictions, outputs or files to figures. Fractions are 0–1, sizes bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray64 = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
