"""Features of a set image by image, for sets too large to hold them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from napari_jcc._types import Float32Array
from napari_jcc.config import FeatureConfig
from napari_jcc.errors import InputError
from napari_jcc.features.embedding import Embedding
from napari_jcc.features.extract import get_extractors
from napari_jcc.features.extractor import RegionDescriptors
from napari_jcc.spill import SpilledList

Descriptions = Sequence[Mapping[str, RegionDescriptors]]


@dataclass(frozen=True)
class Features:
    """Descriptors of the whole set, ready for a linear classifier.

    Attributes
    ----------
    superpixels : (S, D) float32, or blocks (S_i, D) of it, one per image
        In image order; total variance 1 per kind.
    boxes : (R, D') float32, or blocks (R_i, D') of it, one per image
        In image order.
    """

    superpixels: Float32Array | Sequence[Float32Array]
    boxes: Float32Array | Sequence[Float32Array]


def stream(
    descriptions: Descriptions, config: FeatureConfig, budget: float = np.inf
) -> Features:
    """Turn the descriptions of a set into features, block by block.

    Every kind is embedded over the set (see `embed`) and the kinds are put side by side,
    each of total variance 1.

    Parameters
    ----------
    descriptions
        What `describe_image` returned for every image, in order; read one at a time,
        several times.
    config
        The settings used there.
    budget
        Bytes of features kept in memory; the rest goes to a temporary file.

    Raises
    ------
    InputError
        If there is no image.
    """
    if not descriptions:
        raise InputError("There are no images to compute features of. Give at least one.")
    return Features(
        _embed(descriptions, config.superpixels, attrgetter("superpixels"), config, budget),
        _embed(descriptions, config.boxes, attrgetter("boxes"), config, budget),
    )


class _Selected(Iterable[Float32Array]):
    """Descriptors of one kind, taken from the descriptions when they are asked for."""

    def __init__(
        self,
        descriptions: Descriptions,
        name: str,
        select: Callable[[RegionDescriptors], Float32Array],
    ) -> None:
        self._descriptions, self._name, self._select = descriptions, name, select

    def __iter__(self) -> Iterator[Float32Array]:
        return (self._select(pieces[self._name]) for pieces in self._descriptions)


def _embed(
    descriptions: Descriptions,
    kinds: Iterable[str],
    select: Callable[[RegionDescriptors], Float32Array],
    config: FeatureConfig,
    budget: float,
) -> Sequence[Float32Array]:
    extractors = get_extractors(kinds, config)
    embeddings = {
        extractor.name: Embedding(
            _Selected(descriptions, extractor.name, select), extractor.is_histogram, config
        )
        for extractor in extractors
    }
    blocks: SpilledList[Float32Array] = SpilledList(
        len(descriptions), budget, lambda block: block.nbytes
    )
    for number, description in enumerate(descriptions):
        columns = [
            embedding.apply(select(description[name]))
            for name, embedding in embeddings.items()
        ]
        blocks[number] = np.concatenate(columns, axis=1)
    return blocks
