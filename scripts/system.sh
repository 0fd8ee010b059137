#!/bin/sh
# Installs the Debian packages named as arguments, those alone that are missing.
# Without root or sudo it says which are missing and how to get them, and fails.
set -eu
missing=""
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then become=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then become="sudo"
elif command -v sudo >/dev/null && [ -t 0 ]; then become="sudo"
else
    echo "Theatrum needs these Debian packages:$missing" >&2
    echo "Ask an administrator to run: apt-get install$missing" >&2
    exit 1
fi
echo "Installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
$become apt-get update -qq
# shellcheck disable=SC2086
$become apt-get install -y -qq --no-install-recommends $missing >/dev/null
