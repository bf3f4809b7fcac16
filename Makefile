# Kiestoon's front door. Every target installs what it is missing and ends with one clear line.
.DEFAULT_GOAL := help
SHELL := /bin/bash
CARGO ?= cargo

.PHONY: help run test check bench soak listen sounds fuzz build clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build and start PBX, sidecar and web phone with demo extensions on this machine; Ctrl-C stops them
	@tools/install.sh build
	@tools/install.sh web || echo "Without npm there is no web phone; all else runs." >&2
	@tools/run.sh

test: ## everything: make check, unit, scenario and black-box tests with real phones, brief fuzzing
	@tools/install.sh build test
	@tools/test.sh

check: ## formatting, lints, layers, licences, documentation
	@tools/install.sh build check
	@tools/check.sh

bench: ## figures beside Kamailio and rtpengine in the same run
	@tools/install.sh build bench
	@tools/bench.sh

soak: ## half of the measured maximum for MINUTES=30, then 1,000 browsers that talk, fail or die, and whether anything leaked
	@tools/install.sh build bench
	@tools/soak.sh $${MINUTES:-30}
	@tools/soak.sh browsers

listen: ## speech through loss and jitter: our jitter buffer beside baresip's, scored by PESQ
	@tools/install.sh build listen
	@tools/listen.sh

sounds: ## speak the prompts of sounds/*/prompts.toml that have no recording yet
	@tools/install.sh sounds
	@tools/sounds.py

fuzz: ## fuzz every parser; SECONDS_EACH=60 by default
	@tools/install.sh build test
	@tools/fuzz.sh $${SECONDS_EACH:-60}

build: ## the release binaries
	@tools/install.sh build
	@tools/web.sh
	$(CARGO) build --release --locked --bin kiestoon --bin kiestoon-admin

clean: ## remove what was built; data/ stays
	$(CARGO) clean
