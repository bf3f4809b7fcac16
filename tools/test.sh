#!/usr/bin/env bash
# Everything that must hold: make check, every test of the workspace, and each fuzz target briefly.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"

tools/check.sh
echo "==> tests"
cargo test --locked --workspace --quiet
# Once more, with the state of all calls handed over as plain data before every step.
KIESTOON_HAND_OVER=1 cargo test --locked --quiet --workspace --test scenarios
tools/web.sh check
# The page as people use it: browsers, sidecar, PBX and desk phones, all real. The sidecar holds the page, so that comes first.
tools/web.sh build
# As the tests had them: chosen alone, they are built with fewer features of the libraries, and these once more.
cargo test --locked --workspace --no-run --quiet
tools/web.sh office
# A fixed seed: what this finds today, it finds tomorrow. `make fuzz` goes further.
tools/fuzz.sh 5 1
echo "test: all good, $(( (SECONDS - started) / 60 )) min $(( (SECONDS - started) % 60 )) s"
