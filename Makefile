# Two commands matter to a newcomer: `make demo` and `make test`. CONTRIBUTING.md says what the others are for.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
SERVE ?= 1
TRACE ?=
ENGINES ?= process
export PYTHONUTF8 := 1
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-dev setup-system setup-ray setup-s3 setup-jupyter setup-skypilot setup-kubernetes test-kubernetes demo up test lint format bench clean lock

help:  ## what each target does
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

setup: .venv/.run  ## install what the service needs
setup-dev: .venv/.dev  ## install what tests and lint need as well

.venv/.uv:
	@sh scripts/bootstrap.sh "$(PYTHON)"
	@touch $@

.venv/.run: .venv/.uv requirements/run.txt pyproject.toml
	@sh scripts/install.sh requirements/run.txt
	@touch $@

.venv/.dev: .venv/.uv requirements/dev.txt pyproject.toml
	@sh scripts/install.sh requirements/dev.txt
	@touch $@ .venv/.run

setup-system:  ## system packages for the browser and PostgreSQL 15 tests (needs root; Debian or Ubuntu)
	@sh scripts/setup-system.sh

setup-ray: setup-dev  ## Ray for the tests of its engine, beside the product (330 MB)
	@sh scripts/setup-beside.sh ray ray

setup-s3: setup-dev  ## an S3 server for the tests of data staging, beside the product (60 MB)
	@sh scripts/setup-beside.sh s3 moto_server

setup-skypilot: setup-dev  ## SkyPilot, whose optimizer `make bench` times beside the quote (300 MB)
	@sh scripts/setup-beside.sh skypilot sky

setup-jupyter: setup-dev  ## JupyterLab for sessions on this machine, beside the product (190 MB)
	@sh scripts/setup-beside.sh jupyter jupyter-lab

setup-kubernetes:  ## a real Kubernetes for the tests of its engine: built once, 8 minutes (needs root; Debian)
	@sh scripts/setup-kubernetes.sh

test-kubernetes: setup-dev setup-kubernetes  ## the Kubernetes engine on a real control plane and a real node
	@JIAOZI_TEST_NOTEBOOK_POD=1 $(BIN)/pytest -n 0 tests/engines/kubernetes $(ARGS)

# What opens sessions on this machine, where it is installed: `make setup-jupyter`, `make setup-system`.
demo up: export JIAOZI_SESSION_JUPYTER ?= $(wildcard $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/jiaozi/jupyter/bin/jupyter-lab)
demo up: export JIAOZI_SESSION_SSHD ?= $(wildcard /usr/sbin/sshd)

demo: setup  ## one voucher's whole life; SERVE=0 stops after the story, TRACE=file.swf.gz adds real jobs, ENGINES=slurm two clusters
	@$(BIN)/jiaozi demo $(if $(filter 0,$(SERVE)),--no-serve,--serve) --engines $(ENGINES) $(if $(TRACE),--trace $(TRACE),)

up: setup  ## the service with data that lasts in var/
	@$(BIN)/jiaozi up

# Four workers on two cores: while two of them wait for clusters to do something, the other two compute.
test: setup-dev  ## every test; what is skipped is printed with its reason
	@$(BIN)/pytest -n 4 --dist loadgroup $(ARGS)

lint: setup-dev  ## format, ruff, mypy strict, the house's layers, dependencies
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry src

client: setup-dev  ## write the typed client again from the API's document
	@$(BIN)/python scripts/make_client.py

format: setup-dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup-dev  ## the performance table of the README
	@$(BIN)/python -m benchmarks

lock: .venv/.uv  ## resolve the dependencies again
	@$(BIN)/uv pip compile pyproject.toml --extra build --universal --generate-hashes --python-version 3.11 --upgrade -q -o requirements/run.txt
	@$(BIN)/uv pip compile pyproject.toml --extra dev -c requirements/run.txt --universal --generate-hashes --python-version 3.11 --upgrade -q -o requirements/dev.txt
	@echo 'ray[default]>=2.60,<3' | $(BIN)/uv pip compile - --universal --generate-hashes --python-version 3.11 --upgrade -q -o requirements/ray.txt
	@echo 'jupyterlab>=4.5,<5' | $(BIN)/uv pip compile - --universal --generate-hashes --python-version 3.11 --upgrade -q -o requirements/jupyter.txt
	@echo 'moto[server]>=5.1,<6' | $(BIN)/uv pip compile - --universal --generate-hashes --python-version 3.11 --upgrade -q -o requirements/s3.txt
	@echo 'skypilot>=0.14,<0.15' | $(BIN)/uv pip compile - --universal --generate-hashes --python-version 3.11 --upgrade -q -o requirements/skypilot.txt

clean:  ## stop the embedded database and remove what was made, var/ included
	@if [ -x $(BIN)/jiaozi ]; then $(BIN)/jiaozi down --purge; JIAOZI_VAR=var/demo $(BIN)/jiaozi down --purge; fi
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
