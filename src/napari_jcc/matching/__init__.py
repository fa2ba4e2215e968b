"""MaCoSNet: masks and transformations between images, learned from the images alone.

The public names are loaded on first use, because they need torch.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "inference": ["Matcher", "NetworkMatcher"],
        "pair": ["PairResult"],
        "network": ["MaCoSNet", "Transform"],
        "training": ["Checkpoint", "train"],
    },
)
