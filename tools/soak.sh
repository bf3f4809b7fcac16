#!/usr/bin/env bash
# Every kind of load at once on a release build for so many minutes (30), and a verdict: flat memory, nothing leaked, no media deadline
# missed, every call recorded. Without further arguments it takes half of the maxima that `tools/bench.sh --all` has found here;
# --registers N --calls N --relayed N --transcoded N name the loads instead. `tools/soak.sh browsers [CONNECTIONS]`: 1,000 browsers
# that talk, fail or die, and whether each of them is forgotten.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"

cargo build --release --locked --bin kiestoon --bin kiestoon-bench
if [ "${1:-}" = browsers ]; then
  exec target/release/kiestoon-bench "$@"
fi
exec target/release/kiestoon-bench soak "$@"
