#!/usr/bin/env bash
# Builds the PBX and runs it here with two demo extensions. Everything it keeps is in data/.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
kiestoon=$target/release/kiestoon
cargo build --release --locked --bin kiestoon

if "$kiestoon" ctl status >/dev/null 2>&1; then
  echo "Kiestoon runs here already: watch it with  $kiestoon ctl watch  or stop it with  $kiestoon ctl drain" >&2
  exit 1
fi

mkdir -p data
chmod 700 data
demo=data/demo.toml
if [ ! -s "$demo" ]; then
  umask_before=$(umask)
  umask 077
  password() { LC_ALL=C tr -dc 'a-hjkmnp-z2-9' </dev/urandom | head -c 12 || true; }
  printf '[[extension]]\nnumber = "201"\nname = "Demo 1"\npassword = "%s"\n\n[[extension]]\nnumber = "202"\nname = "Demo 2"\npassword = "%s"\n' \
    "$(password)" "$(password)" >"$demo"
  umask "$umask_before"
fi
"$kiestoon" import "$demo" >/dev/null

"$kiestoon" serve &
pid=$!
# A closed terminal must not leave a PBX behind that nobody sees.
trap 'kill -INT $pid 2>/dev/null || true; wait $pid || true; exit 0' INT TERM HUP
ready=
for _ in $(seq 100); do
  kill -0 $pid 2>/dev/null || break
  "$kiestoon" ctl status >/dev/null 2>&1 && ready=yes && break
  sleep 0.1
done
if [ -z "$ready" ]; then
  # It has said why on its own lines above.
  kill -INT $pid 2>/dev/null || true
  wait $pid && code=1 || code=$?
  echo "Kiestoon did not start." >&2
  exit "$code"
fi

address=$(hostname -I 2>/dev/null | awk '{print $1}')
port=$("$kiestoon" ctl status | awk '$1 == "udp" || $1 == "tcp" { n = split($2, part, ":"); print part[n]; exit }')
secret() { awk -v n="\"$1\"" '$1=="number"{hit=($3==n)} hit&&$1=="password"{gsub(/"/,"",$3); print $3; exit}' "$demo"; }
cat <<END

  Kiestoon is ready.

    SIP server   ${address:-127.0.0.1}   (port ${port:-5060}, UDP or TCP)
    extension    201     password  $(secret 201)
    extension    202     password  $(secret 202)

  Point two phones at it and call 202 from 201; *43 is an echo test.
  In another window:  $kiestoon ctl watch
  Ctrl-C stops it.

END
wait $pid
