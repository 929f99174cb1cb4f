"""One rendering process: arguments SEED START STOP, a packed part on standard output."""

from __future__ import annotations

import sys

from edgeslim.datasets.street_signs.packed import Packed
from edgeslim.datasets.street_signs.scene import render_scene

seed, start, stop = map(int, sys.argv[1:])
scenes = ((index, render_scene(seed, index)) for index in range(start, stop))
sys.stdout.buffer.write(Packed.of(scenes).to_bytes())
