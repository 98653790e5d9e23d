#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every bench, one line a figure. Takes some minutes; let the machine be quiet.
#   tests/bench/run.sh BUILD-FOLDER
set -eu
b=$1
PYTHON=${PYTHON:-/usr/bin/python3}
packaging/deps.sh bench
echo "== relay, beside mosquitto"
"$b/tests/relay-bench" "$b"
echo "== TURN server, beside coturn"
sh tests/bench/turn.sh "$b" || echo "skipped: no network namespaces"
echo "== relay store alone"
"$b/tests/bench_relay_store"
echo "== client store, beside plain SQLite"
"$b/tests/bench_store"
echo "== media, beside libsodium, openssl and curl"
"$b/tests/bench_media"
echo "== Signal protocol, beside libsignal and libomemo-c"
"$PYTHON" tests/bench/bench_signal.py "$b"
echo "== a group of 1,024"
"$b/tests/bench_group" "$b"
echo "== client"
B=$b "$PYTHON" tests/bench/client.py
