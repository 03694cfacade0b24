#!/usr/bin/env bash
# riffle ope against OBP 0.4.1 on the same inputs (tests/peers/obp_compare.py). Skipped where OBP cannot be had: it takes
# the Debian packages of `tools/setup --optional`, and `pip install --no-deps obp==0.4.1 mypy_extensions`, which this script
# does into build/peers, once.
#   RIFFLE_OBP_PYTHON: a Python that has OBP, in its place.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
riffle=${1:-$root/build/release/riffle}
skip() {
  echo "skipped: $*"
  exit 77
}
python=${RIFFLE_OBP_PYTHON:-$root/build/peers/obp/bin/python}
if [ -z "${RIFFLE_OBP_PYTHON-}" ] && ! [ -x "$python" ]; then
  debian=/usr/bin/python3
  "$debian" -c 'import torch, sklearn, pandas, seaborn, matplotlib, tqdm, yaml' 2>/dev/null ||
    skip "OBP's Debian packages are not installed (tools/setup --optional)"
  "$debian" -m venv --system-site-packages "$root/build/peers/obp" >/dev/null || skip "no Python venv can be made"
  timeout 60 "$root/build/peers/obp/bin/pip" install -q --no-deps obp==0.4.1 mypy_extensions ||
    { rm -rf "$root/build/peers/obp"; skip "pip cannot get obp==0.4.1"; }
fi
exec "$python" -W ignore "$root/tests/peers/obp_compare.py" "$riffle"
