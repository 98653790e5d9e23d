#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Two people talking on this machine: a relay on loopback with its embedded
# store, and two clients. In a terminal: two panes of one tmux. Without one:
# the conversation is printed as it happens, and the exit status is 0.
#   packaging/demo.sh BUILD-FOLDER
set -eu
b=$(cd "$1" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/sotto-demo.XXXXXX")
relay_pid=
tmux="tmux -L sotto-demo-$$ -f /dev/null"

finish() {
	status=$?
	trap - EXIT INT TERM
	$tmux kill-server 2>/dev/null || :
	for pid in $relay_pid ${pids:-}; do
		kill "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || continue
	done
	rm -rf "$dir"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '%s\n' "$*"; }
die() {
	say "demo: $*" >&2
	[ -s "$dir/relay.log" ] && tail -n 5 "$dir/relay.log" >&2
	exit 1
}

# wait_for SECONDS FILE PATTERN: until a line of a growing file matches.
wait_for() {
	timeout "$1" sh -c '
		tail -n +1 -F "$1" 2>/dev/null | grep -m 1 -E -- "$2"
	' sh "$2" "$3"
}

say "Starting a relay on loopback ..."
: > "$dir/relay.log"
"$b/sotto-relay" --listen=127.0.0.1:0 --data-dir="$dir/relay" --name=Demo \
    --registration=open --otp-driver=log --http-listen=off --blobs-listen=127.0.0.1:0 \
    --log-format=text > "$dir/relay.log" 2>&1 &
relay_pid=$!
uri=$(wait_for 20 "$dir/relay.log" 'sotto://[^ "]*#' |
    grep -oE 'sotto://[^ "]*#[A-Za-z0-9_-]+') || die "the relay did not start"
say "  $uri"

# A person: a profile of their own, registered with the code from the log.
person() { # name, number
	home=$dir/$1
	mkdir -m 700 "$home"
	(umask 077 && head -c 32 /dev/urandom > "$home/key")
	mkfifo "$home/code"
	HOME=$home SOTTO_KEY_FILE=$home/key "$b/sotto" register \
	    --relay "$uri" --phone "$2" --name "$1" \
	    < "$home/code" > "$home/register.log" 2>&1 &
	reg=$!
	exec 3> "$home/code"
	last=$(printf %s "$2" | tail -c 2)
	code=$(wait_for 20 "$dir/relay.log" "phone=[^ ]*$last code=[0-9]{6}" |
	    grep -oE 'code=[0-9]{6}' | cut -d= -f2) || die "no code for $1"
	say "$code" >&3
	exec 3>&-
	wait "$reg" || { cat "$home/register.log" >&2; die "$1 could not register"; }
	say "$1 is $2."
}
anna=+4915550000011
ben=+4915550000022
person Anna "$anna"
person Ben "$ben"

as() { # name, arguments of sotto
	who=$1
	shift
	HOME=$dir/$who SOTTO_KEY_FILE=$dir/$who/key "$b/sotto" "$@"
}

if [ -t 0 ] && [ -t 1 ] && [ -z "${SOTTO_DEMO_PLAIN:-}" ]; then
	as Anna send "$ben" "Hello Ben, this is Sotto." > /dev/null
	as Ben send "$anna" "Hello Anna! Is the relay reading along?" > /dev/null
	size=$(stty size 2>/dev/null || echo "24 160")
	unset TMUX
	$tmux new-session -d -x "${size#* }" -y "${size% *}" \
	    "env HOME='$dir/Anna' SOTTO_KEY_FILE='$dir/Anna/key' '$b/sotto'"
	$tmux split-window -h \
	    "env HOME='$dir/Ben' SOTTO_KEY_FILE='$dir/Ben/key' '$b/sotto'"
	$tmux select-pane -t 0
	$tmux set-option -g mouse off
	$tmux set-option -g status-left ""
	$tmux set-option -g status-left-length 0
	$tmux set-option -g status-right \
	    "C-b o: the other person   Ctrl-Q: leave"
	$tmux set-option -g window-status-current-format ""
	$tmux attach
	exit 0
fi

# No terminal: one side listens, the other speaks, and then the other way.
follow() { # name: what arrives goes to a file, an object a line
	HOME=$dir/$1 SOTTO_KEY_FILE=$dir/$1/key "$b/sotto" recv --json \
	    > "$dir/$1.out" 2> "$dir/$1.err" &
	pids=$!
}
enough() {
	kill "$pids"
	wait "$pids" || die "the reader ended badly"
	pids=
}
talk() { # from, to, number, text
	as "$1" send "$3" "$4" > "$dir/send.log" 2>&1 ||
	    { cat "$dir/send.log" >&2; die "$1 could not send"; }
	say "$1 > $4"
}
heard() { # name, pattern
	wait_for 20 "$dir/$1.out" "$2" > /dev/null || die "$1 heard nothing"
}
say "Anna and Ben talk; the relay sees only ciphertext."
talk Anna Ben "$ben" "Hello Ben, this is Sotto."
follow Ben
heard Ben "this is Sotto"
say "  Ben has it."
enough
talk Ben Anna "$anna" "Hello Anna! Nobody else can read this."
follow Anna
heard Anna "Nobody else"
say "  Anna has it."
enough
if grep -rqa "Nobody else can read" "$dir/relay"; then
	die "the relay has read it"
fi
say "The relay's disk holds neither sentence."
