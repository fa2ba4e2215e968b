"""Several objects an image, written to files and read back."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from napari_jcc import JccConfig, JccResult
from napari_jcc.errors import InputError
from napari_jcc.evaluation.boxes import read_boxes
from napari_jcc.results import read_result, write_result
from napari_jcc.results.result import bare_image


def test_objects_keep_their_numbers_boxes_and_scores(tmp_path, monkeypatch):
    instances = np.zeros((20, 30), np.int32)
    instances[2:6, 3:9], instances[10:18, 20:25] = 1, 2
    boxes = np.array([[3, 2, 9, 6], [20, 10, 25, 18]], np.float32)
    several = replace(
        bare_image("a", mask=instances > 0, box=boxes[1], score=0.6),
        instances=instances,
        instance_boxes=boxes,
        instance_scores=np.array([0.4, 0.6], np.float32),
    )
    none = bare_image("b", mask=np.zeros((5, 5), bool))
    write_result(JccResult((several, none), JccConfig()), tmp_path / "out")

    with Image.open(tmp_path / "out/instances/a.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), instances)
    assert not (tmp_path / "out/instances/b.png").exists()
    np.testing.assert_allclose(read_boxes(tmp_path / "out/boxes.csv")["a"], boxes)
    # Pillow refuses to open pictures of twice as many pixels.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    back, empty = read_result(tmp_path / "out").result.images
    monkeypatch.undo()
    np.testing.assert_array_equal(back.labels, instances)
    np.testing.assert_allclose(back.boxes, boxes)
    np.testing.assert_allclose(back.scores, [0.4, 0.6], atol=1e-6)
    assert back.box_score == np.float32(0.6)
    assert len(empty.boxes) == 0
    assert empty.instances is None

    # A result of one object an image takes the place of it, numbers included.
    write_result(JccResult((none,), JccConfig()), tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out/instances").exists() or not any(
        (tmp_path / "out/instances").iterdir()
    )


def test_a_result_with_settings_of_another_version_is_read(tmp_path):
    image = bare_image("a", mask=np.eye(5, dtype=bool))
    config = JccConfig.model_validate({"problem": {"nu": 0.2}})
    measured = {"saliency.object_width": 0.1, "saliency.polarity": "darker"}
    result = JccResult((image,), config, measured=measured)
    write_result(result, tmp_path / "out")
    record = tmp_path / "out/run.json"
    values = json.loads(record.read_text())
    values["config"]["prior"]["gone"] = 1
    record.write_text(json.dumps(values))
    back = read_result(tmp_path / "out").result
    assert (back.config, back.measured) == (config, measured)
    np.testing.assert_array_equal(back.images[0].mask, np.eye(5, dtype=bool))


def test_a_file_in_place_of_a_folder_of_results_is_named_so(tmp_path):
    (tmp_path / "cows.jcc").write_bytes(b"")
    with pytest.raises(InputError, match=r"cows\.jcc is a file\. Give the folder"):
        read_result(str(tmp_path / "cows.jcc"))
