"""What a user should know about a project that was opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from napari_jcc.words import list_some

_MOST = 5


@dataclass(frozen=True)
class LoadReport:
    """What is no longer as it was when the project was saved.

    Attributes
    ----------
    missing
        Former file of every image that was not found, by the image's name.
    moved
        New file of every image that was found elsewhere with the same content.
    changed
        File of every image whose content is another one now.
    unfiled
        Names of images that never were in a file.
    notes
        About settings, truth and cache.
    """

    missing: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    unfiled: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.messages()

    def messages(self) -> tuple[str, ...]:
        """All findings in words, the gravest first."""
        told = []
        if self.missing:
            told.append(
                f"{_count(self.missing)} missing: {_list(self.missing)}. Masks and edits "
                "are kept."
            )
        if self.changed:
            told.append(
                f"{_count(self.changed)} changed since the project was saved: "
                f"{_list(self.changed)}. Masks and edits belong to the former content; "
                "look at them, or run again."
            )
        if self.unfiled:
            told.append(
                f"{_count(self.unfiled)} not in a file as they were worked on (arrays, or "
                "axes that were given another meaning), so the project cannot open them: "
                f"{list_some(self.unfiled, _MOST)}. Masks and edits are kept. Open the "
                "images and set their axes as before, and run: the edits are laid over."
            )
        if self.moved:
            told.append(
                f"{_count(self.moved)} found in another place, with the same content: "
                f"{_list(self.moved)}."
            )
        return (*told, *self.notes)


def _count(images: Mapping[str, str] | Sequence[str]) -> str:
    return "1 image is" if len(images) == 1 else f"{len(images)} images are"


def _list(files: Mapping[str, str]) -> str:
    return list_some([f"{name} ({path})" for name, path in files.items()], _MOST)
