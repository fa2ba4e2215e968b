"""Several places at which one image shows what the other shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_jcc._types import MaskArray
from napari_jcc.registration.grid import GridFeatures
from napari_jcc.registration.match import PairMatch
from napari_jcc.registration.partners import (
    Partners,
    compare_points,
    pair_points,
)
from napari_jcc.registration.register import (
    Registered,
    RegistrationSettings,
    propose_start,
    register,
)

SCALES = (0.5, 0.71, 1.0, 1.41, 2.0)
"""Sizes that instances are looked for at; one of several is mostly smaller."""
EXPLAINED = 0.3
"""Share of its probability near where a map leads, from which on a point is explained."""
LEAST_SUPPORT = 0.6
"""Probability that a further map must explain on new ground, for that of the first."""
MOST_INSTANCES = 20


@dataclass(frozen=True)
class Instance:
    """One map between two images, both ways.

    Attributes
    ----------
    forward, backward
        From target to source, and from source to target.
    """

    forward: PairMatch
    backward: PairMatch


def find_instances(
    a: GridFeatures, b: GridFeatures, settings: RegistrationSettings, most: int
) -> list[Instance]:
    """Register target `b` to source `a` again and again, each time to what is left.

    After each registration, pairs of points that are both explained by it are ruled out,
    and the others are compared anew: a point of a template may have its partner once more
    in another instance, but neither in the same one nor between two explained ones. The
    search ends with a map that explains too few points that were not explained before: what
    is alike everywhere, as on images of one colour, agrees a little with every map.

    Parameters
    ----------
    a, b
        Descriptions of source and target.
    settings
        How freely maps may move.
    most
        Largest number of instances; 0: `MOST_INSTANCES`.
    """
    similarity = compare_points(a, b) / np.float32(settings.temperature)
    ruled_out = np.zeros(similarity.shape, dtype=np.bool_)
    seen = np.zeros(len(a.centres), np.bool_), np.zeros(len(b.centres), np.bool_)
    found: list[Instance] = []
    needed = 0.0
    while len(found) < (most or MOST_INSTANCES):
        partners = pair_points(similarity, ruled_out)
        start = propose_start(a, b, partners, SCALES)
        there = register(a, b, partners, settings, start)
        sources = there.agreement(partners.ours, len(a.centres)) > EXPLAINED
        targets = there.agreement(partners.theirs, len(b.centres)) > EXPLAINED
        support = _new_support(there, sources & ~seen[0], targets & ~seen[1])
        if found and support <= needed:
            break
        needed = needed or LEAST_SUPPORT * support
        back = register(b, a, partners.turned(), settings, start.inverse())
        found.append(Instance(there.match(a, b), back.match(b, a)))
        ruled_out |= sources[:, None] & targets
        seen = seen[0] | sources, seen[1] | targets
    return found


def _new_support(there: Registered, sources: MaskArray, targets: MaskArray) -> float:
    """Probability that a map explains of some points of the source, or of the target."""
    partners: Partners = there.partners
    return max(
        float(there.near[explained[places]].sum())
        for explained, places in ((sources, partners.ours), (targets, partners.theirs))
    )
