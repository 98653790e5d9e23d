#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make install puts every file where it belongs, with its mode whatever the
# umask is; make uninstall takes every one away; make dist makes the same
# bytes twice, and they are enough for make.
#   tests/check-install.sh BUILD-FOLDER
set -u
b=$1
passed=0
failed=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/sotto-install.XXXXXX")
trap 'rm -rf "$dir"' EXIT

holds() { # what it is, a command
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $what"
	fi
}

# Here and not below /usr: what is compiled in stays as it was built.
p=/usr/local
run_make() {
	${MAKE:-make} --no-print-directory B="$b" PREFIX=$p \
		LIBEXECDIR=$p/libexec/sotto DESTDIR="$dir/root" "$@" \
		>"$dir/log" 2>&1 || { cat "$dir/log"; return 1; }
}

expected() {
	cat <<-END
	644 $p/lib/systemd/system/sotto-relay.service
	644 $p/lib/sysusers.d/sotto-relay.conf
	644 $p/lib/tmpfiles.d/sotto-relay.conf
	644 $p/share/doc/sotto/LICENSE
	644 $p/share/doc/sotto/README.md
	644 $p/share/doc/sotto/SECURITY.md
	644 $p/share/doc/sotto/docs/hosting.md
	644 $p/share/doc/sotto/docs/threat-model.md
	644 $p/share/doc/sotto/sotto-relay.conf.sample
	644 $p/share/man/man1/sotto.1
	644 $p/share/man/man5/sotto-relay.conf.5
	644 $p/share/man/man8/sotto-relay.8
	755 $p/bin/sotto
	755 $p/libexec/sotto/sotto-audio
	755 $p/libexec/sotto/sotto-preview
	755 $p/libexec/sotto/sotto-still
	755 $p/sbin/sotto-relay
	END
}
listed() {
	(cd "$dir/root" && find . -type f -printf '%m /%P\n') | LC_ALL=C sort
}
same_list() {
	expected | LC_ALL=C sort >"$dir/want"
	listed >"$dir/got"
	diff "$dir/want" "$dir/got"
}
nothing_left() {
	[ -z "$(find "$dir/root" ! -type d)" ] &&
		! [ -e "$dir/root$p/share/doc/sotto" ] &&
		! [ -e "$dir/root$p/libexec/sotto" ]
}
unit=$dir/root$p/lib/systemd/system/sotto-relay.service

umask 077
holds "make install works" run_make install
[ "$failed" -eq 0 ] || { echo "0 passed, 1 failed"; exit 1; }
holds "it installs these files and no others" same_list
holds "folders are open to all" \
	[ -z "$(find "$dir/root$p" -type d ! -perm 755)" ]
holds "the unit starts the installed relay" \
	grep -q "^ExecStart=$p/sbin/sotto-relay\$" "$unit"
holds "nothing in it is left to be filled in" \
	[ -z "$(grep '@[A-Z]*@' "$unit")" ]
holds "the sample is one that the relay takes" \
	"$dir/root$p/sbin/sotto-relay" --check-config \
	--config="$dir/root$p/share/doc/sotto/sotto-relay.conf.sample" \
	--data-dir="$dir"
: >"$dir/root$p/bin/other"
holds "make uninstall works" run_make uninstall
holds "it leaves what is not ours" [ -e "$dir/root$p/bin/other" ]
rm "$dir/root$p/bin/other"
holds "nothing of ours is left" nothing_left
holds "make uninstall works twice" run_make uninstall

# A tarball has no commit to make another of.
dist() {
	run_make B="$dir/dist$1" dist
}
tarball() {
	echo "$dir/dist$1"/*.tar.gz
}
if git rev-parse --verify -q HEAD >/dev/null 2>&1; then
	holds "make dist works" dist 1
	holds "and again" dist 2
	holds "the same bytes" cmp "$(tarball 1)" "$(tarball 2)"
	tar -C "$dir" -xzf "$(tarball 1)"
	holds "they are enough for make" sh -c \
		'cd "$1"/sotto-* && make -n B=b all >/dev/null' sh "$dir"
	holds "others may read them" \
		[ -z "$(tar -tvzf "$(tarball 1)" | grep -v '^[-d]rw.r-.r-.')" ]
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
