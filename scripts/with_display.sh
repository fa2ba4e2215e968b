#!/usr/bin/env bash
# Run a command on a virtual display, after getting what that needs.
# Usage: scripts/with_display.sh COMMAND...
# Fails with status 69 before running the command when there can be no such display.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [[ $(uname -s) != Linux ]]; then
  exec "$@"
fi
status=0
"$here/system_packages.sh" display || status=$?
# On other systems than Debian only a try can tell.
if [[ $status -eq 1 ]] || ! command -v xvfb-run >/dev/null; then
  exit 69
fi
# Under Wayland Qt would open its windows on the real screen.
unset WAYLAND_DISPLAY
export QT_QPA_PLATFORM=xcb
exec xvfb-run --auto-servernum --server-args="-screen 0 1600x1200x24" "$@"
