#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Our Signal protocol against other people's, live.
#   tests/interop/run.sh BUILD-FOLDER
# libsignal comes from npm into the build folder; where that is impossible it
# counts as skipped, which with CI=true is a failure.
set -u
b=$1
here=tests/interop
npm_versions="0.72.1 0.90.0 0.103.0"

# The package ships one native library for each platform: ours is enough.
fetch() { # version
	dir=$b/npm/$1
	[ -e "$dir/ready" ] && return 0
	command -v npm >/dev/null && command -v node >/dev/null || return 1
	rm -rf "$dir"
	mkdir -p "$dir"
	echo '{"private":true}' >"$dir/package.json"
	(cd "$dir" && npm i --ignore-scripts --no-audit --no-fund --silent \
		"@signalapp/libsignal-client@$1") >"$dir/log" 2>&1 || return 1
	for p in "$dir"/node_modules/@signalapp/libsignal-client/prebuilds/*; do
		[ "$(basename "$p")" = linux-x64 ] || rm -rf "$p"
	done
	echo '{"cmd":"version"}' | node $here/libsignal_peer.mjs "$dir" \
		>>"$dir/log" 2>&1 || return 1
	: >"$dir/ready"
}

set -- "libomemo-c="
[ -x "$b/tests/omemo_peer" ] && set -- "libomemo-c=$b/tests/omemo_peer"
for v in $npm_versions; do
	if fetch "$v"; then
		set -- "$@" "libsignal $v=node $here/libsignal_peer.mjs $b/npm/$v"
	else
		set -- "$@" "libsignal $v="
	fi
done
exec "${PYTHON:-/usr/bin/python3}" $here/converse.py "$b/tests/signal-peer" "$@"
