"""A matcher without training: similar grid points vote, then a smooth map is registered."""

from __future__ import annotations

from napari_jcc._types import ImageArray
from napari_jcc.matching.baselines.grid_features import Describer
from napari_jcc.matching.baselines.instances import Instance, find_instances
from napari_jcc.registration.grid import GridFeatures
from napari_jcc.registration.match import PairMatch
from napari_jcc.registration.partners import find_partners
from napari_jcc.registration.register import (
    RegistrationSettings,
    propose_start,
    register,
)


class RegistrationMatcher:
    """Registers two images by expectation maximisation on the similarity of their grids.

    The probability that two grid points belong together is the product of two softmaxes of
    their similarity, over the points of either image. Probable partners vote for a shift.
    From there on, in turn: every point of the target expects its partner at the mean of
    its probable partners, each counting less the further it is from where the map leads
    now; and an affine map, later with bends of a thin plate, is fitted to these
    expectations.

    Parameters
    ----------
    describer
        Describes the images.
    settings
        How freely the map may move.

    References
    ----------
    M. Cho, S. Kwak, C. Schmid, J. Ponce, "Unsupervised object discovery and localization
    in the wild", CVPR 2015 (votes for shifts). A. Myronenko, X. Song, "Point set
    registration: coherent point drift", TPAMI 2010 (expectation and smooth fit in turn).
    """

    name = "registration"

    def __init__(
        self, describer: Describer, settings: RegistrationSettings | None = None
    ) -> None:
        self._describer = describer
        self._settings = settings or RegistrationSettings()

    def match(self, source: ImageArray, target: ImageArray) -> PairMatch:
        """Match two images; see `PairMatcher.match`."""
        return self.match_described(self.describe(source), self.describe(target))

    def describe(self, image: ImageArray) -> GridFeatures:
        """Describe an image (H, W, 3) uint8 RGB."""
        return self._describer.describe(image)

    def match_described(self, source: GridFeatures, target: GridFeatures) -> PairMatch:
        """Match two images by their descriptions; see `PairMatcher.match`."""
        partners = find_partners(source, target, self._settings.temperature)
        start = propose_start(source, target, partners)
        return register(source, target, partners, self._settings, start).match(
            source, target
        )

    def match_instances(
        self, source: ImageArray, target: ImageArray, most: int
    ) -> list[Instance]:
        """Match two images of which one may show several times what the other shows.

        Parameters and errors are those of `match` and of `find_instances`.
        """
        a, b = self.describe(source), self.describe(target)
        return find_instances(a, b, self._settings, most)
