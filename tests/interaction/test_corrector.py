from collections import deque
from dataclasses import replace
from itertools import product
from threading import Thread

import cv2
import numpy as np
import pytest

from napari_jcc.config import JccConfig, apply_overrides, get_preset
from napari_jcc.errors import Cancelled, InputError
from napari_jcc.evaluation.metrics import jaccard
from napari_jcc.features.appearance import describe_appearance
from napari_jcc.interaction import (
    BACKGROUND,
    OBJECT,
    Corrector,
    Edits,
    ReopenedCorrector,
    following,
    lay_over,
    superpixel_classifier,
)
from napari_jcc.interaction.answer import rescale_marked
from napari_jcc.interaction.guidance import LEAST_SHARE, Guidance, read_guidance
from napari_jcc.interaction.propagation import MaskPropagator
from napari_jcc.interaction.resegmenter import Resegmenter
from napari_jcc.interaction.spreading import with_prior
from napari_jcc.interaction.superpixel_classifier import SuperpixelClassifier
from napari_jcc.pipeline import Run
from napari_jcc.progress import Progress
from napari_jcc.results.cuts import Cut
from napari_jcc.solvers.osqp_solver import OsqpSolver


def square(shape, rows, columns):
    where = np.zeros(shape, np.bool_)
    where[rows, columns] = True
    return where


def test_without_edits_the_answer_is_the_run_s_own(finished):
    corrector = Corrector(finished)
    settled = corrector.settle()
    assert settled.changed == ()
    assert settled.result.images == finished.result.images


def test_marked_pixels_are_as_marked_after_answer_settle_and_another_run(finished):
    corrector = Corrector(finished)
    key, shape = corrector.keys[1], finished.collection.shape(1)
    edits = Edits().paint(key, square(shape, slice(0, 9), slice(0, 80)), OBJECT)
    edits = edits.paint(key, square(shape, slice(28, 36), slice(30, 50)), BACKGROUND)
    marks = edits.marks(key, shape)
    assert corrector.update(edits) == (1,)
    answers = [corrector.answer(1), corrector.settle().result.images[1]]
    answers.append(lay_over(finished.result, edits, corrector.keys).images[1])
    for answer in answers:
        assert answer.mask[marks == OBJECT].all()
        assert not answer.mask[marks == BACKGROUND].any()


def test_a_stroke_settles_more_than_its_own_pixels(finished):
    corrector = Corrector(finished)
    key, shape = corrector.keys[0], finished.collection.shape(0)
    stroke = square(shape, slice(2, 62), slice(38, 44))
    corrector.update(Edits().paint(key, stroke, BACKGROUND))
    before, after = finished.result.images[0].mask, corrector.answer(0).mask
    assert (before & ~after & ~stroke).any()


def test_marked_superpixels_come_to_the_scale_of_the_others():
    marked = Guidance(np.zeros((1, 3), np.uint8), np.array([0]), np.array([2]), np.ones(3))
    assert rescale_marked(np.array([9.0, 2.0, 1.0]), marked).tolist() == [2, 2, 0]


@pytest.mark.parametrize("kind", [BACKGROUND, OBJECT])
def test_one_stroke_changes_nothing_far_from_it(finished, kind):
    corrector, before = Corrector(finished), finished.result.images[0].mask
    rows, columns = np.nonzero(before)
    if kind == BACKGROUND:  # across the end of the object, and of its own colour
        top, left = rows.min() + 2, columns.min() + 1
        across = square(before.shape, slice(top, top + 6), slice(left, columns.max()))
        stroke = across & before
    else:  # a broad one beside it
        stroke = square(before.shape, slice(0, 10), slice(0, 60))
    edits = Edits().paint(corrector.keys[0], stroke, kind)
    corrector.update(edits)
    away = cv2.distanceTransform((~stroke).astype(np.uint8), cv2.DIST_L2, 5)
    far = away > np.sqrt(stroke.sum() / 2) + 1
    assert (before & far).any()
    answers = [corrector.answer(0), corrector.settle().result.images[0]]
    answers.append(Corrector(finished, edits).settle().result.images[0])  # as by a new run
    for mask in (answer.mask for answer in answers):
        assert (mask[stroke] == (kind == OBJECT)).all()
        np.testing.assert_array_equal(mask[far], before[far])


