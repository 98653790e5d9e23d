#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests have reached of some sources, by gcov: lines, and branches
# taken at least once. Closes with the total.
#   tests/coverage.sh BUILD-FOLDER SOURCE...
# COVERAGE_SHOW=1 lists what was not reached.
set -eu
b=$(cd "$1" && pwd)
shift
dir=$b/gcov
rm -rf "$dir"
mkdir -p "$dir"
printf '%-32s %7s %7s %9s %7s\n' file lines '%' branches '%'
for src in "$@"; do
	obj=$b/obj/${src%.c}
	out=$dir/$(basename "$src").gcov
	if [ ! -e "$obj.gcda" ]; then
		echo "$src: no test has run it" >&2
		continue
	fi
	# only the source itself, not headers with code in them
	gcov -t -b -c -o "$obj.o" "$src" 2>/dev/null | awk -v src="$src" '
		/:Source:/ { ours = $0 ~ src "$" }
		ours' >"$out"
	[ -z "${COVERAGE_SHOW:-}" ] || awk -v src="$src" -F: '
		/^ *#####/ { print src ":" $2 + 0 ": not reached:" $3 }
		/^ *[0-9]+\*?:/ { at = $2 + 0; text = $3 }
		/^branch .*(taken 0( |$)|never executed)/ { print src ":" at ": a way not taken:" text }
	' "$out" >>"$dir/missing"
	awk -v src="$src" '
		/^ *[0-9]+\*?:/ { n++; hit++ }
		/^ *(#####|=====):/ { n++ }
		/^branch .*taken/ { b++; if ($4 > 0) took++ }
		/^branch .*never executed/ { b++ }
		END { print src, n + 0, hit + 0, b + 0, took + 0 }
	' "$out"
done | awk '
	function row(name, n, hit, b, took) {
		printf "%-32s %7d %6.1f%% %9d %6.1f%%\n", name,
		    n, n ? 100 * hit / n : 100, b, b ? 100 * took / b : 100
	}
	{ row($1, $2, $3, $4, $5); n += $2; hit += $3; b += $4; took += $5 }
	END { row("total", n, hit, b, took) }
'
[ ! -e "$dir/missing" ] || sort -u "$dir/missing"
