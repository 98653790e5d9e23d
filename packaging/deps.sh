#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Finds what this tree needs and this machine lacks, and installs it with the
# machine's own package manager.
#   packaging/deps.sh [--print] [GROUP...]
# Groups: build, demo, test, ci, bench; all is every one of them. Without one:
# build, demo and test. Root installs at once; others are asked before sudo is
# used, and without a terminal are told the command (exit status 1).
#   --print   only print the command, nothing when all is there
# Tested with apt on Debian 12. The names for dnf, pacman, apk and brew have not
# been tried: tell us what is wrong.
set -u

# group  how to detect  what               apt; dnf; pacman; apk; brew
# c: a command; p: a pkg-config name; y: a Python module; f: a file, * allowed.
# "-": that manager has no such package, "=": it comes with another row's.
table() {
	cat <<-'END'
	build c:cc           gcc; gcc; gcc; gcc; gcc
	build f:/usr/include/stdio.h  libc6-dev; glibc-devel; =; musl-dev; =
	build c:make         make; make; make; make; make
	build c:pkg-config   pkg-config; pkgconf-pkg-config; pkgconf; pkgconf; pkgconf
	build c:protoc-c     protobuf-c-compiler; protobuf-c-compiler; protobuf-c; protobuf-c-compiler; protobuf-c
	build p:libprotobuf-c libprotobuf-c-dev; protobuf-c-devel; protobuf-c; protobuf-c-dev; protobuf-c
	build p:libsodium    libsodium-dev; libsodium-devel; libsodium; libsodium-dev; libsodium
	build p:libssl       libssl-dev; openssl-devel; openssl; openssl-dev; openssl@3
	build p:libcrypto    libssl-dev; openssl-devel; openssl; openssl-dev; openssl@3
	build p:libuv        libuv1-dev; libuv-devel; libuv; libuv-dev; libuv
	build p:ncursesw     libncurses-dev; ncurses-devel; ncurses; ncurses-dev; ncurses
	build p:libutf8proc  libutf8proc-dev; utf8proc-devel; libutf8proc; utf8proc-dev; utf8proc
	build p:sqlite3      libsqlite3-dev; sqlite-devel; sqlite; sqlite-dev; sqlite
	build p:libcurl      libcurl4-openssl-dev; libcurl-devel; curl; curl-dev; curl
	build p:libmicrohttpd libmicrohttpd-dev; libmicrohttpd-devel; libmicrohttpd; libmicrohttpd-dev; libmicrohttpd
	build p:libqrencode  libqrencode-dev; qrencode-devel; qrencode; libqrencode-dev; qrencode
	build p:zbar         libzbar-dev; zbar-devel; zbar; zbar-dev; zbar
	build p:gdk-pixbuf-2.0 libgdk-pixbuf-2.0-dev; gdk-pixbuf2-devel; gdk-pixbuf2; gdk-pixbuf-dev; gdk-pixbuf
	build p:chafa        libchafa-dev; chafa-devel; chafa; chafa-dev; chafa
	build p:opusfile     libopusfile-dev; opusfile-devel; opusfile; opusfile-dev; opusfile
	build f:/usr/lib/*/gdk-pixbuf-2.0/*/loaders/libpixbufloader-webp.so,/usr/lib*/gdk-pixbuf-2.0/*/loaders/libpixbufloader-webp.so  webp-pixbuf-loader; webp-pixbuf-loader; webp-pixbuf-loader; webp-pixbuf-loader; webp-pixbuf-loader
	build p:libavformat  libavformat-dev; ffmpeg-free-devel; ffmpeg; ffmpeg-dev; ffmpeg
	build p:libswscale   libswscale-dev; =; =; =; =
	build p:libopusenc   libopusenc-dev; libopusenc-devel; libopusenc; libopusenc-dev; libopusenc
	build p:libpulse     libpulse-dev; pulseaudio-libs-devel; libpulse; pulseaudio-dev; pulseaudio
	build p:alsa         libasound2-dev; alsa-lib-devel; alsa-lib; alsa-lib-dev; -
	build p:libseccomp   libseccomp-dev; libseccomp-devel; libseccomp; libseccomp-dev; -
	build c:scdoc        scdoc; scdoc; scdoc; scdoc; scdoc
	demo  c:tmux         tmux; tmux; tmux; tmux; tmux
	test  p:cmocka       libcmocka-dev; libcmocka-devel; cmocka; cmocka-dev; cmocka
	test  p:jansson      libjansson-dev; jansson-devel; jansson; jansson-dev; jansson
	test  p:libomemo-c   libomemo-c-dev; libomemo-c-devel; -; libomemo-c-dev; -
	test  f:/usr/include/valgrind/memcheck.h  valgrind; valgrind-devel; valgrind; valgrind-dev; -
	test  f:/usr/bin/python3  python3; python3; python; python3; python
	test  c:openssl      openssl; openssl; openssl; openssl; openssl@3
	test  c:pulseaudio   pulseaudio; pulseaudio; pulseaudio; pulseaudio; pulseaudio
	test  p:nice         libnice-dev; libnice-devel; libnice; libnice-dev; libnice
	test  c:rclone       rclone; rclone; rclone; rclone; rclone
	test  y:swift        python3-swift; -; -; -; -
	test  y:pytest       python3-pytest; python3-pytest; python-pytest; py3-pytest; -
	test  y:xdist        python3-pytest-xdist; python3-pytest-xdist; python-pytest-xdist; py3-pytest-xdist; -
	test  y:pexpect      python3-pexpect; python3-pexpect; python-pexpect; py3-pexpect; -
	test  y:pyte         python3-pyte; python3-pyte; python-pyte; py3-pyte; -
	ci    c:clang        clang; clang; clang; clang; llvm
	ci    f:/usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.asan*,/usr/lib*/clang/*/lib/*/libclang_rt.asan*  libclang-rt-dev; compiler-rt; compiler-rt; compiler-rt; =
	ci    c:clang-format clang-format; clang-tools-extra; clang; clang-extra-tools; clang-format
	ci    c:clang-tidy   clang-tidy; clang-tools-extra; clang; clang-extra-tools; =
	ci    c:man          man-db; man-db; man-db; mandoc; =
	ci    c:turnutils_uclient coturn; coturn; coturn; coturn; coturn
	ci    c:ip           iproute2; iproute; iproute2; iproute2; -
	ci    c:node         nodejs; nodejs; nodejs; nodejs; node
	ci    c:npm          npm; nodejs-npm; npm; npm; =
	bench c:turnserver   coturn; coturn; coturn; coturn; coturn
	bench c:mosquitto    mosquitto; mosquitto; mosquitto; mosquitto; mosquitto
	bench p:libomemo-c   libomemo-c-dev; libomemo-c-devel; -; libomemo-c-dev; -
	bench c:node         nodejs; nodejs; nodejs; nodejs; node
	bench c:npm          npm; nodejs-npm; npm; npm; =
	END
}

