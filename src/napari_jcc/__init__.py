"""Joint co-segmentation and co-localization of image sets.

Give `segment` images that show the same kind of object, as a folder, files or arrays; it
returns a `JccResult` with a mask and a box for every image:

    from napari_jcc import segment

    result = segment("photos", preset="fast")
    result.images[0].mask

`ImageCollection` opens the images. A `Run` repeats only the stages whose settings have
changed; `get_preset` gives the settings, a `JccConfig`. A `Progress` follows a run. What
the package refuses it says in a `JccError`.

`napari_jcc.results` draws, writes and reads results, `napari_jcc.results.measure` measures
objects, `napari_jcc.evaluation` scores masks and boxes, `napari_jcc.interaction` corrects
them, `napari_jcc.sweep` compares settings, `napari_jcc.matching.outputs` matches images.

The public names, listed in ``__init__.pyi``, are loaded on first use, so that
``import napari_jcc`` is instant.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