def test_what_is_prepared_is_not_done_again_and_changes_no_answer(finished, monkeypatch):
    looked = []
    kind = following.Appearance

    def look(image, regions):
        looked.append(image)
        return kind(image, regions)

    monkeypatch.setattr(following, "Appearance", look)
    corrector, plain = Corrector(finished), Corrector(finished)
    corrector.prepare(1)
    before = len(looked)
    assert before == (finished.config.decode.refinement == "colour")
    where = square(finished.collection.shape(1), slice(10, 20), slice(20, 60))
    edits = Edits().paint(corrector.keys[1], where, OBJECT)
    corrector.update(edits)
    corrector.prepare(1)
    answer = corrector.answer(1)
    assert len(looked) == before
    plain.update(edits)
    np.testing.assert_array_equal(answer.mask, plain.answer(1).mask)


def test_what_another_thread_has_just_taken_is_set_up_again(finished):
    class Taken(deque):
        def __len__(self):
            return 1  # when it was looked at

    corrector = Corrector(finished)
    corrector._resegmenter._joint._kept = Taken()
    where = square(finished.collection.shape(1), slice(10, 20), slice(20, 60))
    corrector.update(Edits().paint(corrector.keys[1], where, OBJECT))
    assert corrector.answer(1).mask[where].all()


def test_further_strokes_on_an_image_set_nothing_up_and_are_answered_alike(
    finished, monkeypatch
):
    setups = []
    setup = OsqpSolver.setup
    monkeypatch.setattr(OsqpSolver, "setup", lambda *a: (setups.append(1), setup(*a)))
    corrector, edits, answers = Corrector(finished), Edits(), {}
    corrector.prepare(1)
    for column in (20, 40):
        where = square(finished.collection.shape(1), slice(10, 20), slice(column, 48))
        edits = edits.paint(corrector.keys[1], where, OBJECT)
        corrector.update(edits)
        answers[edits] = corrector.answer(1)
    assert len(setups) == 1
    for drawn, answer in answers.items():
        fresh = Corrector(finished, drawn)
        np.testing.assert_array_equal(answer.mask, fresh.answer(1).mask)


def test_what_is_kept_of_the_image_in_hand_outlasts_lessons_from_others(
    finished, monkeypatch
):
    corrector, edits = Corrector(finished), Edits()
    for place in range(3):
        where = square(finished.collection.shape(place), slice(4, 14), slice(20, 40))
        edits = edits.paint(corrector.keys[place], where, OBJECT)
    corrector.update(edits)
    corrector.prepare(0)
    corrector.settle()
    looked = []
    kind = following.Appearance
    monkeypatch.setattr(following, "Appearance", lambda *a: looked.append(1) or kind(*a))
    more = square(finished.collection.shape(0), slice(20, 24), slice(20, 40))
    corrector.update(edits.paint(corrector.keys[0], more, OBJECT))
    corrector.answer(0)
    assert not looked


def test_images_that_are_not_drawn_on_are_cut_where_the_run_cut_them(tiny_collection):
    config = apply_overrides(
        get_preset("fast"),
        {
            "superpixels.count": 60,
            "features.dimensions": 16,
            "decode.refinement": "smoother",
        },
    )
    run = Run(tiny_collection.open(), config).finish()

    def areas(cut):
        corrector = Corrector(replace(run, cuts=(cut,) * len(run.cuts)))
        key, shape = corrector.keys[0], run.collection.shape(0)
        corner = square(shape, slice(0, 3), slice(0, 3))
        corrector.update(Edits().paint(key, corner, BACKGROUND))
        # The image by itself, then the whole set.
        answers = [corrector.answer(0), *corrector.settle().result.images]
        return [int(answer.mask.sum()) for answer in answers]

    lower, higher = areas(Cut(-0.2)), areas(Cut(0.2))
    assert lower[:2] == higher[:2]
    assert sum(lower[2:]) > sum(higher[2:]) > 0


def test_clearing_gives_the_first_answer_back(finished):
    corrector = Corrector(finished)
    key, shape = corrector.keys[2], finished.collection.shape(2)
    edits = Edits().paint(key, square(shape, slice(0, 20), slice(0, 20)), OBJECT)
    corrector.update(edits)
    first = corrector.settle()
    assert 2 in first.changed
    corrector.update(edits.clear(key))
    assert corrector.settle().result.images == finished.result.images


