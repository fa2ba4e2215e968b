"""The stages of the prior: what the set has in common, learned anew in rounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array, ImageArray
from napari_jcc.config import JccConfig
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.encoding import EncodedImages
from napari_jcc.pipeline.keeper import Keeper
from napari_jcc.priors import Evidence, find_priors, refit_prior
from napari_jcc.results.smooth import smooth_prior, split_smoothed


class PriorStage:
    """Rates what is probably object in a set, whatever the settings weigh.

    Parameters
    ----------
    images
        The set, at working size.
    encoded
        The encoder's maps of the same images.
    config
        Settings of the run.
    keeper
        Where results are kept.
    """

    def __init__(
        self,
        images: Sequence[ImageArray],
        encoded: EncodedImages,
        config: JccConfig,
        keeper: Keeper,
    ) -> None:
        self._images = images
        self._encoded = encoded
        self._config = config
        self._keeper = keeper

    def rate(
        self, keys: list[str], saliency: list[Float32Array]
    ) -> tuple[list[str], list[Float32Array]]:
        """Return the prior of every image.

        Parameters
        ----------
        keys
            Under which the saliency is kept.
        saliency : list of (h, w) float32
            In [0, 1].

        Returns
        -------
        keys
            Under which the priors are kept.
        priors : list of (h, w) float32
            In [0, 1]; the saliency itself where nothing else counts.
        """
        own_keys, priors = self._combine(keys, saliency)
        keys, maps = own_keys, priors
        rounds = self._config.prior.rounds
        for round_ in range(1, rounds + 1):
            sources = self._encoded.extend(keys, "learned prior", self._config.features)
            last = round_ == rounds
            whole = digest("learned prior", sources, last)
            keys = [digest(key, whole) for key in own_keys]
            maps = self._learn(whole, maps, priors, last=last)
        return keys, maps

    def _combine(
        self, keys: list[str], saliency: list[Float32Array]
    ) -> tuple[list[str], list[Float32Array]]:
        prior = self._config.prior
        if prior.saliency > 0 and prior.common == prior.centre == 0:
            return keys, saliency
        keys = self._encoded.extend(keys, "prior", prior) if prior.common > 0 else keys
        whole = digest("prior", keys, prior.model_dump(mode="json"))

        def compute() -> tuple[Float32Array, ...]:
            found = self._encoded.maps() if prior.common > 0 else [None] * len(saliency)
            evidence = [Evidence(*parts) for parts in zip(saliency, found, strict=True)]
            return tuple(self._keeper.single("Prior", lambda: find_priors(evidence, prior)))

        # What the set has in common changes with every image, so all share the key.
        maps = self._keeper.once(whole, compute)
        return [digest(key, whole) for key in keys], list(maps)

    def _learn(
        self,
        key: str,
        maps: list[Float32Array],
        priors: list[Float32Array],
        *,
        last: bool,
    ) -> list[Float32Array]:
        """Fit the prior anew to masks of the maps (h, w) as they stand, smoothed."""

        def compute() -> tuple[Float32Array, ...]:
            cells = self._encoded.maps()

            def learn() -> list[Float32Array]:
                masks = [
                    split_smoothed(smooth_prior(*pair)).astype(np.float32)
                    for pair in zip(self._images, maps, strict=True)
                ]
                return refit_prior(cells, masks, priors, last=last)

            return tuple(self._keeper.single("Learning", learn))

        return list(self._keeper.once(key, compute))
