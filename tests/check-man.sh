#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The man pages render without a warning.
#   tests/check-man.sh BUILD-FOLDER
set -eu
bad=0
n=0
for page in "$1"/man/*.[0-9]; do
	n=$((n + 1))
	out=$(man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
	if [ -n "$out" ]; then
		echo "$page: $out"
		bad=$((bad + 1))
	fi
done
echo "$((n - bad)) passed, $bad failed"
[ "$n" -eq 3 ] && [ "$bad" -eq 0 ]