def rows_of(image, count):
    """Return an answer whose mask is so many rows of ten pixels."""
    mask = np.zeros_like(image.mask)
    mask[:count, :10] = True
    return replace(image, mask=mask)


def test_a_change_is_told_once_it_has_grown_to_a_tenth(finished, monkeypatch):
    """Of 40 rows 36 are nine tenths, 35 are less; then 35 are what 32 is compared with."""
    corrector = Corrector(finished)
    start, counts = corrector._resegmenter.start, iter((40, 38, 36, 35, 32, 31, 0, 0))
    inner = np.argwhere(start.images[1].mask)

    def settle(edits, held, progress):
        first, *others = start.images
        return replace(start, images=(rows_of(first, next(counts)), *others))

    monkeypatch.setattr(corrector._resegmenter, "settle", settle)
    told, edits = [], Edits()
    for row, column in inner[:8]:  # confirmed as they are, so that there is something new
        pixel = square(start.images[1].mask.shape, row, column)
        edits = edits.paint(corrector.keys[1], pixel, OBJECT)
        corrector.update(edits)
        told.append(corrector.settle().changed)
    assert told == [(0,), (), (), (0,), (), (0,), (0,), ()]


def test_what_is_taken_back_is_not_solved_again(finished, monkeypatch):
    corrector = Corrector(finished)
    key, shape = corrector.keys[2], finished.collection.shape(2)
    walked, results = [Edits()], [finished.result]
    for start in (0, 40):
        where = square(shape, slice(start, start + 20), slice(0, 20))
        walked.append(walked[-1].paint(key, where, OBJECT))
        corrector.update(walked[-1])
        corrector.answer(2)
        results.append(corrector.settle().result)
    solve = corrector._resegmenter.answer
    for name in ("answer", "settle"):
        monkeypatch.setattr(corrector._resegmenter, name, None)
    for step in (1, 0, 1, 2):
        corrector.update(walked[step])
        assert_same_masks([corrector.answer(2)], results[step].images[2:3])
        assert_same_masks(corrector.settle().result.images, results[step].images)
    monkeypatch.setattr(corrector._resegmenter, "answer", solve)
    corrector.update(walked[2].paint(key, square(shape, 60, 30), BACKGROUND))
    assert not corrector.answer(2).mask[60, 30]


def assert_same_masks(images, others):
    for image, other in zip(images, others, strict=True):
        np.testing.assert_array_equal(image.mask, other.mask)
        np.testing.assert_array_equal(image.box, other.box)


def test_a_score_moves_by_no_more_than_the_mask():
    """What `CHANGED_BELOW` rests on: 1 - J is a metric, for all masks of four pixels."""
    masks = [np.array(bits, bool) for bits in product((0, 1), repeat=4)]
    table = np.array([[jaccard(a[None], b[None]) for b in masks] for a in masks])
    moved = abs(table[:, None, :] - table[None, :, :])
    assert (moved <= 1 - table[:, :, None] + 1e-12).all()


def test_an_image_drawn_on_stays_as_it_was_answered_until_it_is_again(finished):
    corrector, edits, answers = Corrector(finished), Edits(), {}
    strokes = {3: (slice(0, 12), slice(4, 40)), 0: (slice(0, 12), slice(4, 40))}
    for place, (rows, columns) in strokes.items():
        key, shape = corrector.keys[place], finished.collection.shape(place)
        edits = edits.paint(key, square(shape, rows, columns), OBJECT)
        corrector.update(edits)
        answers[place] = corrector.answer(place)
        corrector.settle()
        found = corrector.result.images
        assert_same_masks([found[i] for i in answers], answers.values())
    # Another run by the same settings, with what was held.
    again = Corrector(finished, edits, held=corrector.held)
    assert_same_masks(again.settle().result.images, found)
    assert set(corrector.held) == {corrector.keys[place] for place in answers}

    key, shape = corrector.keys[3], finished.collection.shape(3)
    corrector.update(edits.paint(key, square(shape, slice(12, 40), slice(4, 60)), OBJECT))
    assert set(corrector.held) == {corrector.keys[0]}
    answer = corrector.answer(3)
    assert (answer.mask != answers[3].mask).any()
    corrector.settle()
    assert_same_masks([corrector.result.images[i] for i in (3, 0)], [answer, answers[0]])
    corrector.update(edits.clear(key))
    corrector.answer(3)
    assert set(corrector.held) == {corrector.keys[0]}


