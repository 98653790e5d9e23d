#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs unit tests, replays fuzz corpora, and runs scripts of this folder, as many
# at once as there are processors; closes with "N passed, N failed".
#   tests/run.sh BUILD-FOLDER TEST... [-- FUZZER... [-- SCRIPT...]]
# JOBS says how many at once, TEST_SECONDS when one has had time enough.
set -u
TMPDIR=${TMPDIR:-/tmp}
export TMPDIR

sum() { # what a pattern finds in the log, added up
	sed -n "$1" "$log/$t.log" | awk '{s += $1} END {print s + 0}'
}

# One program, in a shell of its own: `run.sh --one BUILD-FOLDER KIND NAME`
# leaves "PASSED FAILED" beside its log, and prints its verdict.
one() {
	b=$1 kind=$2 t=$3
	log=$b/tests/log
	case $kind in
	unit)
		timeout -k 10 "${TEST_SECONDS:-300}" "$b/tests/$t" \
			>"$log/$t.log" 2>&1
		rc=$?
		p=$(sum 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p')
		f=$(sum 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p')
		;;
	fuzz)
		"$b/fuzz/$t" "tests/fuzz/corpus/${t#fuzz_}" >"$log/$t.log" 2>&1
		rc=$?
		;;
	script)
		"tests/$t.sh" "$b" >"$log/$t.log" 2>&1
		rc=$?
		;;
	esac
	# Fuzzers and scripts close as we do.
	if [ "$kind" != unit ]; then
		p=$(sum 's/^\([0-9]*\) passed, .*/\1/p')
		f=$(sum 's/.* \([0-9]*\) failed$/\1/p')
	fi
	if [ "$rc" -eq 0 ] && [ "$p" -eq 0 ]; then
		echo "nothing was tried" >>"$log/$t.log"
		rc=1
	fi
	# A program that dies without a verdict counts as one failure.
	if [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
	fi
	echo "$p $f" >"$log/$t.count"
	if [ "$f" -gt 0 ]; then
		echo "  FAIL  $t (exit $rc)
$(tail -n 40 "$log/$t.log")"
	else
		echo "  ok    $t ($p)"
	fi
}

if [ "$1" = --one ]; then
	shift
	one "$@"
	exit 0
fi

b=$1
shift
log=$b/tests/log
mkdir -p "$log"
rm -f "$log"/*.count

kinds() { # "KIND NAME" a line
	kind=unit
	for t in "$@"; do
		case $kind:$t in
		unit:--) kind=fuzz ;;
		fuzz:--) kind=script ;;
		*) echo "$kind $t" ;;
		esac
	done
}

kinds "$@" >"$log/list"
xargs -P "${JOBS:-$(nproc 2>/dev/null || echo 1)}" -L 1 "$0" --one "$b" <"$log/list" ||
	exit 1
# Whoever left no count was killed, and failed.
awk -v dir="$log" '
	{ file = dir "/" $2 ".count"
	  if ((getline line < file) > 0) { split(line, n); p += n[1]; f += n[2] }
	  else f++
	  close(file) }
	END { print p + 0 " passed, " f + 0 " failed"; exit f > 0 }' "$log/list"
