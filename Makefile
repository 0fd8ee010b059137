# The commands of Theatrum. `make demo` and `make test` do all their own set-up.

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BUNDLE := viewer/static/bundle/theatre.js
JS     := $(wildcard viewer/js/src/*.js viewer/js/*.json viewer/static/*.css)

# What open3d and VTK load from the system, and what the browser tests drive.
SYSTEM := python3-venv libegl1 libgl1 libx11-6 libidn2-0 libudev1 libusb-1.0-0 libgomp1
BROWSER := chromium

.PHONY: demo test check wheel bench clean

demo: $(VENV)/.ready $(BUNDLE)  ## reconstruct a head and serve it on this machine
	$(BIN)/theatrum demo

test: $(VENV)/.ready-dev $(BUNDLE) $(VENV)/.browser  ## every test: Python, JavaScript, browser
	PATH="$(abspath $(BIN)):$$PATH" npm --prefix viewer/js test --silent
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m 'not browser'
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m browser

check: $(VENV)/.ready-dev  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: $(VENV)/.ready-dev $(BUNDLE)  ## build the wheel and try it in an environment of its own
	scripts/wheel.sh $(BIN)/python

bench: $(VENV)/.ready-dev $(BUNDLE) $(VENV)/.browser  ## measure accuracy and speed, print the tables
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist viewer/static/bundle viewer/js/node_modules *.egg-info

$(VENV)/.ready: pyproject.toml constraints.txt
	scripts/system.sh $(SYSTEM)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Theatrum needs Python 3.11 or newer.")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --upgrade "pip>=25.1"
	@echo "Installing Python packages into $(VENV): a minute or two, once."
	$(BIN)/pip install -q -c constraints.txt -e .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(BIN)/pip install -q -c constraints.txt --group dev
	@touch $@

$(VENV)/.browser: | $(VENV)/.ready
	scripts/system.sh $(BROWSER)
	@touch $@

$(BUNDLE): $(JS) | $(VENV)/.ready
	@echo "Building the browser code, once."
	scripts/bundle.sh $(VENV)