def test_a_stroke_taken_back_brings_the_answer_before_it_whatever_was_drawn_since(
    finished, monkeypatch
):
    corrector, edits = Corrector(finished), Edits()
    first, other = corrector.keys[0], corrector.keys[1]
    shape = finished.collection.shape(0)
    drawn = (first, slice(0, 12)), (first, slice(40, 60)), (other, slice(0, 12))
    answers = []
    for key, rows in drawn:
        edits = edits.paint(key, square(shape, rows, slice(4, 60)), OBJECT)
        corrector.update(edits)
        answers.append(corrector.answer(corrector.keys.index(key)))
        corrector.settle()
    monkeypatch.setattr(corrector._resegmenter, "answer", None)
    for change, wanted in ((edits.undo(first), 0), (edits, 1)):
        corrector.update(change)
        assert_same_masks([corrector.answer(0)], answers[wanted : wanted + 1])
        settled = corrector.settle().result.images
        assert_same_masks(settled[:2], [answers[wanted], answers[2]])
    monkeypatch.undo()
    corrector.update(edits.undo(first))
    corrector.answer(0)
    again = square(shape, slice(30, 40), slice(4, 60))
    corrector.update(edits.undo(first).paint(first, again, OBJECT))
    answer = corrector.answer(0)
    assert_same_masks(corrector.settle().result.images[:1], [answer])


def test_a_held_image_is_learned_from_with_its_shown_mask(finished, monkeypatch):
    """Here a mask that no run computed."""
    corrector = Corrector(finished)
    key, shape = corrector.keys[1], finished.collection.shape(1)
    edits = Edits().paint(key, square(shape, slice(0, 9), slice(0, 9)), OBJECT)
    shown = rows_of(finished.result.images[1], 3)
    taught = []
    predict = SuperpixelClassifier.predict

    def record(self, masks, corrected, *rest):
        taught.append(corrected)
        return predict(self, masks, corrected, *rest)

    monkeypatch.setattr(SuperpixelClassifier, "predict", record)
    held = Corrector(finished, edits, held={key: shown})
    settled = held.settle().result.images[1].mask
    wanted = shown.mask | square(shape, slice(0, 9), slice(0, 9))
    np.testing.assert_array_equal(settled, wanted)
    for masks in taught:  # marks alone are spread where maps are cut
        np.testing.assert_array_equal(masks[1], wanted)


def test_a_fixed_box_is_the_box_and_bounds_the_mask(finished):
    corrector = Corrector(finished)
    key, shape = corrector.keys[0], finished.collection.shape(0)
    corrector.update(Edits().fix_box(key, shape, (30, 20, 50, 40)))
    for answer in (corrector.answer(0), corrector.settle().result.images[0]):
        np.testing.assert_array_equal(answer.box, [30, 20, 50, 40])
        assert answer.mask.any()
        outside = ~square(shape, slice(19, 41), slice(29, 51))
        assert not answer.mask[outside].any()


def test_a_box_that_moves_is_answered_where_it_changes_the_variables(tiny_collection):
    """By hulls there is a variable for every superpixel in a box."""
    settings = {
        "superpixels.count": 60,
        "features.dimensions": 16,
        "problem.reading": "hull",
    }
    run = Run(tiny_collection.open(), apply_overrides(get_preset("fast"), settings))
    corrector = Corrector(run.finish())
    box = [10.0, 10.0, 50.0, 60.0]
    corrector.update(Edits().fix_box(corrector.keys[2], (72, 64), box))
    for _ in range(2):
        np.testing.assert_array_equal(corrector.answer(2).box, box)


def test_an_image_without_object_is_empty_but_for_object_marks(finished):
    corrector = Corrector(finished)
    key, shape = corrector.keys[0], finished.collection.shape(0)
    marked = square(shape, slice(0, 3), slice(0, 3))
    edits = Edits().fix_box(key, shape, None).paint(key, marked, OBJECT)
    corrector.update(edits)
    for answer in (corrector.answer(0), corrector.settle().result.images[0]):
        np.testing.assert_array_equal(answer.mask, marked)
        assert np.isnan(answer.box).all()


