"""Entries of napari's menus."""

from napari._app_model import get_app_model


def press_in_menu(title: str) -> None:
    """Open one of our docks as its entry in the menus does."""
    commands = get_app_model().commands
    # The oldest napari that we allow calls the command by the dock's title.
    names = f"napari-jcc.{title.replace('-', '').lower()}", f"napari-jcc:{title}"
    commands.execute_command(next(name for name in names if name in commands)).result()
