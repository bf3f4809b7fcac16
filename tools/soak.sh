#!/usr/bin/env bash
# Every kind of load at once on a release build for so many minutes (30), and a verdict: flat memory, nothing leaked, no media deadline
# missed, every call recorded. Without further arguments it takes half of the maxima that `tools/bench.sh --all` has found here;
# --registers N --calls N --relayed N --transcoded N name the loads instead.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"

cargo build --release --locked --bin kiestoon --bin kiestoon-bench
exec target/release/kiestoon-bench soak "$@"