def test_marks_that_no_candidate_holds_are_no_dead_end(finished):
    corrector = Corrector(finished)
    edits = Edits()
    for place, key in enumerate(corrector.keys):
        shape = finished.collection.shape(place)
        edits = edits.paint(key, np.ones(shape, np.bool_), OBJECT)
    corrector.update(edits)
    assert corrector.answer(0).mask.all()
    assert all(image.mask.all() for image in corrector.settle().result.images)


def test_everything_marked_as_background_is_an_empty_mask(finished):
    corrector = Corrector(finished)
    edits = Edits()
    for place, key in enumerate(corrector.keys):
        shape = finished.collection.shape(place)
        edits = edits.paint(key, np.ones(shape, np.bool_), BACKGROUND)
    corrector.update(edits)
    assert not corrector.answer(0).mask.any()
    assert not any(image.mask.any() for image in corrector.settle().result.images)


def test_a_cancelled_settle_leaves_the_answers_in_place(finished):
    corrector = Corrector(finished)
    key, shape = corrector.keys[0], finished.collection.shape(0)
    corrector.update(Edits().paint(key, square(shape, slice(0, 9), slice(0, 9)), OBJECT))
    before = corrector.machine
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        corrector.settle(progress)
    assert corrector.machine is before


def test_the_look_of_no_other_image_is_described_after_a_cancel(finished, monkeypatch):
    regions, progress, described = dict(enumerate(finished.regions)), Progress(), []

    def cancel(image, superpixels, describe=describe_appearance):
        described.append(superpixels)
        progress.cancel()
        return describe(image, superpixels)

    monkeypatch.setattr(superpixel_classifier, "describe_appearance", cancel)
    learned = np.zeros((sum(len(own.superpixels) for own in regions.values()), 1))
    classifier = SuperpixelClassifier(finished.images, regions, lambda: learned, workers=1)
    masks = [image.mask for image in finished.result.images]
    with pytest.raises(Cancelled):
        classifier.predict(masks, {}, {}, progress)
    assert len(described) == 1
    rated = classifier.predict(masks, {}, {}, Progress())
    assert len(described) == len(rated) == len(regions)  # the first is not done again


def test_a_lesson_cancelled_in_its_last_step_takes_no_answer_back(finished, monkeypatch):
    """The window answers a stroke while the lesson that it cancelled comes to its end."""
    corrector = Corrector(finished)
    keys, shapes = corrector.keys, [finished.collection.shape(i) for i in range(2)]
    where = [square(shape, slice(0, 9), slice(0, 9)) for shape in shapes]
    first = Edits().paint(keys[0], where[0], OBJECT)
    corrector.update(first)
    corrector.answer(0)
    progress, compute = Progress(), Resegmenter.settle

    def answer_meanwhile(*given):
        state = compute(*given)
        progress.cancel()
        corrector.update(first.paint(keys[1], where[1], OBJECT))
        answered.append(corrector.answer(1))
        return state

    answered = []
    monkeypatch.setattr(Resegmenter, "settle", answer_meanwhile)
    with pytest.raises(Cancelled):
        corrector.settle(progress)
    np.testing.assert_array_equal(corrector.result.images[1].mask, answered[0].mask)
    monkeypatch.undo()
    result = corrector.settle().result
    assert result.images[0].mask[where[0]].all()
    np.testing.assert_array_equal(result.images[1].mask, answered[0].mask)


def test_edits_of_another_size_or_an_image_that_is_not_there_are_refused(finished):
    corrector = Corrector(finished)
    wrong = Edits().paint(corrector.keys[0], np.ones((4, 4), np.bool_), OBJECT)
    keys, images = corrector.keys, corrector.machine
    asleep = ReopenedCorrector(images, keys, Edits(), lambda _: finished)
    for each in (corrector, asleep):
        with pytest.raises(InputError, match="drawn on at 4 x 4"):
            each.update(wrong)
        assert each.edited == ()
    with pytest.raises(InputError, match="4 images"):
        corrector.answer(4)


