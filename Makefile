# make book: executes and renders the book.  make test: the library's tests and every notebook.
# Both set up .venv on first use. Without make (Windows): see "Plain Python" in README.md.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.installed
BROWSER_PARTS := book/_static/vendor/.installed

.PHONY: book test clean

book: $(READY) $(BROWSER_PARTS)
	$(VENV)/bin/python book/build.py $(ARGS)

test: $(READY) $(BROWSER_PARTS)
	$(VENV)/bin/python -m pytest $(ARGS)

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed: make PYTHON=python3.12 ..." if sys.version_info < (3, 10) else 0)'
	test -x $(VENV)/bin/pip || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement requirements.txt
	touch $@

$(BROWSER_PARTS): package.json package-lock.json book/browser_parts.py | $(READY)
	$(VENV)/bin/python book/browser_parts.py

clean:
	rm -rf _build book/_static/vendor book/_static/made node_modules
