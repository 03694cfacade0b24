#!/usr/bin/env bash
# docker-compose.yml is what docker-compose takes, and the files that it and the Dockerfile name are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if ! command -v docker-compose >/dev/null; then
  echo "skipped: docker-compose is not installed"
  exit 77
fi
docker-compose -f docker-compose.yml config -q
docker-compose -f docker-compose.yml --profile demo config --services | sort | tr '\n' ' ' | tee /dev/stderr |
  grep -qx 'broker demo topics worker '

while read -r file; do
  [ -e "$file" ] || { echo "the Dockerfile copies $file, which is not there"; exit 1; }
done < <(awk '$1 == "COPY" && $2 !~ /^--/ {for (i = 2; i < NF; ++i) print $i}' Dockerfile)

# A broken file must be noticed: this one has a service that waits for one that does not exist.
broken=$(mktemp --suffix .yml)
trap 'rm -f "$broken"' EXIT
sed 's/^      broker:$/      nobody:/' docker-compose.yml >"$broken"
if docker-compose -f "$broken" config -q 2>/dev/null; then
  echo "docker-compose took a file that depends on a missing service"
  exit 1
fi
