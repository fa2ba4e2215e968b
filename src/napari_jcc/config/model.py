"""All settings of a run, and all those of training and matching."""

from __future__ import annotations

from napari_jcc.config.fields import Section, setting
from napari_jcc.config.sections.boxes import BoxConfig
from napari_jcc.config.sections.collection import CollectionConfig
from napari_jcc.config.sections.decode import DecodeConfig
from napari_jcc.config.sections.discriminative import DiscriminativeConfig
from napari_jcc.config.sections.features import FeatureConfig
from napari_jcc.config.sections.losses import LossConfig
from napari_jcc.config.sections.matching import MatchingConfig
from napari_jcc.config.sections.network import NetworkConfig
from napari_jcc.config.sections.prior import PriorConfig
from napari_jcc.config.sections.problem import ProblemConfig
from napari_jcc.config.sections.runtime import RuntimeConfig
from napari_jcc.config.sections.saliency import SaliencyConfig
from napari_jcc.config.sections.solver import SolverConfig
from napari_jcc.config.sections.superpixels import SuperpixelConfig
from napari_jcc.config.sections.synthetic import SyntheticConfig
from napari_jcc.config.sections.training import TrainingConfig


class JccConfig(Section):
    """All settings of a run of the joint quadratic program."""

    collection: CollectionConfig = setting(
        CollectionConfig(), "Images", "How images are read."
    )
    superpixels: SuperpixelConfig = setting(
        SuperpixelConfig(), "Superpixels", "Pieces that masks are built from."
    )
    saliency: SaliencyConfig = setting(
        SaliencyConfig(), "Saliency", "What stands out in one image."
    )
    prior: PriorConfig = setting(
        PriorConfig(), "Prior", "What is probably object, before the joint problem."
    )
    boxes: BoxConfig = setting(BoxConfig(), "Boxes", "Candidate rectangles.")
    features: FeatureConfig = setting(
        FeatureConfig(), "Features", "What pieces are compared by."
    )
    discriminative: DiscriminativeConfig = setting(
        DiscriminativeConfig(), "Common classifier", "What separates object from rest."
    )
    problem: ProblemConfig = setting(
        ProblemConfig(), "Joint problem", "Weights and constraints."
    )
    solver: SolverConfig = setting(SolverConfig(), "Solver", "How the problem is solved.")
    decode: DecodeConfig = setting(
        DecodeConfig(), "Masks", "From scores to masks and boxes."
    )
    runtime: RuntimeConfig = setting(
        RuntimeConfig(), "Computer", "Where and how the run computes."
    )

    @property
    def learns_cuts(self) -> bool:
        """Whether the set teaches where smoothed maps are cut."""
        decode = self.decode
        rated = decode.cut == "learned" and decode.refinement == "smoother"
        return rated and self.boxes.objects == 1

    @property
    def uses_encoder(self) -> bool:
        """Whether anything asks for the maps of an encoder."""
        learns = self.boxes.learned or self.learns_cuts
        return self.features.deep or self.prior.common > 0 or learns


class MatchConfig(Section):
    """All settings of training and using the matching network."""

    collection: CollectionConfig = setting(
        CollectionConfig(), "Images", "How images are read."
    )
    network: NetworkConfig = setting(
        NetworkConfig(), "Network", "The parts of the network and their sizes."
    )
    synthetic: SyntheticConfig = setting(
        SyntheticConfig(), "Known transformations", "The first stage of training."
    )
    training: TrainingConfig = setting(
        TrainingConfig(), "Training", "The second stage, on pairs of the set."
    )
    losses: LossConfig = setting(
        LossConfig(), "Losses", "What the second stage weighs against each other."
    )
    matching: MatchingConfig = setting(
        MatchingConfig(), "Matching", "What is done with the trained network."
    )
