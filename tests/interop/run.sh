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

set -- "libomemo-c="
[ -x "$b/tests/omemo_peer" ] && set -- "libomemo-c=$b/tests/omemo_peer"
for v in $npm_versions; do
	if $here/npm.sh "$b" "$v"; then
		set -- "$@" "$v=node $here/libsignal_peer.mjs $b/npm/$v"
	else
		set -- "$@" "$v="
	fi
done
exec "${PYTHON:-/usr/bin/python3}" $here/converse.py "$b/tests/signal-peer" "$@"
