#!/bin/sh
# Builds the wheel with the interpreter $1, installs it into a fresh environment outside the
# checkout, and lets the installed command check itself there.
set -eu
python=$1
root=$(pwd)
rm -rf dist build
"$python" -m build --wheel --outdir dist . >/dev/null
"$python" - <<'PY'
import sys, zipfile
from pathlib import Path
(wheel,) = Path("dist").glob("theatrum-*.whl")
names = zipfile.ZipFile(wheel).namelist()
tops = {n.split("/")[0] for n in names if not n.split("/")[0].endswith(".dist-info")}
if tops != {"anatomy", "surgery", "twin", "viewer", "assets"}:
    sys.exit(f"The wheel holds {sorted(tops)}, not the five folders of Theatrum.")
if "viewer/static/bundle/theatre.js" not in names:
    sys.exit("The wheel lacks the browser code.")
if any("node_modules" in n for n in names):
    sys.exit("The wheel holds node_modules.")
print(f"{wheel.name}: {len(names)} files, {wheel.stat().st_size / 1e6:.1f} MB")
PY
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$python" -m venv "$place/venv"
"$place/venv/bin/pip" install -q --upgrade "pip>=25.1"
"$place/venv/bin/pip" install -q -c constraints.txt dist/theatrum-*.whl
cd "$place"
"$place/venv/bin/theatrum" check
cd "$root"
