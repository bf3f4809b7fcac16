#!/usr/bin/env bash
# Installs what the named groups need and this machine lacks: build, web, test, check, listen, sounds, bench.
# As root or with sudo through apt; otherwise it says the one command that an administrator must run.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=() # "command:package"
components=()
cargo_tools=()
for group in "$@"; do
  case $group in
    build) packages+=(cc:gcc g++:g++ make:make cmake:cmake) ;;
    web) packages+=(node:nodejs npm:npm) ;;
    check)
      packages+=(python3:python3)
      components+=(rustfmt:cargo-fmt clippy:cargo-clippy)
      cargo_tools+=(cargo-deny)
      ;;
    test)
      packages+=(python3:python3 baresip:baresip espeak-ng:espeak-ng dnsmasq:dnsmasq-base sipp:sip-tester sox:sox ip:iproute2 sqlite3:sqlite3 pg_createcluster:postgresql linphonec:linphone-cli kamailio:kamailio nft:nftables sysctl:procps)
      # The browsers that call; Firefox's sound stands still without a sound server.
      packages+=(node:nodejs npm:npm chromium:chromium firefox-esr:firefox-esr pulseaudio:pulseaudio turnserver:coturn)
      compgen -G '/usr/lib/*/kamailio/modules/tls.so' >/dev/null || packages+=(kamailio-tls:kamailio-tls-modules)
      # The fax machine of the tests is compiled by them; a library has no command to be known by.
      [ -e /usr/include/spandsp.h ] || packages+=(libspandsp-dev:libspandsp-dev)
      packages+=(cc:gcc)
      components+=(rustfmt:cargo-fmt clippy:cargo-clippy)
      cargo_tools+=(cargo-deny cargo-fuzz)
      ;;
    listen)
      packages+=(baresip:baresip espeak-ng:espeak-ng python3:python3 python3-config:python3-dev)
      python3 -c 'import ensurepip' 2>/dev/null || packages+=(ensurepip:python3-venv)
      ;;
    sounds) packages+=(python3:python3 espeak-ng:espeak-ng sox:sox opusenc:opus-tools) ;;
    bench) packages+=(kamailio:kamailio rtpengine:rtpengine-daemon ip:iproute2) ;;
    *) echo "install.sh: unknown group '$group' (build, web, test, check, listen, sounds, bench)" >&2; exit 64 ;;
  esac
done

if ! command -v cargo >/dev/null; then
  echo "Rust is missing: install a stable toolchain (1.95 or newer) with rustup, then run this again." >&2
  exit 1
fi

# Where cargo itself looks for its tools, whether or not the shell does.
export PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin:/usr/sbin:/sbin"
missing=()
for entry in "${packages[@]}"; do
  command -v "${entry%%:*}" >/dev/null 2>&1 || missing+=("${entry#*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  install=(apt-get install -y --no-install-recommends "${missing[@]}")
  if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]}. This machine has no apt; install them with its own package manager." >&2
    exit 1
  elif [ "$(id -u)" = 0 ]; then
    sudo=()
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo=(sudo)
  else
    echo "Missing: ${missing[*]}. As administrator, run:  sudo apt-get update && sudo ${install[*]}" >&2
    exit 1
  fi
  echo "==> installing ${missing[*]}"
  # Debian's packages start their services; ours run beside them, on ports of our own choice.
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 "${install[@]}" >/dev/null
fi

for entry in "${components[@]}"; do
  # Asked, not looked for: rustup has a stand-in for each command, installed or not.
  if ! cargo "${entry#*:cargo-}" --version >/dev/null 2>&1; then
    component=${entry%%:*}
    if ! command -v rustup >/dev/null; then
      echo "Missing: $component, a part of Rust. Install it the way Rust was installed, then run this again." >&2
      exit 1
    fi
    echo "==> installing $component"
    rustup component add "$component"
  fi
done

for tool in "${cargo_tools[@]}"; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "==> building $tool (once)"
    # Unoptimised: it runs for seconds, and building it optimised takes minutes.
    cargo install --quiet --locked --debug "$tool"
  fi
done
