#!/usr/bin/env bash
# fuzz.sh [SECONDS [SEED]]: fuzzes every target for SECONDS each, from its seeds. Stable Rust: no sanitizer is needed,
# since the workspace forbids unsafe code and what is looked for is a panic, a hang or a lost byte.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
seed=${2:-0} # 0: another one each time
export CARGO_PROFILE_RELEASE_DEBUG=0
for target in fuzz/fuzz_targets/*.rs; do
  name=$(basename "$target" .rs)
  echo "==> fuzz $name, $seconds s"
  mkdir -p "fuzz/corpus/$name"
  longest=8192
  case $name in
    thaw) seeds=("fuzz/seeds/$name") longest=65536 ;; # the state of one call is longer than any message
    sip) seeds=(tests/fixtures/rfc4475 tests/fixtures/rfc5118) ;;
    dialplan) seeds=(dialplans) ;;
    *) seeds=("fuzz/seeds/$name") ;;
  esac
  log=$(mktemp)
  if ! cargo fuzz run --sanitizer none "$name" "fuzz/corpus/$name" "${seeds[@]}" -- \
      -max_total_time="$seconds" -seed="$seed" -max_len="$longest" -timeout=5 -rss_limit_mb=2048 >"$log" 2>&1; then
    tail -n 40 "$log"
    rm -f "$log"
    echo "fuzz: $name failed; the input is in fuzz/artifacts/$name" >&2
    exit 1
  fi
  grep -E '^Done|runs in' "$log" | tail -n 1 || true
  rm -f "$log"
done
