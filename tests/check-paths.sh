#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every path that a document names in backquotes must exist in the tree.
#   tests/check-paths.sh docs/architecture.md
set -eu
gone=0
n=0
for path in $(grep -oE '`(common|media|calls|tui|relay|tests|docs|packaging)/[A-Za-z0-9_./-]*`' "$1" | tr -d '`' | sort -u); do
	n=$((n + 1))
	if [ ! -e "$path" ]; then
		echo "$1 names $path, which does not exist"
		gone=$((gone + 1))
	fi
done
echo "$((n - gone)) passed, $gone failed"
[ "$n" -gt 0 ] && [ "$gone" -eq 0 ]
