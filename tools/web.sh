#!/usr/bin/env bash
# Builds web/dist, which kiestoon-admin serves; `check` looks at style and types and runs the unit tests, `browsers` calls in
# Chromium and Firefox over a stand-in, `office` over the PBX and sidecar of target/debug (or CARGO_TARGET_DIR).
# Without npm it says so; a build then leaves
# things as they are, a test fails.
set -euo pipefail
cd "$(dirname "$0")/../web"

if ! command -v npm >/dev/null 2>&1; then
  echo "web: npm is missing, so the web phone is not built (tools/install.sh web installs it)." >&2
  # The binaries build without it; a test that is not run has not passed.
  [ "${1:-build}" = build ] && exit 0
  exit 1
fi

# A fresh install only where the lock file has changed since the last one.
installed=node_modules/.kiestoon-lock
if ! cmp -s package-lock.json "$installed"; then
  echo "==> installing what the web phone is built of"
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json "$installed"
fi

if [ "${1:-build}" = check ]; then
  npm run --silent check
  npm test --silent
  exit
fi

# Not where the build is newer than all that it is made of.
newer=$(find src public index.html package-lock.json vite.config.ts tsconfig.json -newer dist/index.html -print -quit 2>/dev/null || true)
if [ ! -e dist/index.html ] || [ -n "$newer" ]; then
  echo "==> building the web phone"
  npm run --silent build -- --logLevel=warn
fi
if [ "${1:-build}" = browsers ] || [ "${1:-build}" = office ]; then npm run --silent "$1"; fi
