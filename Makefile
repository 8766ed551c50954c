# What README.md names. Each target prepares what it needs; there is nothing to install before.

.DEFAULT_GOAL := help
.PHONY: help run install uninstall test coverage lint format fuzz hostile oracle month week year killed kills lossy fresh screenshots constraints man dist package release clean docs docs-serve
MAKEFLAGS += --no-builtin-rules

# Words for the program, as you would type them after its name.
ARGS ?=

# How long `make fuzz` takes.
SECONDS ?= 600

# How many strings `make hostile` invents, and from which seed; none: another one each time.
STRINGS ?= 1000000
SEED ?=

# How many months `make month` invents; each takes 25 s.
SEEDS ?= 20

# How many weeks `make week` plays; each takes some 10 min.
WEEKS ?= 4

# How `make release` tests first: tests (all of them), lint, or none (they have just run).
CHECK ?= tests
VERSION ?=

# TARGETS reaches the program through its environment, letter for letter: pasted into a recipe it
# would be read by a shell, and expanded by make (as its own export of it would) `$(…)` would run.
unexport TARGETS
ifneq ($(value TARGETS),)
run install: export NETWATCH_TARGETS := $(value TARGETS)
endif

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

run: ## scan, compare and tell: make run TARGETS=192.168.1.0/24 ARGS=--dry-run
	@tools/setup.sh run
	@if [ "$$(id -u)" -ne 0 ]; then \
		echo "Not root: without raw sockets nmap makes a connect scan, and MAC addresses are not seen." >&2; \
	fi
	@.venv/bin/netwatch-notify $(if $(wildcard .env),--env-file .env) $(ARGS)

install: ## install for the machine, and schedule each night: make install TARGETS=192.168.1.0/24
	@tools/install.sh install $(ARGS)

uninstall: ## take that back; settings and what is known stay
	@tools/install.sh uninstall

# Most tests wait for processes and networks, so one more runs than there are cores.
test: lint ## lint, then run the tests
	@.venv/bin/python -m pytest -n $$(($$(nproc) + 1)) --maxprocesses 4 --dist loadfile

coverage: ## run the tests and report which lines they reached (a third slower)
	@tools/setup.sh test
	@.venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile --cov --cov-report=term

lint: ## check style, format and types
	@tools/setup.sh test
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

format: ## repair what ruff can: format, imports, simple findings
	@tools/setup.sh test
	@.venv/bin/ruff check --fix-only
	@.venv/bin/ruff format

fuzz: ## mutate scan files and see that reading them breaks nothing: make fuzz SECONDS=60
	@tools/setup.sh fuzz
	@.venv/bin/python -m tests.fuzz $(SECONDS)

hostile: ## say what an attacker would, in every format, and look for harm: make hostile STRINGS=100000
	@tools/setup.sh test
	@.venv/bin/python -m tests.report.hostile_run $(STRINGS) $(SEED)

oracle: ## hold diff against ndiff: every pair of the scans there are, and 2,000 generated ones
	@tools/setup.sh test
	@ALL_PAIRS=1 GENERATED_PAIRS=2000 .venv/bin/python -m pytest tests/diff/test_ndiff.py

month: ## hold what is told of 20 invented months against the truth, beside ndiff: make month SEEDS=5
	@tools/setup.sh test
	@.venv/bin/python -m benchmarks.month --seeds $(SEEDS)

year: ## let a year of nights pass on 1,000 hosts: does a run get slower, is what is old forgotten? (3 min)
	@tools/setup.sh test
	@.venv/bin/python -m benchmarks.year

week: ## play weeks in which destinations fail in every way, with real hangs: make week WEEKS=1
	@tools/setup.sh test
	@.venv/bin/python -m tests.week $(WEEKS)

killed: ## kill runs between any two steps, and see that the next tells the same, once (10 min)
	@tools/setup.sh test
	@.venv/bin/python -m tests.test_killed

kills: ## kill 500 times while it takes in and sends, and see what three channels got (5 min)
	@tools/setup.sh test
	@.venv/bin/python -m tests.kills

lossy: ## thirty nights on a test network that loses packets: nothing may be told (as root, 15 min)
	@tools/setup.sh test
	@.venv/bin/python -m tests.lossy_nights --nights 30 --hosts 60

fresh: ## time the first preview and the installation on the smallest Debian (as root, 3 min)
	@tools/setup.sh test
	@command -v debootstrap >/dev/null 2>&1 || apt-get -q install -y --no-install-recommends debootstrap >&2
	@.venv/bin/python -m tests.machine.fresh

screenshots: ## take the pictures of mails in docs/pictures anew, with Chromium
	@tools/setup.sh test
	@command -v chromium >/dev/null 2>&1 || { \
		echo "Installing chromium and a font with apt-get (through sudo where you are not root)." >&2; \
		as=; [ "$$(id -u)" -eq 0 ] || as=sudo; \
		$$as apt-get -q install -y --no-install-recommends chromium fonts-dejavu-core >&2; \
	}
	@.venv/bin/python -m tools.screenshots

docs: ## build docs/ as a site into site/, and stop at a link that leads nowhere
	@tools/setup.sh test
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet

docs-serve: ## show docs/ on http://127.0.0.1:8000/ while you write
	@tools/setup.sh test
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs serve --dev-addr 127.0.0.1:8000

constraints: ## write constraints.txt anew from the newest releases
	@tools/setup.sh constraints

man: ## write the man page and the completion scripts in contrib/ anew
	@tools/setup.sh test
	@.venv/bin/python -m tools.generate_man

dist: ## build wheel and sdist into dist/, and see that PyPI would take them
	@tools/setup.sh test
	@rm -rf dist
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) .venv/bin/python -m build --no-isolation --outdir dist .
	@.venv/bin/python -m twine check --strict dist/*

package: ## install the wheel and the clone with pipx and uv in a temporary folder (1 min)
	@tools/setup.sh test
	@.venv/bin/python -m tests.packaging.installers

release: ## test, set version and date, commit, tag and build; uploads nothing: make release VERSION=0.2.0
	@tools/setup.sh test
	@.venv/bin/python -m tools.release --check $(CHECK) -- $(VERSION)

clean: ## delete what these targets made (not .env, nor the state directory)
	rm -rf .venv .venv-synapse site .coverage .coverage.* htmlcov dist build *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
