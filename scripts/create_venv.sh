#!/usr/bin/env bash
# Create a virtual environment with a Python that is new enough and an up-to-date pip.
# Usage: scripts/create_venv.sh FOLDER [PYTHON]
set -euo pipefail

folder=$1
python=${2:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [[ -z $python ]]; then
  for candidate in python3 python3.13 python3.12 python3.11; do
    if new_enough "$candidate"; then
      python=$candidate
      break
    fi
  done
fi
if [[ -z $python ]] || ! new_enough "$python"; then
  found=$("${python:-python3}" --version 2>/dev/null || true)
  {
    echo "napari-jcc needs Python 3.11 or newer; found: ${found:-none}."
    echo "Install one (Debian 12, Ubuntu 23.04 and newer: sudo apt-get install python3"
    echo "python3-venv) or name one: make PYTHON=/path/to/python3.12 ..."
  } >&2
  exit 1
fi

# Debian ships Python without the part that puts pip into a new environment.
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  echo "$python cannot create virtual environments: its venv module is incomplete." >&2
  "$here/system_packages.sh" "python$version-venv" || exit 1
fi

"$python" -m venv "$folder"
# Dependency groups need pip 25.1 or newer.
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
  --upgrade --constraint "$here/../constraints.txt" pip
