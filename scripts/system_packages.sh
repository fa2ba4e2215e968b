#!/usr/bin/env bash
# Make sure that Debian or Ubuntu packages are there.
# Usage: scripts/system_packages.sh PACKAGE... | display
# Installs what is missing as root or with a sudo that asks for no password; otherwise
# names the missing packages and the command, and ends with status 1 (3 on other systems).
# `display` stands for what a napari window on a virtual display needs.
set -euo pipefail

# xvfb and xauth make the display, Mesa draws OpenGL in software, and the rest are the
# libraries that the Qt in the PyQt6 wheel loads but does not bring.
DISPLAY_PACKAGES=(
  xvfb xauth libgl1-mesa-dri
  libegl1 libgl1 libopengl0 libdbus-1-3 libfontconfig1 libfreetype6 libglib2.0-0
  libgssapi-krb5-2 libx11-xcb1 libxkbcommon0 libxkbcommon-x11-0
  libxcb-cursor0 libxcb-glx0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
  libxcb-render-util0 libxcb-render0 libxcb-shape0 libxcb-shm0 libxcb-sync1
  libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1
)

# Newer releases rename packages (libglib2.0-0t64) and provide the old names.
missing_packages() {
  dpkg-query --show --showformat '${db:Status-Status}\t${Package}, ${Provides}\n' |
    awk -F '\t' -v wanted="$*" '
      $1 == "installed" {
        count = split($2, names, /, */)
        for (i = 1; i <= count; i++) {
          sub(/ \(.*/, "", names[i])
          present[names[i]] = 1
        }
      }
      END {
        count = split(wanted, names, " ")
        for (i = 1; i <= count; i++) if (!(names[i] in present)) print names[i]
      }'
}

packages=("$@")
if [[ ${1:-} == display ]]; then
  packages=("${DISPLAY_PACKAGES[@]}")
fi
if [[ ${#packages[@]} -eq 0 ]]; then
  echo "Usage: $0 PACKAGE... | display" >&2
  exit 2
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This is not Debian or Ubuntu: install what corresponds to these packages" >&2
  echo "yourself: ${packages[*]}" >&2
  exit 3
fi

mapfile -t missing < <(missing_packages "${packages[@]}")
if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
    echo "Missing system packages: ${missing[*]}" >&2
    echo "Install them with:" >&2
    echo "  sudo apt-get update && sudo apt-get install --yes ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi

echo "Installing system packages: ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! {
  # An index that cannot be refreshed may still be good enough.
  "${as_root[@]}" apt-get update || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${missing[@]}"
} >"$log" 2>&1; then
  cat "$log" >&2
  echo "Could not install the system packages: ${missing[*]}" >&2
  echo "Install them with: apt-get update && apt-get install ${missing[*]}" >&2
  exit 1
fi
