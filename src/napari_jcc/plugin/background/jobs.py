"""The tasks that run for one viewer."""

from __future__ import annotations

from collections.abc import Iterator

from qtpy.QtCore import QObject, Signal

from napari_jcc.plugin.background.worker import Task, stop_tasks


class Jobs(QObject):
    """Tasks from their start to their end, oldest first, and what each of them ends with.

    Attributes
    ----------
    changed
        Signal when one starts or ends.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._owners: dict[Task, QObject] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def __iter__(self) -> Iterator[Task]:
        return iter(tuple(self._owners))

    def run(self, task: Task, owner: QObject) -> None:
        """Start a task and list it until it ends; returns at once.

        Parameters
        ----------
        task
            Not started yet, with a title, and connected to whatever is to hear of it.
        owner
            Dock that the task ends with; see `stop`.
        """
        self._owners[task] = owner
        task.ended.connect(lambda: self._forget(task))
        # Listed first: what starts before anyone listens is told to nobody.
        self.changed.emit()
        task.start()

    def stop(self, owner: QObject) -> None:
        """Cancel the tasks of a dock that goes, and wait until they have ended."""
        stop_tasks([task for task, its_owner in self._owners.items() if its_owner is owner])

    def _forget(self, task: Task) -> None:
        self._owners.pop(task, None)
        self.changed.emit()
