#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs unit tests and replays fuzz corpora; closes with "N passed, N failed".
#   tests/run.sh BUILD-FOLDER TEST... [-- FUZZER...]
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

kind=unit
for t in "$@"; do
	if [ "$t" = -- ]; then
		kind=fuzz
		continue
	fi
	if [ "$kind" = unit ]; then
		"$b/tests/$t" >"$log/$t.log" 2>&1
		rc=$?
		p=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log/$t.log" | awk '{s+=$1} END {print s+0}')
		f=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$log/$t.log" | awk '{s+=$1} END {print s+0}')
	else
		"$b/fuzz/$t" "tests/fuzz/corpus/${t#fuzz_}" >"$log/$t.log" 2>&1
		rc=$?
		p=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$log/$t.log" | awk '{s+=$1} END {print s+0}')
		f=$(sed -n 's/.* \([0-9]*\) failed$/\1/p' "$log/$t.log" | awk '{s+=$1} END {print s+0}')
		if [ "$rc" -eq 0 ] && [ "$p" -eq 0 ]; then
			echo "empty corpus" >>"$log/$t.log"
			rc=1
		fi
	fi
	verdict "$t" "$rc" "$p" "$f"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
