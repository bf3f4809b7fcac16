#!/usr/bin/env bash
# The table of listening quality: our jitter buffer beside baresip's, and speech through a running PBX that transcodes it. Cells may be
# named, as PCMU-50-30 (per mille lost, ms of jitter) or "opus>PCMA-50-30".
set -euo pipefail
cd "$(dirname "$0")/.."

venv=target/listen
if ! "$venv/bin/python" -c 'import numpy, scipy, pesq' 2>/dev/null; then
  echo "==> building the scorer (once)"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 pesq==0.0.4
fi
${CARGO:-cargo} build --quiet --locked -p kiestoon-testkit --example listen
${CARGO:-cargo} build --quiet --locked --bin kiestoon
exec "$venv/bin/python" tools/listen.py target/debug/examples/listen target/debug/kiestoon "$@"
