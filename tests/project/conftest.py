"""Projects that are quick to make."""

import numpy as np
import pytest
from PIL import Image

from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.interaction.edit import OBJECT, ImageKey
from napari_jcc.interaction.edits import Edits
from napari_jcc.project import Project, describe_inputs
from results_samples import empty_image_result, image_result, result_of


@pytest.fixture
def photos(tmp_path):
    """A folder of three small images, in two subfolders."""
    folder = tmp_path / "work" / "photos"
    for number, name in enumerate(["cow", "herd/calf", "fog"]):
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 255, (12, 20, 3), np.uint8)
        Image.fromarray(noise).save(path)
    return folder


@pytest.fixture
def project(photos):
    """A session with result, edits and statuses."""
    config = apply_overrides(get_preset("paper"), ["problem.nu=0.25"])
    images = [image_result("cow"), image_result("herd/calf", box_score=0.5)]
    inputs = describe_inputs(ImageCollection.from_folder(photos, recursive=True))
    cow, fog, _ = (ImageKey(image.name, image.fingerprint) for image in inputs)
    painted = np.zeros((12, 20), bool)
    painted[0, :4] = True
    edits = Edits().paint(cow, painted, OBJECT).fix_box(fog, (12, 20), [1, 2, 8, 9])
    return Project(
        inputs=inputs,
        config=config,
        preset="paper",
        result=result_of(
            *images,
            empty_image_result(),
            skipped={"x.txt": "no image"},
            measured={"saliency.object_width": 0.1, "saliency.polarity": "darker"},
        ),
        edits=edits,
        statuses={"cow": "edited", "fog": "flagged"},
    )
