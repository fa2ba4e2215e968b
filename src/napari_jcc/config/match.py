"""All settings of the matching network."""

from __future__ import annotations

from napari_jcc.config.fields import Section, setting
from napari_jcc.config.sections.collection import CollectionConfig
from napari_jcc.config.sections.losses import LossConfig
from napari_jcc.config.sections.matching import MatchingConfig
from napari_jcc.config.sections.network import NetworkConfig
from napari_jcc.config.sections.synthetic import SyntheticConfig
from napari_jcc.config.sections.training import TrainingConfig


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
