#!/usr/bin/env bash
# Measures the release build beside Kamailio and rtpengine in one run and prints the table. Arguments go to
# `kiestoon-bench run`: --all for the searches too, --only reg,call for some measures, --targets kiestoon for ours alone.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"
started=$SECONDS

cargo build --release --locked --bin kiestoon --bin kiestoon-bench
target/release/kiestoon-bench run "$@"
echo "bench: done in $(( (SECONDS - started) / 60 )) min $(( (SECONDS - started) % 60 )) s; every run is in bench/results"