die() {
	printf 'deps.sh: %s\n' "$*" >&2
	exit 1
}

print_only=
groups=
for arg in "$@"; do
	case $arg in
	--print) print_only=y ;;
	-h | --help)
		sed -n '/^set -u/q; s/^# \{0,1\}//p' "$0" | sed 1,2d
		exit 0
		;;
	build | demo | test | ci | bench) groups="$groups $arg" ;;
	all) groups="build demo test ci bench" ;;
	*) die "unknown argument: $arg (groups: build demo test ci bench all)" ;;
	esac
done
groups=" ${groups:-build demo test} "
# Programs of root's are looked for too: mosquitto lies in sbin.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# manager NAME: its column in the table, its command.
manager=
for m in apt-get dnf pacman apk brew; do
	if command -v "$m" >/dev/null 2>&1; then
		manager=$m
		break
	fi
done
case $manager in
apt-get) column=1 install="apt-get install -y --no-install-recommends" ;;
dnf) column=2 install="dnf install -y" ;;
pacman) column=3 install="pacman -S --needed --noconfirm" ;;
apk) column=4 install="apk add" ;;
brew) column=5 install="brew install" ;;
*) column=1 install= ;;
esac

# ---- what is missing -------------------------------------------------------

# The libraries and the modules of the wanted groups are asked for together:
# one process each when all is there.
wanted=
while read -r group detect packages; do
	case $groups in
	*" $group "*) wanted="$wanted$detect|$packages
