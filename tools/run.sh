#!/usr/bin/env bash
# Builds the PBX and runs it here with two demo extensions. Everything it keeps is in data/.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --bin kiestoon
kiestoon=target/release/kiestoon
mkdir -p data
chmod 700 data

demo=data/demo.toml
if [ ! -f "$demo" ]; then
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
trap 'kill -INT $pid 2>/dev/null || true; wait $pid || true; exit 0' INT TERM
for _ in $(seq 100); do
  "$kiestoon" ctl status >/dev/null 2>&1 && break
  kill -0 $pid 2>/dev/null || { wait $pid; exit $?; }
  sleep 0.1
done

address=$(hostname -I 2>/dev/null | awk '{print $1}')
secret() { awk -v n="\"$1\"" '$1=="number"{hit=($3==n)} hit&&$1=="password"{gsub(/"/,"",$3); print $3; exit}' "$demo"; }
cat <<END

  Kiestoon is ready.

    SIP server   ${address:-127.0.0.1}   (port 5060, UDP or TCP)
    extension    201     password  $(secret 201)
    extension    202     password  $(secret 202)

  Point two phones at it and call 202 from 201; *43 is an echo test.
  In another window:  $kiestoon ctl watch
  Ctrl-C stops it.

END
wait $pid
