#!/usr/bin/env bash
# Makes certs/ca.{crt,key} once and certs/server.{crt,key} for the names given.
# Example: certs/make.sh pbx.kantoor.example 192.0.2.10
set -euo pipefail
if [ $# -eq 0 ] || [ "$1" = --help ]; then
  sed -n '2,3s/^# //p' "$0"
  exit 64
fi
cd "$(dirname "$0")"
umask 077

if [ ! -f ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -keyout ca.key -out ca.crt \
    -subj "/CN=Kiestoon local authority" -addext "basicConstraints=critical,CA:TRUE,pathlen:0" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null
  echo "made ca.crt: install it on the phones"
fi

names=()
for name in "$@"; do
  if [[ $name =~ ^[0-9.]+$ || $name == *:* ]]; then names+=("IP:$name"); else names+=("DNS:$name"); fi
done
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -subj "/CN=$1" 2>/dev/null |
  openssl x509 -req -CA ca.crt -CAkey ca.key -days 397 -out server.leaf 2>/dev/null -extfile <(
    printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n' \
      "$(IFS=,; echo "${names[*]}")"
  )
cat server.leaf ca.crt >server.crt
rm -f server.leaf
chmod 644 ca.crt server.crt
echo "made server.crt and server.key for: $*"
