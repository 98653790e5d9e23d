#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The relay's TURN server beside coturn, in a network namespace of its own: the
# same load, in turns. Needs root (or user namespaces) and coturn.
#   tests/bench/turn.sh BUILD-FOLDER [SECONDS] [ROUNDS]
set -eu
if [ -z "${TURN_BENCH_INSIDE:-}" ]; then
	export TURN_BENCH_INSIDE=y
	exec unshare -rn sh "$0" "$@"
fi
b=$(cd "$1" && pwd)
seconds=${2:-2}
rounds=${3:-3}
secret=northsoutheastwest
dir=$(mktemp -d)
pids=
trap 'kill $pids 2>/dev/null || :; rm -rf "$dir"' EXIT

ip link set lo up
ip link add br0 type bridge
ip link set br0 up
for i in 1 2 3; do ip addr add 10.9.0.$i/24 dev br0; done

mkdir -m 700 "$dir/data"
: >"$dir/empty"
taskset -c 0 "$b/sotto-relay" --config="$dir/empty" --data-dir="$dir/data" \
	--listen=127.0.0.1:0 --http-listen=off --blobs=off \
	--turn-listen=10.9.0.1:3478 --turn-secret=$secret --turn-quota=10000 \
	--turn-bandwidth=0 --turn-unauthenticated=off \
	--turn-peers-allow=10.9.0.0/24 >"$dir/relay.log" 2>&1 &
ours=$!
taskset -c 0 turnserver -n --no-cli --no-tls --no-dtls -L 10.9.0.2 -E 10.9.0.2 \
	--use-auth-secret --static-auth-secret=$secret -r relay.test \
	--relay-threads=1 --userdb="$dir/db" --no-stdout-log -l "$dir/turn.log" \
	--simple-log --pidfile "$dir/turn.pid" >/dev/null 2>&1 &
coturn=$!
pids="$ours $coturn"

# Both are asked until they answer.
for ip in 10.9.0.1 10.9.0.2; do
	n=0
	until timeout 1 turnutils_stunclient -p 3478 $ip 2>/dev/null | grep -q reflexive; do
		n=$((n + 1))
		[ $n -lt 50 ] || { echo "$ip does not answer" >&2; exit 1; }
		sleep 0.1
	done
done

load() { # name pid ip, then what bench_turn wants
	printf '%-7s ' "$1"
	shift
	pid=$1 ip=$2
	shift 2
	taskset -c 1 "$b/tests/bench_turn" "$pid" "$ip" 10.9.0.3 $secret "$@"
}
for what in "up 170 1 100000" "down 170 1 100000" "up 1200 4 60000" \
	"down 1200 4 60000"; do
	i=0
	while [ $i -lt "$rounds" ]; do
		# shellcheck disable=SC2086 # words
		load ours $ours 10.9.0.1 $what "$seconds"
		# shellcheck disable=SC2086
		load coturn $coturn 10.9.0.2 $what "$seconds"
		i=$((i + 1))
	done
done
load ours $ours 10.9.0.1 memory 3000
load coturn $coturn 10.9.0.2 memory 3000
