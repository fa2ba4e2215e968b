"""Lets layers be removed and windows closed without a crash: what drew is deleted later."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

_DELETED = "programs to delete"
_KINDS = "GlirProgram", "GlirShader", "GlirBuffer", "GlirTexture"


@cache
def delete_programs_late() -> None:
    """Delete OpenGL programs of layers that went only when another has drawn; once.

    Likewise their textures and buffers. With Mesa's software renderer, as on a virtual or
    remote display, napari otherwise dies in two ways, with this plugin or without (Mesa
    22.3.6, vispy 0.17, napari 0.9.2):

    - vispy deletes the program that has drawn last as soon as its layer is removed, and the
      next layer ends in a segmentation fault: add shapes and labels, remove the shapes, add
      a colour image.
    - When one of two windows is closed, what it drew by is deleted while the OpenGL context
      of the other is in use, where the same numbers are those of other textures. A window
      that is gone draws no more, so that nothing of it is deleted now; its context takes
      it along.

    Where vispy is made in another way than is known here, it is left as it is.
    """
    try:
        glir = importlib.import_module("vispy.gloo.glir")
        draw = glir.GlirProgram.draw
        kinds = [getattr(glir, name) for name in _KINDS]
        deletes = [kind.delete for kind in kinds]
    except (ImportError, AttributeError):
        return
    if list(inspect.signature(draw).parameters)[:3] != ["self", "mode", "selection"]:
        return

    def draw_and_delete(self: Any, mode: Any, selection: Any, *rest: Any) -> None:
        draw(self, mode, selection, *rest)
        kept = _kept(self)
        if kept and selection[-1]:  # else nothing was drawn
            for delete, gone in kept.pop(_DELETED, ()):
                delete(gone)

    for kind, delete in zip(kinds, deletes, strict=True):
        kind.delete = _late(delete)
    glir.GlirProgram.draw = draw_and_delete


def _late(delete: Callable[[Any], None]) -> Callable[[Any], None]:
    """Put what is to be deleted on the list of its OpenGL context."""

    def delete_late(self: Any) -> None:
        kept = _kept(self)
        if kept is None:
            delete(self)
        else:
            kept.setdefault(_DELETED, []).append((delete, self))

    return delete_late


def _kept(owner: Any) -> dict[str, Any] | None:
    """Return what lives as long as an object's OpenGL context; its number is of that one.

    Not vispy's own notes in ``env``, which it throws away whenever it begins to draw.
    """
    return getattr(getattr(owner, "_parser", None), "__dict__", None)
