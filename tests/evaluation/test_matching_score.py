"""Protocols and scores of pairs, against answers worked by hand."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from napari_jcc.errors import InputError
from napari_jcc.evaluation.matching.pairs import MatchingPair, PairImage
from napari_jcc.evaluation.matching.score import PairScore, score_pair, summarise
from napari_jcc.matching.baselines import IdentityMatcher, PairMatch


@dataclass
class ShiftMatcher:
    """Moves every point; remembers what it was shown."""

    by: tuple[float, float]
    masks: tuple | None = None
    name: str = "shift"

    def match(self, source, target):
        self.shown = source
        find_masks = None if self.masks is None else lambda: self.masks
        return PairMatch(lambda points: points + self.by, find_masks=find_masks)


def save(path, values):
    Image.fromarray(np.asarray(values, np.uint8)).save(path)
    return path


@pytest.fixture
def pair(tmp_path):
    """Source 448 x 224 (width x height); four points, their box is 100 x 40."""
    ramp = np.tile(np.arange(448) // 2, (224, 1))
    points = np.array([[0.0, 0.0], [100, 0], [100, 40], [0, 40]])
    source = PairImage(save(tmp_path / "a.png", ramp), points, np.array([0, 0, 200, 90.0]))
    target = PairImage(save(tmp_path / "b.png", ramp), points.copy())
    return MatchingPair("p", "c", source, target)


def test_the_same_error_by_every_rule(pair):
    # 12 pixels in x are 6 of 224; the boxes are 100 and 200 long.
    scores = score_pair(
        ShiftMatcher((12, 0)), pair, ["willow-224", "willow-box", "spair-box", "landmarks"]
    ).measures
    assert [scores[f"willow-224 PCK@{a}"] for a in (0.05, 0.1, 0.15)] == [1, 1, 1]
    assert [scores[f"willow-box PCK@{a}"] for a in (0.05, 0.1, 0.15)] == [0, 0, 1]
    assert [scores[f"spair-box PCK@{a}"] for a in (0.05, 0.1, 0.15)] == [0, 1, 1]
    assert scores["landmarks error/px"] == 12
    assert scores["landmarks error/% of width"] == pytest.approx(100 * 12 / 448)


def test_part_of_the_points(pair):
    truth = pair.source.points.copy()
    truth[0] += (0, 30)
    moved = replace(pair, source=replace(pair.source, points=truth))
    # One of four is 30 pixels off; .1 of the box of the points, 100 x 40, is 10.
    measures = score_pair(ShiftMatcher((0, 0)), moved, ["willow-box"]).measures
    assert measures["willow-box PCK@0.1"] == 0.75


def test_a_flipped_source_is_shown_mirrored_and_the_answer_mirrored_back(pair):
    width = 448
    truth = pair.target.points * (-1, 1) + (width - 1, 0)
    flipped = replace(pair, source=replace(pair.source, points=truth), flipped=True)
    matcher = ShiftMatcher((0, 0))
    measures = score_pair(matcher, flipped, ["landmarks"]).measures
    assert measures["landmarks error/px"] == 0
    np.testing.assert_array_equal(matcher.shown, pair.source.image()[:, ::-1])


def test_flow_of_the_identity(pair, tmp_path):
    flow = np.zeros((224, 448, 2), "<f4")
    flow[:, :112] = 100
    flow[:, 112:224] = 1e10  # no truth
    head = np.float32(202021.25).tobytes() + np.array([448, 224], "<i4").tobytes()
    (tmp_path / "f.flo").write_bytes(head + flow.tobytes())
    dense = replace(pair, flow_path=tmp_path / "f.flo")
    measures = score_pair(IdentityMatcher(), dense, ["tss-flow"]).measures
    assert measures["tss-flow flow"] == pytest.approx(2 / 3)


def test_masks_are_scored_where_there_are_some(pair, tmp_path):
    half = np.zeros((224, 448), bool)
    half[:, :224] = True
    masked = replace(
        pair,
        source=replace(pair.source, mask_path=save(tmp_path / "m.png", half * 255)),
        target=replace(pair.target, mask_path=save(tmp_path / "n.png", half * 255)),
    )
    matcher = ShiftMatcher((0, 0), masks=(half, np.zeros_like(half)))
    measures = score_pair(matcher, masked, ["landmarks"]).measures
    assert (measures["mask P"], measures["mask J"]) == (0.75, 0.5)
    flipped = score_pair(matcher, replace(masked, flipped=True), ["landmarks"]).measures
    assert (flipped["mask P"], flipped["mask J"]) == (0.25, 0)
    assert "mask P" not in score_pair(matcher, pair, ["landmarks"]).measures


def test_what_a_protocol_lacks(pair):
    with pytest.raises(InputError, match="no protocol 'pck'"):
        score_pair(IdentityMatcher(), pair, ["pck"])
    with pytest.raises(InputError, match="has no flow"):
        score_pair(IdentityMatcher(), pair, ["tss-flow"])
    boxless = replace(pair, source=replace(pair.source, box=None))
    with pytest.raises(InputError, match="has no box"):
        score_pair(IdentityMatcher(), boxless, ["spair-box"])


def test_summary_by_category_and_over_all_pairs():
    scores = [PairScore("1", "x", {"m": 1.0}), PairScore("2", "x", {"m": 0.0})]
    scores.append(PairScore("3", "y", {"m": 1.0}))
    summary = summarise(scores)
    assert summary["x"]["m"].mean == 0.5
    assert summary["y"]["m"] == (1, 1, 1)
    assert summary["all"]["m"].mean == pytest.approx(2 / 3)
    assert summary["all"]["m"].low < 2 / 3 < summary["all"]["m"].high
