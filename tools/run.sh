#!/usr/bin/env bash
# Builds PBX and sidecar and runs both here with demo extensions. Everything they keep is in data/.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
kiestoon=$target/release/kiestoon
admin=$target/release/kiestoon-admin
# The sidecar holds the web pages, so they come first.
tools/web.sh
cargo build --release --locked --bin kiestoon --bin kiestoon-admin

if "$kiestoon" ctl status >/dev/null 2>&1; then
  echo "Kiestoon runs here already: watch it with  $kiestoon ctl watch  or stop it with  $kiestoon ctl drain" >&2
  exit 1
fi

mkdir -p data
chmod 700 data
demo=data/demo.toml
umask_before=$(umask)
umask 077
password() { LC_ALL=C tr -dc 'a-hjkmnp-z2-9' </dev/urandom | head -c 12 || true; }
extension() { # number, name
  grep -qs "^number = \"$1\"" "$demo" && return
  printf '[[extension]]\nnumber = "%s"\nname = "%s"\npassword = "%s"\n\n' "$1" "$2" "$(password)" >>"$demo"
}
extension 200 Web
extension 201 "Demo 1"
extension 202 "Demo 2"
"$kiestoon" import "$demo" >/dev/null
# Whoever logs in at the web pages; the password is kept to be shown again.
first=data/admin-password
if [ "$("$kiestoon" user list --json)" = "[]" ]; then
  password >"$first"
  "$kiestoon" user add admin --role admin --extension 200 --password - <"$first" >/dev/null
fi
umask "$umask_before"

"$kiestoon" serve &
pid=$!
web=
# A closed terminal must not leave a PBX behind that nobody sees.
stop() {
  trap '' INT TERM HUP
  for one in $web $pid; do kill -INT "$one" 2>/dev/null || true; done
  for one in $web $pid; do wait "$one" || true; done
}
trap 'stop; exit 0' INT TERM HUP
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

coproc WEB { exec "$admin" serve; }
web=$WEB_PID
exec 3<&"${WEB[0]}"
if ! read -r line <&3 || [ "$line" != "kiestoon-admin ready" ]; then
  # It has said why on its own lines above.
  stop
  echo "The sidecar did not start." >&2
  exit 1
fi

address=$(hostname -I 2>/dev/null | awk '{print $1}')
port=$("$kiestoon" ctl status | awk '$1 == "udp" || $1 == "tcp" { n = split($2, part, ":"); print part[n]; exit }')
served() { # key of [admin]: the port of its first address
  "$kiestoon" print-config | awk -v key="$1" '/^\[/{in_admin=($0=="[admin]")} in_admin&&$1==key{print; exit}' | grep -oE ':[0-9]+"' | head -1 | tr -dc 0-9
}
https=$(served https)
http=$(served http)
secret() { awk -v n="\"$1\"" '$1=="number"{hit=($3==n)} hit&&$1=="password"{gsub(/"/,"",$3); print $3; exit}' "$demo"; }
cat <<END

  Kiestoon is ready.

    web phone    https://localhost:$https   https://${address:-127.0.0.1}:$https   (http://localhost:$http on this machine)
    log in       admin          password  $(cat "$first" 2>/dev/null || echo "as you set it")   (extension 200)

    SIP server   ${address:-127.0.0.1}   (port ${port:-5060}, UDP or TCP)
    extension    201     password  $(secret 201)
    extension    202     password  $(secret 202)

  Point two phones at it and call 202 from 201; *43 is an echo test. A browser warns of the certificate until it knows
  the authority of https://localhost:$https/ca.crt.
  In another window:  $kiestoon ctl watch
  Ctrl-C stops both.

END
# Where one ends by itself, the other goes too.
wait -n "$pid" "$web" && code=0 || code=$?
stop
exit "$code"
