"""Joint co-segmentation and co-localization of image sets.

The public names, listed in ``__init__.pyi``, are loaded on first use, so that
``import napari_jcc`` is instant.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
