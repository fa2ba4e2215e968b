"""Images that show something else than the rest of their set are named."""

from itertools import combinations
from types import SimpleNamespace

from napari_jcc.collection.turns import AS_IS
from napari_jcc.config import MatchConfig
from napari_jcc.matching.odd_images import odd_images
from napari_jcc.matching.outputs import MatchResult
from napari_jcc.matching.outputs.result import (
    describe_doubts,
    describe_odd,
    doubtful_images,
)

NAMES = tuple("abcdefgh")


def pairs_of(kinds, same=0.5, other=0.05, agreement=0.5):
    """All pairs of images of kinds given by letters, such as cows and cars."""
    return [
        SimpleNamespace(
            source=source,
            target=target,
            instance=1,
            inlier_share=same if kinds[source] == kinds[target] else other,
            agreement=same if kinds[source] == kinds[target] else agreement,
            usual_agreement=same,
            turns=(AS_IS, AS_IS),
        )
        for source, target in combinations(range(len(kinds)), 2)
    ]


def test_an_image_of_another_kind_is_named_and_the_rest_is_not():
    pairs = pairs_of("xxxyxx")
    assert doubtful_images(pairs) == [3]
    text = describe_doubts(NAMES, pairs)
    assert text.startswith("1 of 6 images hardly match the others: d. ")
    assert "leave them out" in text


def test_a_set_of_one_kind_has_no_doubts():
    assert describe_doubts(NAMES, pairs_of("xxxxx", same=0.15)) == ""
    assert describe_doubts(NAMES, []) == ""


def test_a_set_with_nothing_in_common_is_doubted_as_a_whole():
    text = describe_doubts(NAMES, pairs_of("uvwxyzst"))
    assert text.startswith("8 of 8 images hardly match the others: a, b, c, d, e and 3 ")
    assert "no object in common" in text


def test_pairs_to_a_template_name_the_image_that_does_not_match_it():
    pairs = [pair for pair in pairs_of("xxyxx") if pair.source == 0]
    assert doubtful_images(pairs) == [2]


def test_images_turned_the_other_way_are_named_though_their_points_come_back():
    def odd(kinds):
        return odd_images(pairs_of(kinds, other=0.5, agreement=0.2))

    assert odd("xxxyxx") == [3]
    assert odd("xyxyxy") == [0, 2, 4]  # one of the two groups
    assert odd("xxxxxx") == []
    pairs = pairs_of("xxyx", other=0.5, agreement=0.2)
    assert odd_images([pair for pair in pairs if pair.source == 0]) == [2]
    # A template that is turned itself; what is usual comes from the other pairs.
    assert odd_images([pair for pair in pairs if 2 in (pair.source, pair.target)]) == [2]
    text = describe_odd(NAMES, pairs)
    assert text.startswith("1 of 4 images agree with the others less than 50% ")
    assert ": c. " in text
    assert "--facing any" in text
    tried = describe_odd(NAMES, pairs, "any")
    assert "mirrored" not in tried
    assert "They may show something else" in tried


def test_doubts_are_the_notes_of_a_result():
    found = MatchResult(
        NAMES[:6], pairs_of("xxxyxx", agreement=0.2), None, MatchConfig(), {}
    )
    # Once, though it also agrees less than is usual.
    assert found.notes == [describe_doubts(NAMES, found.pairs)]
    turned = pairs_of("xxxyxx", other=0.5, agreement=0.2)
    told = MatchResult(NAMES[:6], turned, None, MatchConfig(), {}).notes
    assert told == [describe_odd(NAMES, turned)]
    plain = MatchResult(NAMES[:3], pairs_of("xxx"), None, MatchConfig(), {})
    assert plain.notes == []
