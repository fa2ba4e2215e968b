"""The former place of `napari_jcc.atomic`."""

from napari_jcc.atomic import is_staging, publish, staging_folder

__all__ = ["is_staging", "publish", "staging_folder"]
