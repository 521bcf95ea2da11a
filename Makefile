# Phasebook. `make help` lists what there is; Python 3.11 or newer and make are all it needs.

PYTHON ?= python3

# The matrices here are small: one thread does them fastest, and on a busy machine many do them ten times slower.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1

VENV   := .venv
BIN    := $(VENV)/bin
HTML   := _build/html

INSTALLED := $(VENV)/.installed
SOURCES   := $(VENV)/.sources
VENDOR    := book/_static/vendor
COPIED    := $(VENDOR)/.copied
VENDORED  := mathjax/es5/tex-svg.js @observablehq/plot/dist/plot.umd.min.js d3/dist/d3.min.js \
             uplot/dist/uPlot.iife.min.js uplot/dist/uPlot.min.css
BUILT     := _build/.built
PROOF     := $(VENV)/.proof
VERIFIED  := $(VENV)/.verified

# CODE is what the numbers come from, PAGES what the pages are made from besides.
CODE  := constraints.txt $(shell find phasebook -type f \( -name '*.py' -o -name '*.mplstyle' -o -path '*/data/*' \) | LC_ALL=C sort) \
         $(wildcard benchmarks/*.json)
PAGES := _config.yml _toc.yml $(shell find book -type f ! -path '*/vendor/*' ! -path '*/__pycache__/*' ! -path '*/.*' | LC_ALL=C sort)

# PROVED is what the packaged data depend on: a change in any of these calls for a new proof.
PROVED := constraints.txt $(wildcard phasebook/data/*.nc phasebook/data/*.json phasebook/engine/*.py phasebook/runs/*.py) \
          phasebook/network.py phasebook/sgd.py phasebook/observables.py phasebook/spectra.py \
          $(wildcard phasebook/systems/random_organization/*.py)

.PHONY: help book test sweep verify chapter classroom lab picture tidy address constraints clean FORCE
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

# What can be recomputed is recomputed for the book: the rule is in phasebook/runs/packaged.py.
$(BUILT) $(VERIFIED) sweep: export PHASEBOOK_NO_PACKAGED := 1

book: $(VERIFIED) $(BUILT)  ## compute everything and build the book in _build/html, then check the built pages
	$(BIN)/pytest tests/site
	@echo "The book: $(HTML)/index.html"

test: $(INSTALLED)  ## lint, check the types, run the tests
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/pytest tests --ignore=tests/site

# The environment. pip is told to keep to the tested versions.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Phasebook needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say which: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[book,lab,test,scale]'
	@touch $@

# JavaScript of others, so that the pages show mathematics and pictures that move with no network: each file into a folder
# named after its package, with the licence. The venv brings npm where the system has none.
$(COPIED): package.json package-lock.json Makefile $(INSTALLED)
	@PATH="$$PATH:$(CURDIR)/$(BIN)"; export PATH; \
	if npm ci --ignore-scripts --silent && test -f node_modules/mathjax/es5/tex-svg.js; then \
	  for file in $(VENDORED); do \
	    package=$${file%/*/*}; folder=$(VENDOR)/$${package##*/}; \
	    mkdir -p $$folder && cp node_modules/$$package/LICENSE* node_modules/$$file $$folder/ || exit 1; \
	  done; touch $@; \
	else \
	  echo "Cannot fetch JavaScript from npm: the pages will load MathJax from its public CDN, and the explorer and the live"; \
	  echo "training will say that their library is missing."; \
	fi

sweep: $(INSTALLED)  ## train the 14 400 networks of the book (kept in the cache: the second time is quick)
	$(BIN)/python -c 'import phasebook; phasebook.load_sweep("book")'

verify: $(VERIFIED)  ## prove the packaged data: all networks of the book, sixteen at paper time (minutes)

$(PROOF): $(INSTALLED) FORCE
	@cksum $(PROVED) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(VERIFIED): $(PROOF)
	@$(MAKE) --no-print-directory sweep
	$(BIN)/python tools/verify_packaged.py
	@touch $@

# Checksums, not dates: a file that was removed or put back counts too.
$(SOURCES): $(INSTALLED) FORCE
	@cksum $(CODE) $(PAGES) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Executed cells are cached by their text alone: when the package has changed, everything is thrown away.
# PHASEBOOK_STATIC: a page has no kernel, so what moves in a notebook stands still in it.
$(BUILT): $(SOURCES) $(COPIED)
	@$(MAKE) --no-print-directory sweep
	@cksum $(CODE) > $(VENV)/.code
	@cmp -s $(VENV)/.code _build/.code || $(BIN)/jupyter-book clean . --all
	PHASEBOOK_STATIC=1 $(BIN)/jupyter-book build . --all -W --keep-going -n
	@cp $(VENV)/.code _build/.code
	@touch $@

chapter: $(INSTALLED)  ## run one chapter: make chapter NAME=phase_diagram
	@test -n "$(NAME)" || { echo "Which one? make chapter NAME=phase_diagram"; exit 2; }
	$(BIN)/python tools/run_chapter.py $(NAME)

classroom: $(BUILT)  ## notebooks for a class, with solutions and without, in _build/classroom
	PYTHONPATH=book/_ext $(BIN)/python tools/classroom.py

lab: $(INSTALLED)  ## open the chapters as notebooks in JupyterLab
	@mkdir -p $(VENV)/etc/jupyter/labconfig
	$(BIN)/jupytext-config --settings-file $(VENV)/etc/jupyter/labconfig/default_setting_overrides.json set-default-viewer
	$(BIN)/jupyter lab book

picture: $(INSTALLED)  ## draw the phase diagram of the README from the book's own data
	$(BIN)/python tools/picture.py docs/phase_diagram.png

tidy: $(INSTALLED)  ## sort imports, mend what ruff can, bring the chapters to jupytext's form
	$(BIN)/ruff check --fix --quiet --exit-zero .
	$(BIN)/python tools/tidy_chapters.py

address: $(INSTALLED)  ## move the project: make address URL=https://github.com/NAME/REPOSITORY
	@test -n "$(URL)" || { echo "Where to? make address URL=https://github.com/NAME/REPOSITORY"; exit 2; }
	$(BIN)/python tools/address.py $(URL)

constraints: $(INSTALLED)  ## write the versions installed now into constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[book,lab,test,scale]'
	@{ sed -n 1p constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | sed 's/^\(torch==[0-9.]*\)+.*/\1/'; } > $(VENV)/.constraints
	@cp $(VENV)/.constraints constraints.txt

clean:  ## remove what was built (the environment and the cache of results stay)
	rm -rf _build node_modules book/_static/vendor
