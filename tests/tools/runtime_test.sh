#!/usr/bin/env bash
# tools/setup --runtime names the package of every library that the built riffle asks for, so that it starts in the
# Dockerfile's last stage, and --network those of its network module; what every Debian has is left out.
#   runtime_test.sh RIFFLE [MODULE]
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
# shellcheck disable=SC2207
network=($(sed -n 's/^network=(\(.*\)).*/\1/p' "$setup"))
[ ${#network[@]} -gt 1 ] || { echo "found no list of the network module's packages in $setup"; exit 1; }

known=$(ldconfig -p)
# Of a file, those of its packages that are not among the others named.
lacking() {
  local file=$1 missing='' library owners package real
  shift
  while read -r library; do
    file=$(awk -v name="$library" '$1 == name {print $NF}' <<<"$known" | head -n 1)
    [ -n "$file" ] || { echo "nothing here is $library"; return; }
    real=$(readlink -f "$file")
    # With a merged /usr a package may name the file by its old place: whichever is known answers.
    owners=$(dpkg-query -S "$real" "${real#/usr}" 2>/dev/null || true)
    package=${owners%%:*}
    case " $* libc6 libgcc-s1 libstdc++6 " in
      *" $package "*) ;;
      *) missing="$missing $package ($library)" ;;
    esac
  done < <(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  [ -z "$missing" ] || echo "lacks$missing"
}
said=$(lacking "$riffle" "${named[@]}")
[ -z "$said" ] || { echo "tools/setup --runtime: $said"; exit 1; }
module=${2-}
[ -n "$module" ] || exit 0
[ -e "$module" ] || { echo "skipped: there is no $module"; exit 77; }
said=$(lacking "$module" "${network[@]}")
[ -z "$said" ] || { echo "tools/setup --network: $said"; exit 1; }
