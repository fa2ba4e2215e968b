"""Priors: what is probably object, before the joint problem is solved."""

from napari_jcc.priors.boxes import rate_boxes
from napari_jcc.priors.combine import find_priors
from napari_jcc.priors.common import CommonPrior
from napari_jcc.priors.prior import Evidence, Prior
from napari_jcc.priors.refit import refit_prior
from napari_jcc.priors.single import CentrePrior, SaliencyPrior, UniformPrior

__all__ = [
    "CentrePrior",
    "CommonPrior",
    "Evidence",
    "Prior",
    "SaliencyPrior",
    "UniformPrior",
    "find_priors",
    "rate_boxes",
    "refit_prior",
]
