"""MaCoSNet: masks and transformations between images, learned from the images alone.

The public names, listed in ``__init__.pyi``, are loaded on first use, because they need
torch.
"""

import lazy_loader as _lazy

from napari_jcc.threads import wait_asleep as _wait_asleep

_wait_asleep()  # before torch is loaded, which reads this once

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
