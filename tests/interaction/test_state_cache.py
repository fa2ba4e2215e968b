"""Settled states come back as they were, and no more are kept than were said."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from napari_jcc.interaction import OBJECT, Edits, ImageKey
from napari_jcc.interaction.resegmenter import State
from napari_jcc.interaction.state_cache import StateCache
from napari_jcc.results.result import bare_image


def state(seed) -> State:
    """Return a state of one image, of random numbers in blocks of seven rows."""
    rows = np.random.default_rng(seed).integers(0, 4, (5, 40), np.int32)
    labels = np.repeat(rows, 7, axis=0)
    image = replace(bare_image("a", mask=labels > 1), instances=labels)
    empty = bare_image("b", mask=np.zeros((3, 0), bool))
    return State((), None, None, (image, empty), ())


def test_the_last_three_are_remembered_pixel_by_pixel():
    key, remembered = ImageKey("a"), StateCache()
    edits = [Edits().paint(key, np.arange(9).reshape(3, 3) == i, OBJECT) for i in range(5)]
    for number in (0, 1, 2):
        remembered.keep(edits[number], state(number))
    assert remembered.recall(edits[0]) is not None  # asked for, so it stays
    remembered.keep(edits[3], state(3))
    assert remembered.recall(edits[1]) is None
    for number in (0, 2, 3):
        found = remembered.recall(edits[number])
        assert found.settled is found.images
        for image, other in zip(found.images, state(number).images, strict=True):
            np.testing.assert_array_equal(image.mask, other.mask)
            assert image.mask.dtype == np.bool_
        instances = found.images[0].instances
        np.testing.assert_array_equal(instances, state(number).images[0].instances)
        assert instances.dtype == np.int32


def test_states_may_be_kept_by_one_thread_while_another_recalls():
    remembered = StateCache()

    def keep_others():
        for number in (1, 2, 3):
            remembered.keep(SimpleNamespace(entries=(number,)), state(number))

    other = threading.Thread(target=keep_others)

    class Interrupted(tuple):
        """Entries: the other thread comes in between the two look-ups of `recall`."""

        look_ups: int | None = None

        def __hash__(self):
            if self.look_ups is not None:
                self.look_ups += 1
                if self.look_ups == 2:
                    other.start()
                    other.join(0.1)
            return 0

    edits = SimpleNamespace(entries=Interrupted())
    remembered.keep(edits, state(0))
    remembered.keep(SimpleNamespace(entries=(0,)), state(0))
    edits.entries.look_ups = 0
    assert remembered.recall(edits) is not None
    other.join()
    assert remembered.recall(edits) is None
