"""Priors: what is probably object, before the joint problem is solved."""

from napari_jcc.priors.boxes import rate_boxes
from napari_jcc.priors.combine import find_priors
from napari_jcc.priors.refit import refit_prior
from napari_jcc.priors.refit_superpixels import refit_by_superpixels

__all__ = ["find_priors", "rate_boxes", "refit_by_superpixels", "refit_prior"]
