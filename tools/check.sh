#!/usr/bin/env bash
# Formatting, lints, layers, licences, documentation. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { echo "==> $1"; shift; "$@"; }

step "formatting" cargo fmt --all --check
step "layers" python3 tools/layers.py
step "licences, sources, bans" cargo deny --log-level error check bans licenses sources
step "lints" cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
# Private items are documented too: maintainers read these pages, and links to them are meant.
step "documentation" env RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --locked --workspace --no-deps --document-private-items --quiet
echo "check: all good"
