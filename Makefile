# Each rule is one short command that also works by hand.
PYTHON ?= python3
BIN = .venv/bin
SECONDS = 4

.PHONY: demo test check bench fuzz schemas messages clean

demo: .venv/installed      ## simulated phones, a collector, a dashboard; ARGS=--once ends after the summary
	@$(BIN)/posture demo $(ARGS)

test: .venv/tested         ## everything that must hold
	@.ci/programs
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m tests.postgres $(BIN)/pytest -q -n 2 --dist worksteal tests/collector)

check: .venv/tested        ## what a reviewer's tools say
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: .venv/tested        ## ratios, measured side by side on this machine
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: .venv/tested         ## every reader of a stranger's bytes, by coverage; SECONDS for each: 4, or 3600 for a night
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group fuzz || true
	$(BIN)/python -m tests.fuzz all $(SECONDS)

schemas: .venv/tested      ## docs that are generated from the code
	$(BIN)/python docs/generate.py

.venv/installed: pyproject.toml constraints.txt
	@echo "Installing into .venv (once; takes a minute)…"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/tested: .venv/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . --group test
	@touch $@

messages: .venv/tested     ## bring the Spanish catalogues up to date; then fill in what is new
	$(call catalogue,posture,agent)
	$(call catalogue,click,$$($(BIN)/python -c 'import click; print(*click.__path__)'))

define catalogue
	$(BIN)/pybabel -q extract -k Message -k t --no-location --sort-output -o artifacts.pot $(2)
	$(BIN)/pybabel -q update -D $(1) -l es -d agent/locale -i artifacts.pot \
	  --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap
	@rm artifacts.pot
endef

clean:
	rm -rf .venv artifacts build dist
