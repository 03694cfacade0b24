#!/usr/bin/env bash
# tools/kafka: a broker starts on a free port, answers a client, keeps its records over a restart, and is gone after stop;
# a taken port, a second start and a wrong argument get what its head says; a broker can be made to want a password.
set -euo pipefail
kafka=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/tools/kafka
for program in java mvn kcat; do
  command -v "$program" >/dev/null || { echo "skipped: no $program here"; exit 77; }
done
work=$(mktemp -d)
trap '"$kafka" stop --dir "$work/one" --clean; "$kafka" stop --dir "$work/two" --clean; rm -rf "$work"' EXIT
expect() {  # expect CODE COMMAND...: its stderr must come with it
  local wanted=$1 code=0
  shift
  "$@" >"$work/out" 2>"$work/err" || code=$?
  if [ "$code" != "$wanted" ] || { [ "$wanted" != 0 ] && ! [ -s "$work/err" ]; }; then
    echo "$* ended with $code instead of $wanted: $(cat "$work/out" "$work/err")"
    exit 1
  fi
}

expect 3 "$kafka" status --dir "$work/one"
expect 0 "$kafka" stop --dir "$work/one"
expect 64 "$kafka" start --port many
expect 64 "$kafka" start --config nothing
expect 64 "$kafka" start --scram nobody
expect 64 "$kafka" start --proxy nowhere
expect 64 "$kafka" start --version newest
expect 64 "$kafka" destroy

address=$("$kafka" start --dir "$work/one" --port 0 --config auto.create.topics.enable=true)
[[ $address =~ ^127\.0\.0\.1:[0-9]+$ ]] || { echo "start printed '$address'"; exit 1; }
expect 0 "$kafka" start --dir "$work/one"
[ "$(cat "$work/out")" = "$address" ]
expect 0 "$kafka" status --dir "$work/one"
[ "$(cat "$work/out")" = "$address" ]
expect 64 "$kafka" start --dir "$work/one" --port 1
expect 73 "$kafka" start --dir "$work/two" --port "${address##*:}"

echo kept | kcat -P -b "$address" -t things -p 2
expect 0 "$kafka" stop --dir "$work/one"
expect 3 "$kafka" status --dir "$work/one"
if kcat -L -b "$address" -m 1 >/dev/null 2>&1; then
  echo "something still answers on $address after stop"
  exit 1
fi

address=$("$kafka" start --dir "$work/one" --port 0)
[ "$(kcat -C -b "$address" -t things -p 2 -o beginning -e -q)" = kept ]
[ "$(kcat -L -b "$address" -t things | grep -c 'partition [0-9]*, leader 1')" = 4 ]
expect 0 "$kafka" stop --dir "$work/one" --clean
[ ! -e "$work/one" ]

# Any server setting can be given: this broker wants a password.
login='org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p" user_u="p";'
address=$("$kafka" start --dir "$work/two" --port 0 --config 'listeners=SASL_PLAINTEXT://127.0.0.1:{port}' \
  --config inter.broker.listener.name=SASL_PLAINTEXT --config sasl.enabled.mechanisms=PLAIN \
  --config sasl.mechanism.inter.broker.protocol=PLAIN \
  --config "listener.name.sasl_plaintext.plain.sasl.jaas.config=$login")
with_password=(kcat -L -b "$address" -m 5 -X security.protocol=sasl_plaintext -X sasl.mechanisms=PLAIN -X sasl.username=u)
expect 0 "${with_password[@]}" -X sasl.password=p
expect 1 "${with_password[@]}" -X sasl.password=wrong
expect 0 "$kafka" stop --dir "$work/two" --clean

expect 1 "$kafka" start --dir "$work/two" --port 0 --config process.roles=nonsense
