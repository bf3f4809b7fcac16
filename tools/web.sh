#!/usr/bin/env bash
# Builds web/dist, which kiestoon-admin serves; `check` looks at style and types and runs the unit tests, `browsers` calls in
# Chromium and Firefox over a stand-in, `office` over the PBX and sidecar of target/debug (or CARGO_TARGET_DIR), in a network of its own.
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
case ${1:-build} in
  browsers) npm run --silent browsers ;;
  office)
    # Its network can be taken away without anybody else noticing. Who is not root gets one from the kernel.
    rights=()
    [ "$(id -u)" = 0 ] || rights=(--user --map-root-user)
    # Browsers look for addresses on other interfaces than loopback.
    exec unshare "${rights[@]}" --net --kill-child sh -ec '
      PATH=$PATH:/usr/sbin:/sbin
      ip link set lo up
      ip link add office type veth peer name street
      ip address add 192.168.77.1/24 dev office
      ip link set office up
      ip link set street up
      ip route add default via 192.168.77.2
      KIESTOON_OWN_NETWORK=192.168.77.1 exec npm run --silent office'
    ;;
esac