def test_taking_over_edits_looks_at_no_superpixel(finished, monkeypatch):
    """Windows do it in their own thread, for sets of any size."""
    corrector = Corrector(finished)
    monkeypatch.setattr("napari_jcc.interaction.resegmenter.read_guidance", None)
    key, image = corrector.keys[1], finished.result.images[1]
    marks = np.zeros(image.mask.shape, np.uint8)
    marks[2:5, 2:5] = OBJECT
    assert corrector.update(Edits().draw(key, marks)) == (1,)


def test_a_taught_prior_keeps_what_is_known_of_the_pixels_within_a_superpixel(finished):
    """Refinement cuts by it: with the superpixel's mean alone an edge within is lost."""
    regions = finished.regions[0]
    labels = regions.superpixels.label_map
    detail = np.where(np.arange(labels.size).reshape(labels.shape) % 2, 0.05, -0.05)
    prior = (0.5 + detail).astype(np.float32)
    regions = replace(regions, saliency_map=prior)
    change = np.linspace(-0.2, 0.2, len(regions.superpixels))
    after = with_prior(regions, change)
    assert after.saliency_map.dtype == np.float32
    np.testing.assert_allclose(after.saliency, regions.saliency + change, atol=1e-5)
    within = after.saliency_map - after.saliency[labels]
    np.testing.assert_allclose(within, prior - regions.saliency[labels], atol=1e-5)


def test_how_much_of_a_superpixel_was_drawn_on_is_known(finished):
    regions, shape = finished.regions[0], finished.collection.shape(0)
    labels, area = regions.superpixels.label_map, regions.superpixels.area
    marks = np.zeros(labels.shape, np.uint8)
    marks[10:20, 10:50] = OBJECT
    marks[30:34] = BACKGROUND
    assert shape == labels.shape
    said = read_guidance(regions, marks, None)
    expected = np.bincount(labels[marks > 0], minlength=len(area)) / area
    np.testing.assert_allclose(said.drawn, expected)
    decided = said.decided
    np.testing.assert_allclose(decided.share, expected[decided.superpixels])
    assert (decided.share >= LEAST_SHARE).all()
    nothing = read_guidance(regions, marks, np.full(4, np.nan))
    np.testing.assert_array_equal(nothing.decided.share, np.ones(len(area)))


def test_what_is_corrected_in_one_image_is_learned_for_the_others(finished):
    corrector = Corrector(finished)
    wrong = finished.result.images[0].mask
    corrector.update(Edits().paint(corrector.keys[0], wrong, BACKGROUND))
    corrector.settle()
    lost = [
        float((image.saliency_map - before.saliency_map)[before.mask].mean())
        for image, before in zip(
            corrector.machine[1:], finished.result.images[1:], strict=True
        )
    ]
    assert np.mean(lost) < 0


def test_of_pieces_corrected_masks_are_carried_to_the_others(finished, monkeypatch):
    mask = finished.result.images[0].mask
    thicker = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5))) > 0
    keys = Corrector(finished).keys
    edits = Edits().paint(keys[0], thicker & ~mask, OBJECT)
    taught = settled_priors(finished, edits)
    carried = []

    def ignore(self, taught, masks, progress):
        carried.append(masks)
        return dict(taught)

    monkeypatch.setattr(MaskPropagator, "propagate", ignore)
    alone = settled_priors(finished, edits)
    same = [np.array_equal(*pair) for pair in zip(taught, alone, strict=True)]
    if finished.config.decode.refinement == "smoother":
        assert carried == []
        assert all(same)
        return
    ((place, shown),) = carried[0].items()
    assert place == 0
    assert shown[thicker & ~mask].all()
    assert same == [True, False, False, False]


def test_the_next_stroke_begins_at_what_was_answered(finished):
    if finished.config.decode.refinement == "smoother":
        return  # there strokes move the map of their own image
    corrector = Corrector(finished)
    more = square(finished.collection.shape(0), slice(4, 16), slice(20, 60))
    edits = Edits().paint(corrector.keys[0], more, OBJECT)
    corrector.update(edits)
    answered = corrector.answer(0).mask
    own, other, *_ = settled_priors(finished, edits)
    assert own[answered].mean() > 0.9
    assert own[~answered].mean() < 0.1
    assert not np.array_equal(other, finished.result.images[1].saliency_map)