" ;;
	esac
done <<-END
$(table)
END

names() { # the wanted names of one kind
	printf '%s' "$wanted" | sed -n "s/^$1:\([^|]*\)|.*/\1/p" | tr '\n' ' '
}

libs=$(names p)
modules=$(names y)
python=/usr/bin/python3
[ -x "$python" ] || python=python3
all_libs=''
all_modules=''
# shellcheck disable=SC2086 # lists of words
pkg-config --exists $libs 2>/dev/null && all_libs=y
find_modules='import importlib.util as u, sys
sys.exit(any(u.find_spec(m) is None for m in sys.argv[1:]))'
# shellcheck disable=SC2086
[ -z "$modules" ] || "$python" -c "$find_modules" $modules 2>/dev/null &&
	all_modules=y

is_file() { # patterns, with commas between
	IFS=,
	# shellcheck disable=SC2086 # patterns are meant to be expanded
	set -- $1
	unset IFS
	for f in "$@"; do
		[ -e "$f" ] && return 0
	done
	return 1
}

is_there() {
	case $1 in
	c:*) command -v "${1#?:}" >/dev/null 2>&1 ;;
	p:*) [ -n "$all_libs" ] || pkg-config --exists "${1#?:}" 2>/dev/null ;;
	y:*) [ -n "$all_modules" ] ||
		"$python" -c "$find_modules" "${1#?:}" 2>/dev/null ;;
	f:*) is_file "${1#?:}" ;;
	esac
}

missing=''
by_hand=''
while IFS='|' read -r detect packages; do
	[ -n "$detect" ] || continue
	is_there "$detect" && continue
	name=$(printf '%s\n' "$packages" | cut -d ';' -f "$column" | tr -d ' ')
	case $name in
	=) ;;
	- | '') by_hand="$by_hand ${detect#?:}" ;;
	*) case " $missing " in
		*" $name "*) ;;
		*) missing="$missing $name" ;;
		esac ;;
	esac
done <<-END
$wanted
END
missing=${missing# }

if [ -n "$by_hand" ] && [ -z "$print_only" ]; then
	printf 'No package here, install by hand:%s\n' "$by_hand" >&2
fi
[ -n "$missing" ] || exit 0
[ -n "$manager" ] || die "no package manager that I know (apt, dnf, pacman, \
apk, brew); needed, by their Debian names: $missing"

# ---- installing ------------------------------------------------------------

uid=$(id -u)
sudo=
if [ "$uid" -ne 0 ] && [ "$manager" != brew ]; then
	sudo=sudo
	command -v sudo >/dev/null 2>&1 || { command -v doas >/dev/null 2>&1 &&
		sudo=doas; }
fi
command_line="${sudo:+$sudo }$install $missing"
if [ -n "$print_only" ]; then
	printf '%s\n' "$command_line"
	exit 0
fi

if [ "$uid" -ne 0 ]; then
	if ! [ -t 0 ] || ! [ -t 1 ]; then
		printf 'Missing packages. Run this, then try again:\n  %s\n' \
			"$command_line" >&2
		exit 1
	fi
	printf 'Missing: %s\nRun this now?\n  %s\n[Y/n] ' \
		"$missing" "$command_line"
	read -r answer || answer=n
	case $answer in
	'' | [Yy]*) ;;
	*) exit 1 ;;
	esac
fi

[ "$uid" -ne 0 ] || printf 'Installing with %s: %s\n' "$manager" "$missing"
if [ "$manager" = apt-get ]; then
	export DEBIAN_FRONTEND=noninteractive
	# A fresh machine has no lists, an old one lists of what is gone.
	$sudo apt-get update -qq || printf 'deps.sh: the package lists may be old\n' >&2
fi
# shellcheck disable=SC2086
$sudo $install $missing || {
	[ "$manager" = apt-get ] ||
		printf 'deps.sh: only the names for apt are tested\n' >&2
	die "that did not work: $command_line"
}
