"""The stages of the prior: maps are combined, then learned from the set in rounds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.features import embed
from napari_jcc.features.appearance import scale_appearance
from napari_jcc.pipeline import stages
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.stage_runner import extend_keys
from napari_jcc.pipeline.working_set import WorkingSet
from napari_jcc.priors import find_priors, refit_by_superpixels, refit_prior
from napari_jcc.priors.cells import embed_cells
from napari_jcc.priors.framing import comes_off, runs_out
from napari_jcc.priors.propagation import DIMENSIONS as MATCHED_DIMENSIONS
from napari_jcc.priors.propagation import choose_matches, propagate_prior, view_images
from napari_jcc.priors.refit import (
    BORDER_WEIGHT,
    DIMENSIONS,
    FIRM_BORDER_WEIGHT,
    FREE_BORDER_WEIGHT,
)
from napari_jcc.progress import Watched
from napari_jcc.regions import Superpixels
from napari_jcc.results.smooth import smooth_prior, split_smoothed

_TEXTURE_SETTINGS = {"sift_step", "sift_size", "kernel", "dimensions"}


class LearnedPriors(NamedTuple):
    """The prior probability of object in every image of a set.

    Attributes
    ----------
    keys
        Cache keys of the maps.
    maps : list of (h, w) float32
        In [0, 1]; the saliency itself if it alone has a weight and nothing is learned.
    """

    keys: list[str]
    maps: list[Float32Array]


def rate_priors(
    work: WorkingSet,
    keys: list[str],
    saliency: list[Float32Array],
    superpixels: list[Superpixels],
) -> LearnedPriors:
    """Compute the prior of every image, by the maps that the settings weight.

    Parameters
    ----------
    work : WorkingSet
        The set.
    keys
        Cache keys of the saliency.
    saliency : list of (h, w) float32
        In [0, 1].
    superpixels
        Of every image.
    """
    own_keys, priors = _combine(work, keys, saliency)
    if work.config.prior.common == 0:
        return _learn_by_superpixels(work, own_keys, priors, superpixels)
    return _learn_by_cells(work, own_keys, priors)


def _learn_by_cells(
    work: WorkingSet, own_keys: list[str], priors: list[Float32Array]
) -> LearnedPriors:
    """Learn the priors from encoder cells, and again where they run out of the images."""

    @cache
    def embed_once() -> list[Float32Array]:
        watched = Watched(work.encoded.maps(), work.runner.progress)
        return embed_cells(watched, DIMENSIONS)

    start = LearnedPriors(own_keys, priors)
    learned = _learn_in_rounds(work, start, embed_once, BORDER_WEIGHT)
    if work.config.prior.rounds == 0 or not runs_out(masks := _masks(work, learned.maps)):
        return learned
    firm = _learn_in_rounds(work, start, embed_once, FIRM_BORDER_WEIGHT)
    if comes_off(masks, _masks(work, firm.maps)):
        return firm
    return _learn_in_rounds(work, start, embed_once, FREE_BORDER_WEIGHT)


def _learn_in_rounds(
    work: WorkingSet,
    start: LearnedPriors,
    embed_once: Callable[[], list[Float32Array]],
    border_weight: float,
) -> LearnedPriors:
    """Learn the priors in rounds, the last one after matching images."""
    rounds = work.config.prior.rounds
    matching = work.config.prior.matches > 0 and len(start.maps) > 1
    keys, maps = start
    for round_ in range(1, rounds + 1):
        sources = work.encoded.extend(keys, "learned prior", work.config.features)
        last = round_ == rounds
        if last and matching:
            sources = [digest("matched", source) for source in sources]
            maps = _match(work, digest("matches", sources), maps)
        whole = digest("learned prior", sources, last, border_weight)
        keys = [digest(key, whole) for key in start.keys]
        learn = partial(refit_prior, last=last, border_weight=border_weight)
        maps = _learn(work, whole, maps, start.maps, embed_once, learn)
    return LearnedPriors(keys, maps)


def _combine(
    work: WorkingSet, keys: list[str], saliency: list[Float32Array]
) -> tuple[list[str], list[Float32Array]]:
    prior = work.config.prior
    if prior.saliency > 0 and prior.common == prior.centre == 0:
        return keys, saliency
    keys = work.encoded.extend(keys, "prior", prior) if prior.common > 0 else keys
    whole = digest("prior", keys, prior.model_dump(mode="json"))

    def compute() -> tuple[Float32Array, ...]:
        maps = work.encoded.maps() if prior.common > 0 else ()
        watched = Watched(maps, work.runner.progress)
        rate = partial(find_priors, saliency, watched, prior)
        return tuple(work.runner.single("Prior", rate))

    # The map of an image depends on all images, so all share one key.
    maps = work.runner.cached(whole, compute)
    return [digest(key, whole) for key in keys], list(maps)


def _learn(
    work: WorkingSet,
    key: str,
    maps: list[Float32Array],
    priors: list[Float32Array],
    embed_once: Callable[[], list[Float32Array]],
    refit: Callable[..., list[Float32Array]],
) -> list[Float32Array]:
    """Fit the prior again to the masks of the present maps (h, w), by `refit_prior`."""

    def compute() -> tuple[Float32Array, ...]:
        cells = Watched(work.encoded.maps(), work.runner.progress)

        def learn() -> list[Float32Array]:
            masks = [mask.astype(np.float32) for mask in _masks(work, maps)]
            few = Watched(embed_once(), work.runner.progress)
            return refit(cells, masks, priors, cells=few)

        return tuple(work.runner.single("Learning", learn))

    return list(work.runner.cached(key, compute))


def _masks(work: WorkingSet, maps: list[Float32Array]) -> list[MaskArray]:
    """Masks of maps (h, w) smoothed along the lines of their images."""
    images = Watched(work.images, work.runner.progress)
    return [split_smoothed(smooth_prior(*pair)) for pair in zip(images, maps, strict=True)]


def _match(work: WorkingSet, key: str, maps: list[Float32Array]) -> list[Float32Array]:
    """Update the maps (h, w) by those of matched images at corresponding points."""

    def compute() -> tuple[Float32Array, ...]:
        cells = work.encoded.cells(MATCHED_DIMENSIONS)
        views = work.runner.single("Matches", lambda: view_images(cells, maps))
        chosen = choose_matches(views, work.config.prior.matches)
        tasks = [
            (own, [views[place] for place in others])
            for own, others in zip(views, chosen, strict=True)
        ]
        return tuple(work.runner.map("Matches", propagate_prior, [""] * len(tasks), tasks))

    return list(work.runner.cached(key, compute))


def _learn_by_superpixels(
    work: WorkingSet,
    keys: list[str],
    priors: list[Float32Array],
    superpixels: list[Superpixels],
) -> LearnedPriors:
    """Learn the priors again by a classifier of the superpixels of all images."""
    config, progress = work.config, work.runner.progress
    rounds = config.prior.rounds
    if rounds == 0:
        return LearnedPriors(keys, priors)
    features = config.features.model_dump(mode="json", include=_TEXTURE_SETTINGS)
    appearance_keys = extend_keys(keys, "appearance", features)
    whole = digest("prior learned by superpixels", appearance_keys, rounds)

    def compute() -> tuple[Float32Array, ...]:
        tasks = [
            (image, found, config.features)
            for image, found in zip(work.images, superpixels, strict=True)
        ]
        described = work.runner.map(
            "Appearance", stages.compute_appearance, appearance_keys, tasks
        )

        def learn() -> list[Float32Array]:
            textures, appearances = zip(*described, strict=True)
            texture = embed(Watched(textures, progress), True, config.features)
            parts = texture, scale_appearance(appearances)
            features = np.concatenate(parts, axis=1).astype(np.float32)
            ends = np.cumsum([len(found) for found in superpixels])[:-1]
            watched = Watched(np.split(features, ends), progress)
            return refit_by_superpixels(watched, superpixels, priors, rounds)

        return tuple(work.runner.single("Learning", learn))

    # The map of an image depends on all images, so all share one key.
    maps = work.runner.cached(whole, compute)
    return LearnedPriors([digest(key, whole) for key in keys], list(maps))
