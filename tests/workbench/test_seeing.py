"""Files are compared on the images that their study scored them on."""

from pathlib import Path

import numpy as np

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.measurement.workload import open_workload


def test_held_out_images_are_left_out_as_in_the_study(tmp_path: Path) -> None:
    store = Store(tmp_path)
    evaluated = open_workload("digits-cnn", "digits", store, held_out=None).evaluation
    images = workbench.Images("digits", held_out=None)
    seen = workbench.scored_images(images, "digits-cnn", store=store)
    assert len(seen.ids) < 450
    assert list(seen.ids) == [evaluated.image_id(place) for place in range(len(evaluated))]
    (image,) = workbench.images_at(images, "digits-cnn", [7], store)
    assert np.array_equal(image, evaluated.image(7))


def test_a_part_is_the_first_of_what_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path)
    whole = workbench.scored_images(workbench.Images("digits", held_out=None), "digits-cnn", store=store)
    part = workbench.scored_images(
        workbench.Images("digits", held_out=None, most=5), "digits-cnn", store=store
    )
    assert part.ids == whole.ids[:5]
    gallery = workbench.scored_images(workbench.Images("digits", split="gallery"), "digits-cnn", store=store)
    assert len(gallery.ids) == 24 and gallery.truths is not None
