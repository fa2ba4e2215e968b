"""Print the oldest versions that pyproject.toml allows, as constraints for pip.

Usage: python scripts/lowest_versions.py EXTRA... > FILE
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
BOUND = re.compile(r"([\w-]+)(?:\[[^]]*\])?>=([\d.]+)")


def main(extras: list[str]) -> None:
    """Print a line for every dependency of the package and of its `extras`."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    groups = [project["optional-dependencies"][extra] for extra in extras]
    found = map(BOUND.match, sum(groups, project["dependencies"]))
    for name, version in sorted({match.groups() for match in found if match}):
        print(f"{name}=={version}.*")


if __name__ == "__main__":
    main(sys.argv[1:])
