#!/usr/bin/env bash
# Run the tests with coverage: all of them on a virtual display where there can be one,
# otherwise those that need no display.
# Usage: scripts/run_tests.sh PYTHON [PYTEST_ARGUMENT...]
set -euo pipefail

python=$1
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
export QT_API=pyqt6 PYTEST_QT_API=pyqt6
tests=("$python" -m pytest --cov --cov-report=term "$@")

status=0
"$here/with_display.sh" "${tests[@]}" || status=$?
if [[ $status -ne 69 ]]; then
  exit "$status"
fi

echo "There is no virtual display: running only the tests that need none." >&2
unset DISPLAY WAYLAND_DISPLAY
# pytest-qt refuses to start when Qt's own system libraries are missing.
if ! problem=$("$python" -c 'import PyQt6.QtTest, PyQt6.QtWidgets' 2>&1); then
  echo "Qt cannot be loaded: ${problem##*$'\n'}" >&2
  tests+=(-p no:pytest-qt)
fi
exec "${tests[@]}"
