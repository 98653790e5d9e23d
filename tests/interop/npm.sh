#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# npm's libsignal into the build folder, once; fails where that is impossible.
#   tests/interop/npm.sh BUILD-FOLDER VERSION
set -eu
version=$2
dir=$1/npm/$version
[ -e "$dir/ready" ] && exit 0
command -v npm >/dev/null
command -v node >/dev/null
rm -rf "$dir"
mkdir -p "$dir"
echo '{"private":true}' >"$dir/package.json"
# Scripts are not run; the package ships one native library for each platform:
# ours is enough.
(cd "$dir" && npm i --ignore-scripts --no-audit --no-fund --silent \
	"@signalapp/libsignal-client@$version") >"$dir/log" 2>&1
for p in "$dir"/node_modules/@signalapp/libsignal-client/prebuilds/*; do
	[ "$(basename "$p")" = linux-x64 ] || rm -rf "$p"
done
echo '{"cmd":"version"}' | node tests/interop/libsignal_peer.mjs "$dir" \
	>>"$dir/log" 2>&1
: >"$dir/ready"
