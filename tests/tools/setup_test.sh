#!/usr/bin/env bash
# On a system that has everything, tools/setup does nothing, says nothing and asks no network; wrong use is refused.
set -euo pipefail
setup=$(dirname "${BASH_SOURCE[0]}")/../../tools/setup
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "skipped: this system has no apt"
  exit 77
fi
# apt-get is replaced by one that leaves a trace, so that this test never installs anything.
fake=$(mktemp -d)
trap 'rm -rf "$fake"' EXIT
printf '#!/bin/sh\ntouch "%s/called"\n' "$fake" >"$fake/apt-get"
chmod +x "$fake/apt-get"
said=$(PATH="$fake:$PATH" "$setup" --build 2>&1)
if [ -e "$fake/called" ]; then
  echo "skipped: something is missing here, so that setup rightly installs it: $said"
  exit 77
fi
[ -z "$said" ] || { echo "setup said: $said"; exit 1; }

code=0
"$setup" --nonsense 2>/dev/null || code=$?
[ "$code" = 64 ] || { echo "an unknown option ended with $code instead of 64"; exit 1; }

# Where something is missing it updates the lists and installs just that.
printf '#!/bin/sh\n/usr/bin/dpkg-query "$@" | grep -v "^cmake "\n' >"$fake/dpkg-query"
printf '#!/bin/sh\necho "$*" >>"%s/called"\n' "$fake" >"$fake/apt-get"
printf '#!/bin/sh\nexec "$@"\n' >"$fake/sudo"
chmod +x "$fake/dpkg-query" "$fake/sudo"
PATH="$fake:$PATH" "$setup" --build 2>/dev/null
grep -q ' update$' "$fake/called"
grep -q ' install -y --no-install-recommends cmake$' "$fake/called"
