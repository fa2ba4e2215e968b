#!/usr/bin/env bash
# Run the tests with coverage: all of them on a virtual display where there can be one,
# otherwise those that need no display.
# Usage: scripts/run_tests.sh PYTHON [PYTEST_ARGUMENT...]
# Without arguments those that open windows run beside the others, each half on a core.
set -euo pipefail

python=$1
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
export QT_API=pyqt6 PYTEST_QT_API=pyqt6
tests=("$python" -m pytest --cov)

run_both_halves() {
  work=$(mktemp -d)
  trap 'kill "$windows" 2>/dev/null || true; rm -rf "$work"' EXIT
  local status=0
  COVERAGE_FILE="$work/windows" "$here/with_display.sh" "${tests[@]}" --cov-report= \
    tests/plugin >"$work/log" 2>&1 &
  windows=$!
  COVERAGE_FILE="$work/others" "${tests[@]}" --cov-report= --ignore=tests/plugin || status=$?
  wait "$windows" || status=$?
  cat "$work/log"
  "$python" -m coverage combine --quiet "$work/windows" "$work/others"
  "$python" -m coverage report
  return "$status"
}

status=0
"$here/with_display.sh" true || status=$?
if [[ $status -eq 69 ]]; then
  echo "There is no virtual display: running only the tests that need none." >&2
  unset DISPLAY WAYLAND_DISPLAY
  # pytest-qt refuses to start when Qt's own system libraries are missing.
  if ! problem=$("$python" -c 'import PyQt6.QtTest, PyQt6.QtWidgets' 2>&1); then
    echo "Qt cannot be loaded: ${problem##*$'\n'}" >&2
    tests+=(-p no:pytest-qt)
  fi
  exec "${tests[@]}" --cov-report=term "$@"
fi
if [[ $# -gt 0 ]]; then
  exec "$here/with_display.sh" "${tests[@]}" --cov-report=term "$@"
fi
run_both_halves
