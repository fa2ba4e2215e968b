#!/usr/bin/env bash
# Run the tests: all of them on a virtual display where there can be one, otherwise those
# that need no display.
# Usage: scripts/run_tests.sh PYTHON [PYTEST_ARGUMENT...]
# Without arguments they run in parts, as many at a time as there are processor cores.
set -euo pipefail

python=$1
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
export QT_API=pyqt6 PYTEST_QT_API=pyqt6
files_a_part=7

# Tests that open no window are the longest part, and the first, so that no core waits long
# for the last one.
list_parts() {
  echo --ignore=tests/plugin
  find tests/plugin -name 'test_*.py' | sort | xargs -n "$files_a_part"
}

# On a display of its own: windows of another part would take the keyboard away.
run_part() {
  local output status=0
  output=$("$HERE/with_display.sh" "$PYTHON" -m pytest "$@" 2>&1) || status=$?
  printf '%s\n' "$output"
  return "$status"
}

# With a thread each: more of them than cores wait for each other most of the time.
run_in_parts() {
  export HERE=$here PYTHON=$python OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
  export -f run_part
  echo "Testing in $(list_parts | wc -l) parts; each is shown when it ends."
  list_parts | xargs -P "$(getconf _NPROCESSORS_ONLN)" -L 1 bash -c 'run_part "$@"' _
}

status=0
"$here/with_display.sh" true || status=$?
if [[ $status -eq 69 ]]; then
  echo "There is no virtual display: running only the tests that need none." >&2
  unset DISPLAY WAYLAND_DISPLAY
  options=()
  # pytest-qt refuses to start when Qt's own system libraries are missing.
  if ! problem=$("$python" -c 'import PyQt6.QtTest, PyQt6.QtWidgets' 2>&1); then
    echo "Qt cannot be loaded: ${problem##*$'\n'}" >&2
    options+=(-p no:pytest-qt)
  fi
  exec "$python" -m pytest "${options[@]}" "$@"
fi
if [[ $# -gt 0 ]]; then
  exec "$here/with_display.sh" "$python" -m pytest "$@"
fi
run_in_parts