def test_of_what_was_taken_back_nothing_stays(finished):
    corrector, shape = Corrector(finished), finished.collection.shape(0)
    key, before = corrector.keys[0], finished.result.images[0].mask
    corner = square(shape, slice(0, 16), slice(0, 60))
    inside = np.zeros(shape, np.bool_)
    inside[tuple(np.argwhere(before).mean(axis=0).astype(int))] = True
    for taken_back in (
        lambda edits: edits.clear(key),
        lambda edits: edits.undo(key),
    ):
        drawn = Edits().paint(key, corner, OBJECT)
        corrector.update(drawn)
        corrector.answer(0)
        assert corrector.settle().result.images[0].mask[corner].all()
        corrector.update(taken_back(drawn).paint(key, inside, OBJECT))
        corrector.answer(0)
        again = corrector.settle().result.images[0].mask
        assert (again & corner).sum() <= (before & corner).sum() + 0.1 * corner.sum()


def settled_priors(run, edits):
    corrector = Corrector(run, edits)
    corrector.settle()
    return [image.saliency_map for image in corrector.machine]


def test_a_set_settled_while_an_answer_is_stored_is_not_lost(finished, monkeypatch):
    """The set is settled between the check for that and the update by the answer."""
    settled = replace(Corrector(finished)._now[0])
    workers = []

    class Interrupted(Corrector):
        armed = False

        @property
        def _now(self):
            now = self.now
            if self.armed:
                self.armed = False
                workers.append(Thread(target=self.catch_up, args=(Progress(),)))
                workers[0].start()
                workers[0].join(0.3)
            return now

        @_now.setter
        def _now(self, now):
            self.now = now

        def _keep(self, edits, image, state):
            super()._keep(edits, image, state)
            self.armed = not workers

    corrector = Interrupted(finished)
    monkeypatch.setattr(corrector._resegmenter, "settle", lambda *_: settled)
    key, shape = corrector.keys[0], finished.collection.shape(0)
    corrector.update(Edits().paint(key, square(shape, slice(0, 9), slice(0, 9)), OBJECT))
    corrector.answer(0)
    workers[0].join()
    assert corrector._now[0] is settled


def run_with_pixel_classifier(collection, changes=None):
    settings = {
        "superpixels.count": 60,
        "features.dimensions": 16,
        "decode.refinement": "look",
        **(changes or {}),
    }
    return Run(collection.open(), apply_overrides(JccConfig(), settings)).finish()


def test_the_pixel_classifier_is_fitted_again_for_the_others(tiny_collection):
    several = {"boxes.objects": 2, "boxes.smallest_area": 0.001}
    run = run_with_pixel_classifier(tiny_collection, several)
    corrector = Corrector(run)
    wrong = run.result.images[0].mask
    corrector.update(Edits().paint(corrector.keys[0], wrong, BACKGROUND))
    assert not corrector.answer(0).mask[wrong].any()
    settled = corrector.settle()
    assert run.pixel_classifier is not None
    pairs = zip(
        run.images[1:], run.result.images[1:], settled.result.images[1:], strict=True
    )
    for image, before, after in pairs:
        assert after.instances is not None
        assert before.mask.any()
        rated = run.pixel_classifier.predict(image)[before.mask].mean()
        state = corrector._now[0]
        assert state.pixel_classifier is not None
        assert state.pixel_classifier.predict(image)[before.mask].mean() < rated
    corrector.update(Edits())
    again = corrector.settle().result.images
    for image, before in zip(again, run.result.images, strict=True):
        np.testing.assert_array_equal(image.mask, before.mask)


def test_with_one_object_marks_move_the_prior_of_their_own_image_alone(tiny_collection):
    run = run_with_pixel_classifier(tiny_collection)
    corrector = Corrector(run)
    wrong = run.result.images[0].mask
    corrector.update(Edits().paint(corrector.keys[0], wrong, BACKGROUND))
    corrector.settle()
    own, *others = (
        np.abs(image.saliency_map - before.saliency_map).max()
        for image, before in zip(corrector.machine, run.result.images, strict=True)
    )
    assert own > 0.1
    assert others == [0.0] * len(others)
    classifier = corrector._now[0].pixel_classifier
    assert classifier is not None
    assert run.pixel_classifier is not None
    image, before = run.images[1], run.result.images[1].mask
    assert (
        classifier.predict(image)[before].mean()
        < run.pixel_classifier.predict(image)[before].mean()
    )
