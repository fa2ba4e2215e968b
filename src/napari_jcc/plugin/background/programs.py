"""Lets layers be removed without a crash: what drew them is deleted a moment later."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

_DELETED = "programs to delete"


@cache
def delete_programs_late() -> None:
    """Delete OpenGL programs of layers that went only when another has drawn; once.

    vispy deletes the program that has drawn last as soon as its layer is removed. With
    Mesa's software renderer, as on a virtual or remote display, napari then dies of a
    segmentation fault at the next layer that is added, with this plugin or without: add
    shapes and labels, remove the shapes, add a colour image (Mesa 22.3.6, vispy 0.17).
    Where vispy is made in another way than is known here, it is left as it is.
    """
    try:
        from vispy.gloo.glir import GlirProgram

        delete, draw = GlirProgram.delete, GlirProgram.draw
    except (ImportError, AttributeError):
        return
    if list(inspect.signature(draw).parameters)[:3] != ["self", "mode", "selection"]:
        return

    def delete_late(self: Any) -> None:
        kept = _kept(self)
        if kept is None:
            delete(self)
        else:
            kept.setdefault(_DELETED, []).append(self)

    def draw_and_delete(self: Any, mode: Any, selection: Any, *rest: Any) -> None:
        draw(self, mode, selection, *rest)
        kept = _kept(self)
        if kept and selection[-1]:  # else nothing was drawn
            for program in kept.pop(_DELETED, ()):
                delete(program)

    GlirProgram.delete, GlirProgram.draw = delete_late, draw_and_delete


def _kept(program: Any) -> dict[str, Any] | None:
    """Return what lives as long as a program's OpenGL context; its number is of that one.

    Not vispy's own notes in ``env``, which it throws away whenever it begins to draw.
    """
    return getattr(getattr(program, "_parser", None), "__dict__", None)
