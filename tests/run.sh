#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs unit tests, replays fuzz corpora, and runs scripts of this folder;
# closes with "N passed, N failed".
#   tests/run.sh BUILD-FOLDER TEST... [-- FUZZER... [-- SCRIPT...]]
set -u
b=$1
shift
passed=0
failed=0
log=$b/tests/log
mkdir -p "$log"
TMPDIR=${TMPDIR:-/tmp}
export TMPDIR

# A program that dies without a verdict counts as one failure.
verdict() { # name, exit status, passed, failed
	if [ "$2" -ne 0 ] && [ "$4" -eq 0 ]; then
		set -- "$1" "$2" "$3" 1
	fi
	passed=$((passed + $3))
	failed=$((failed + $4))
	if [ "$2" -ne 0 ] || [ "$4" -gt 0 ]; then
		echo "  FAIL  $1 (exit $2)"
		tail -n 40 "$log/$1.log"
	else
		echo "  ok    $1 ($3)"
	fi
}

sum() { # what a pattern finds in a log, added up
	sed -n "$1" "$log/$t.log" | awk '{s += $1} END {print s + 0}'
}

# Fuzzers and scripts close as we do.
closing() {
	p=$(sum 's/^\([0-9]*\) passed, .*/\1/p')
	f=$(sum 's/.* \([0-9]*\) failed$/\1/p')
	if [ "$rc" -eq 0 ] && [ "$p" -eq 0 ]; then
		echo "nothing was tried" >>"$log/$t.log"
		rc=1
	fi
}

kind=unit
for t in "$@"; do
	case $kind:$t in
	unit:--) kind=fuzz ;;
	fuzz:--) kind=script ;;
	unit:*)
		"$b/tests/$t" >"$log/$t.log" 2>&1
		rc=$?
		p=$(sum 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p')
		f=$(sum 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p')
		;;
	fuzz:*)
		"$b/fuzz/$t" "tests/fuzz/corpus/${t#fuzz_}" >"$log/$t.log" 2>&1
		rc=$?
		closing
		;;
	script:*)
		"tests/$t.sh" "$b" >"$log/$t.log" 2>&1
		rc=$?
		closing
		;;
	esac
	[ "$t" = -- ] || verdict "$t" "$rc" "$p" "$f"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
