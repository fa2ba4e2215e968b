"""Lets layers be removed without a crash: what drew them is deleted a moment later."""

from __future__ import annotations

from functools import cache
from typing import Any

from vispy.gloo.glir import GlirProgram

_DELETED = "programs to delete"


@cache
def delete_programs_late() -> None:
    """Delete OpenGL programs of layers that went only when another has drawn; once.

    vispy deletes the program that has drawn last as soon as its layer is removed. With
    Mesa's software renderer, as on a virtual or remote display, napari then dies of a
    segmentation fault at the next layer that is added, with this plugin or without: add
    shapes and labels, remove the shapes, add a colour image (Mesa 22.3.6, vispy 0.17).
    """
    delete, draw = GlirProgram.delete, GlirProgram.draw

    def delete_late(self: Any) -> None:
        # Of this OpenGL context: in others the number means another program.
        self._parser.env.setdefault(_DELETED, []).append(self)

    def draw_and_delete(self: Any, mode: Any, selection: Any, *rest: Any) -> None:
        draw(self, mode, selection, *rest)
        if selection[-1]:  # else nothing was drawn
            for program in self._parser.env.pop(_DELETED, ()):
                delete(program)

    GlirProgram.delete, GlirProgram.draw = delete_late, draw_and_delete
