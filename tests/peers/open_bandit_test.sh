#!/usr/bin/env bash
# The Open Bandit files as a user without them gets them (tools/open-bandit), and the figures that OBP's authors' policy and
# the uniform one have on the men's. Skipped where pip cannot get the package.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
riffle=${1:-$root/build/release/riffle}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$root/tools/open-bandit" "$work" >/dev/null || { [ $? = 69 ] && { echo "skipped: the files cannot be had"; exit 77; }; exit 1; }

# hold ESTIMATOR LOW HIGH FILE TARGET...: the estimate must lie between.
hold() {
  local estimator=$1 low=$2 high=$3 value
  shift 3
  value=$("$riffle" ope "$1" --target "${@:2}" -e "$estimator" --resamples 10 --force --format json |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["estimates"][0]["value"])')
  echo "${*#"$work"/}: $estimator $value, expected $low … $high"
  awk -v value="$value" -v low="$low" -v high="$high" 'BEGIN { exit !(value >= low && value <= high) }'
}
hold ips .003005 .003015 "$work/bts/men/men.csv" uniform
hold snips .003185 .003195 "$work/bts/men/men.csv" uniform
# By 20,000 draws of the policy; .00459 and .00466 by as many other draws.
hold ips .0044 .0048 "$work/random/men/men.csv" "$work/prior_bts.yaml" --campaign men
hold snips .0045 .0048 "$work/random/men/men.csv" "$work/prior_bts.yaml" --campaign men
