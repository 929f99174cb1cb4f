"""Training goes on from an ONNX file: the imported graph has the same loss, and learns as a module does."""

from __future__ import annotations

import numpy as np
import torch

from edgeslim.datasets.street_signs.scene import render_scene
from edgeslim.detections import Annotations
from edgeslim.export.onnx import export_training_form
from edgeslim.models.families.fcos import Fcos
from edgeslim.models.sample_networks import Size, StreetSignNetwork, street_sign_spec
from edgeslim.models.torch_graph import to_torch
from edgeslim.training.data import Examples, normalise
from edgeslim.training.loop import train
from edgeslim.training.settings import TrainSettings

SPEC = street_sign_spec()
OUTPUTS = ("classes_8", "boxes_8", "classes_16", "boxes_16")


def test_a_network_read_back_from_onnx_has_the_same_loss_and_goes_on_learning() -> None:
    scenes = [render_scene(5, index) for index in range(8)]
    targets = tuple(Annotations.of(scene.boxes, scene.classes) for scene in scenes)
    examples = Examples(np.stack([scene.image for scene in scenes]), targets)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = StreetSignNetwork(Size(widths=(8, 8, 16, 16, 16), blocks=(1, 1, 1, 1), neck=16)).eval()
    model = export_training_form(network, (1, 3, 192, 288), "image", OUTPUTS)
    imported = to_torch(model).eval()
    images = normalise(torch.from_numpy(examples.pixels).float(), SPEC)
    with torch.no_grad():
        before = float(Fcos().loss(network(images), targets, SPEC))
        again = float(Fcos().loss(list(imported(images)), targets, SPEC))
        swapped = float(Fcos().loss(list(reversed(imported(images))), targets, SPEC))
    assert abs(again - before) < 1e-4 * before
    assert swapped == again
    settings = TrainSettings(steps=20, batch=8, learning_rate=6e-3, warmup_steps=2, augment=False)
    train(imported, examples, SPEC, settings)
    with torch.no_grad():
        after = float(Fcos().loss(list(imported.train()(images)), targets, SPEC))
    assert after < 0.9 * before
