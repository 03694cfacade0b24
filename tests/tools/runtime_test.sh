#!/usr/bin/env bash
# tools/setup --runtime names the package of every library that the built riffle asks for, so that it starts in the
# Dockerfile's last stage; what every Debian has is left out.
#   runtime_test.sh RIFFLE
set -euo pipefail
riffle=$1
setup=$(dirname "${BASH_SOURCE[0]}")/../../tools/setup
for program in dpkg-query readelf ldconfig; do
  command -v "$program" >/dev/null || { echo "skipped: no $program here"; exit 77; }
done
[ -x "$riffle" ] || { echo "skipped: there is no $riffle"; exit 77; }
# shellcheck disable=SC2207
named=($(sed -n '/^runtime=(/,/^)/p' "$setup" | sed '1d;$d'))
[ ${#named[@]} -gt 5 ] || { echo "found no list of run-time packages in $setup"; exit 1; }

known=$(ldconfig -p)
missing=''
while read -r library; do
  file=$(awk -v name="$library" '$1 == name {print $NF}' <<<"$known" | head -n 1)
  [ -n "$file" ] || { echo "nothing here is $library"; exit 1; }
  real=$(readlink -f "$file")
  # With a merged /usr a package may name the file by its old place: whichever is known answers.
  owners=$(dpkg-query -S "$real" "${real#/usr}" 2>/dev/null || true)
  package=${owners%%:*}
  case " ${named[*]} libc6 libgcc-s1 libstdc++6 " in
    *" $package "*) ;;
    *) missing="$missing $package ($library)" ;;
  esac
done < <(readelf -d "$riffle" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ -z "$missing" ] || { echo "tools/setup --runtime lacks$missing"; exit 1; }
