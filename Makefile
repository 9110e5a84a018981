# Each rule is one short command that also works by hand.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test check bench schemas messages clean

demo: .venv/installed      ## simulated phones, a collector, a dashboard; ARGS=--once ends after the summary
	@$(BIN)/posture demo $(ARGS)

test: .venv/tested         ## everything that must hold
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

check: .venv/tested        ## what a reviewer's tools say
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: .venv/tested        ## ratios, measured side by side on this machine
	$(BIN)/python -m benchmarks $(ARGS)

schemas: .venv/tested      ## docs that are generated from the code
	$(BIN)/python docs/generate.py

.venv/installed: pyproject.toml constraints.txt
	@echo "Installing into .venv (once; takes a minute)…"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/tested: .venv/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . --group test
	@touch $@

messages: .venv/tested     ## bring the Spanish catalogue up to date; then fill in what is new
	$(BIN)/pybabel -q extract -k Message -k t --no-location --sort-output -o artifacts.pot agent
	$(BIN)/pybabel -q update -D posture -l es -d agent/locale -i artifacts.pot --no-fuzzy-matching --ignore-obsolete --no-wrap
	@rm artifacts.pot

clean:
	rm -rf .venv artifacts build dist
