"""The encoder's maps of a set of images, each computed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from pydantic import BaseModel

from napari_jcc._types import ImageArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import resize_image
from napari_jcc.config import JccConfig
from napari_jcc.device import choose_device
from napari_jcc.errors import ConfigError, WeightsError
from napari_jcc.features.encoders import FeatureMap, FittingEncoder, average_maps
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.fallback import AUTO, DEFAULT_ENCODER
from napari_jcc.pipeline.stage_runner import StageRunner, extend_keys
from napari_jcc.priors.cells import embed_cells
from napari_jcc.spill import GIGABYTE, SpilledList
from napari_jcc.words import list_some


def open_encoder(config: JccConfig) -> FittingEncoder | None:
    """Open the encoder of the settings; None where they ask for none.

    Raises
    ------
    ConfigError
        If the settings need an encoder and name none, or the device is not there.
    WeightsError
        If the encoder, or a package it needs, cannot be had.
    """
    if not config.uses_encoder:
        return None
    features = config.features
    if not features.encoder:
        raise ConfigError(
            "The settings ask for deep features (features.superpixels, "
            "features.boxes) or a deep prior (prior.common) "
            "or learned boxes or cuts (boxes.rating, decode.cut) but name no encoder. "
            "Set features.encoder, or --encoder NAME_OR_PATH."
        )
    name = DEFAULT_ENCODER if features.encoder == AUTO else features.encoder
    device = choose_device(config.runtime.device)
    return FittingEncoder(name, device, features.encoder_stride)


class EncodedImages:
    """Maps of the images of a run by its encoder, made when first asked for.

    Parameters
    ----------
    collection
        The images.
    config
        All settings.
    encoder
        As `open_encoder` gives it for them.
    runner
        Caches the maps.
    """

    def __init__(
        self,
        collection: ImageCollection,
        config: JccConfig,
        encoder: FittingEncoder | None,
        runner: StageRunner,
    ) -> None:
        self._collection = collection
        self._config = config
        self._encoder = encoder
        self._runner = runner
        self._maps: Sequence[FeatureMap] | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done about memory that ran out."""
        return (self._encoder.note,) if self._encoder and self._encoder.note else ()

    def extend(self, keys: Sequence[str], stage: str, section: BaseModel) -> list[str]:
        """Return keys of a stage that uses the maps, whatever the encoder's name."""
        settings = section.model_dump(mode="json", exclude={"encoder"})
        fingerprint = self._encoder.fingerprint if self._encoder else ""
        return extend_keys(keys, stage, [settings, fingerprint, *self._map_settings()])

    def _map_settings(self) -> list[int]:
        """All that the maps depend on beside encoder and images."""
        features = self._config.features
        return [
            features.encoder_size,
            features.encoder_stride,
            *features.encoder_more_sizes,
        ]

    def maps_for_features(self) -> Sequence[FeatureMap] | list[None]:
        """Return the maps where a kind of feature needs them, else Nones."""
        return self.maps() if self._config.features.deep else [None] * len(self._collection)

    def maps(self) -> Sequence[FeatureMap]:
        """Return the maps of all images; encode those not kept, in batches of one size.

        Where the settings name several sizes, the mean of their maps. Stages ask for them
        again and again, so they are held here as well: the cache may have no room for all.

        The encoder uses all cores or the graphics card by itself, so batches run one
        after the other.

        Raises
        ------
        WeightsError
            If the encoder cannot be used.
        Cancelled
            If the progress was cancelled.
        """
        if self._maps is not None:
            return self._maps
        encoder = self._opened
        features = self._config.features
        sizes = {features.encoder_size, *features.encoder_more_sizes}
        # Finest first: its grid is the one that the others are brought to.
        by_size = [self._maps_of(encoder, size) for size in sorted(sizes, reverse=True)]
        self._maps = by_size[0]
        if len(by_size) > 1:
            self._maps = self._room(1)
            for place, of_image in enumerate(zip(*by_size, strict=True)):
                self._maps[place] = average_maps(of_image)
        return self._maps

    def _room(self, lists: int) -> SpilledList[FeatureMap]:
        """Make room for the maps of all images, in one of some lists held at once."""
        budget = self._config.runtime.memory_budget_gb * GIGABYTE / 4 / lists
        count = len(self._collection)
        return SpilledList(count, budget, lambda found: found.values.nbytes)

    def cells(self, dimensions: int) -> list[FeatureMap]:
        """Return the maps in their principal components over the set, kept.

        Raises
        ------
        WeightsError, Cancelled
            As `maps` does.
        """
        encoder = self._opened
        features = self._config.features
        sizes = sorted({features.encoder_size, *features.encoder_more_sizes})
        keys = [self._keys(encoder, size) for size in sizes]

        def compute() -> tuple[FeatureMap, ...]:
            maps = self.maps()
            pairs = zip(maps, embed_cells(maps, dimensions), strict=True)
            return tuple(
                replace(found, values=values.astype(np.float16)) for found, values in pairs
            )

        return list(self._runner.cached(digest("cells", keys, dimensions), compute))

    def _maps_of(
        self, encoder: FittingEncoder, longer_side: int
    ) -> SpilledList[FeatureMap]:
        """Return the maps of all images at one size, and compute those not kept."""
        keys = self._keys(encoder, longer_side)
        cache, progress = self._runner.cache, self._runner.progress
        found, missing = self._room(1 + len(self._config.features.encoder_more_sizes)), []
        for place, key in enumerate(keys):
            known = cache.get(key)
            if known is None:
                missing.append(place)
            else:
                found[place] = known
        progress.start("Encoder", len(keys))
        progress.advance(len(keys) - len(missing))
        with self._runner.timed("Encoder") if missing else nullcontext():
            for size, batch in self._batches(missing, encoder, longer_side):
                progress.raise_if_cancelled()
                maps = self._encode(encoder, batch, size)
                for place, known in zip(batch, maps, strict=True):
                    found[place] = known
                    cache.put(keys[place], known)
                    progress.advance()
        return found

    @property
    def _opened(self) -> FittingEncoder:
        if self._encoder is None:
            raise ConfigError("These settings use no encoder, so there are no maps.")
        return self._encoder

    def _keys(self, encoder: FittingEncoder, longer_side: int) -> list[str]:
        # The encoder sees the image itself, so the working size does not matter.
        reading = self._config.collection.model_dump(mode="json", exclude={"working_size"})
        settings = encoder.fingerprint, longer_side, self._config.features.encoder_stride
        fingerprints = map(self._collection.fingerprint, range(len(self._collection)))
        return [digest("encoder", mark, reading, *settings) for mark in fingerprints]

    def _batches(
        self, places: Sequence[int], encoder: FittingEncoder, longer_side: int
    ) -> Iterator[tuple[tuple[int, int], list[int]]]:
        """Images of one encoded size, at most as many at once as the encoder likes."""
        by_size: dict[tuple[int, int], list[int]] = defaultdict(list)
        for place in places:
            shape = self._collection.shape(place)
            by_size[encoded_size(shape, longer_side, encoder.multiple)].append(place)
        for size, group in by_size.items():
            for start in range(0, len(group), encoder.batch_size):
                yield size, group[start : start + encoder.batch_size]

    def _encode(
        self, encoder: FittingEncoder, batch: Sequence[int], size: tuple[int, int]
    ) -> Sequence[FeatureMap]:
        """Encode images of one size; an error names them, as few may be so narrow."""
        images = np.stack([self._image(place, size) for place in batch])
        try:
            return encoder.encode(images)
        except WeightsError as error:
            names = list_some([self._collection.names[place] for place in batch])
            raise WeightsError(f"{error} It was given {names}.") from error

    def _image(self, place: int, size: tuple[int, int]) -> ImageArray:
        return resize_image(self._collection.image(place), size)


def encoded_size(
    shape: tuple[int, int], longer_side: int, multiple: int
) -> tuple[int, int]:
    """Height and width that keep the proportions, rounded to multiples of `multiple`."""
    scale = longer_side / max(shape)
    height, width = (
        max(multiple, round(side * scale / multiple) * multiple) for side in shape
    )
    return height, width
