# shellcheck shell=sh disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Makes a kit of unpacked Debian packages in the cache directory; the kit.sh
# scripts source it. The packages come through the mirror, the proxy
# and the keys that this machine's own apt uses. Nothing is installed.
#
# The script that sources this sets
#
#	label		what messages begin with
#	here		its own directory
#	kit_name	of the directory that the tests use
#	tree_name	of the directory with the unpacked packages
#	suites		of Debian; the first is the one that packages come from
#	architectures	of packages; the first is this machine's
#
# and defines the functions
#
#	make_tree	fills "$tree" with packages; slow, needs the network
#	make_kit	fills "$new" from "$tree" and the source, in seconds
#	is_complete	whether "$tree" has all that make_tree puts there
#	sources_sum	prints what the kit depends on, or a sum of it
#
# and calls kit_main "$@". Each of the two directories is complete or absent,
# because each appears by one rename. "$work" is for temporary files.
#
# VHOST_SPI_CACHE sets the cache directory, VHOST_SPI_MIRROR a Debian mirror.

if [ -n "${VHOST_SPI_CACHE:-}" ]; then
	cache=$VHOST_SPI_CACHE
elif [ -n "${XDG_CACHE_HOME:-}" ]; then
	cache=$XDG_CACHE_HOME/vhost-device-spi
elif [ -n "${HOME:-}" ] && [ -d "$HOME" ]; then
	cache=$HOME/.cache/vhost-device-spi
else
	cache=/var/cache/vhost-device-spi
fi

say() {
	echo "$label: $*"
}

die() {
	echo "$label: error: $*" >&2
	exit 1
}

# Run a command with its output in a log, and print a line of progress now and
# then. $1 is the text of that line, $2 a directory whose size it shows.
# "quietly ... || ..." would switch off set -e inside the command, so only a
# single command may be called like that, not a function of several.
quietly() {
	what=$1 where=$2
	shift 2
	"$@" > "$work/log" 2>&1 &
	job=$!
	ticks=0
	while kill -0 "$job" 2> /dev/null; do
		sleep 1
		ticks=$((ticks + 1))
		[ $((ticks % 15)) -ne 0 ] ||
			say "  still $what, $(du -sm "$where" | cut -f1) MB"
	done
	status=0
	wait "$job" || status=$?
	job=
	if [ "$status" -ne 0 ]; then
		tail -n 30 "$work/log" >&2
		echo "$label: error: $what failed" >&2
	fi
	return "$status"
}

# --- packages -------------------------------------------------------------

# Candidates for a Debian mirror, one per line: those of this machine's apt.
# The signature of its lists tells whether one is a Debian mirror.
mirrors() {
	if [ -n "${VHOST_SPI_MIRROR:-}" ]; then
		echo "$VHOST_SPI_MIRROR"
		return
	fi
	apt-get update --print-uris 2> /dev/null |
		sed -n "s|^'\(.*\)/dists/[^/]*/InRelease'.*|\1|p" |
		grep -v security | awk '!seen[$0]++'
}

# A private apt: its own sources, lists and status, the machine's transport
# settings. $1 is the mirror, $2 the keyring.
configure_apt() {
	apt=$work/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/empty"
	: > "$apt/status"
	for s in $suites; do
		echo "deb [signed-by=$2] $1 $s main"
	done > "$apt/sources.list"
	cat > "$apt/apt.conf" <<-CONF
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "$apt/empty";
		Dir::Etc::preferences "$apt/empty/none";
		Dir::Etc::preferencesparts "$apt/empty";
		Dir::State "$apt";
		Dir::State::lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
		Dir::Cache::archives "$apt/cache/archives";
		APT::Architecture "${architectures%% *}";
		#clear APT::Architectures;
		APT::Architectures { $(for a in $architectures; do
			printf '"%s"; ' "$a"
		done) };
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		APT::Sandbox::User "root";
		APT::Default-Release "${suites%% *}";
		APT::Install-Recommends "false";
		APT::Get::Assume-Yes "true";
		Acquire::Languages "none";
		Acquire::Retries "3";
	CONF
}

private() {
	tool=$1
	shift
	"$tool" -c "$apt/apt.conf" -q "$@"
}

update_lists() {
	configure_apt "$1" "$2"
	quietly "reading the package lists" "$apt" \
		private apt-get update --error-on=any
}

# An old Debian gets the keys of a new one with an update of
# debian-archive-keyring. Unpack that, if the installed one is too old.
fetch_keyring() {
	mkdir -p "$work/keyring"
	(
		cd "$work/keyring" &&
			apt-get -q -o APT::Sandbox::User=root \
				download debian-archive-keyring > log 2>&1 &&
			dpkg-deb -x debian-archive-keyring_*.deb .
	) || return 1
	for key in "$work"/keyring/usr/share/keyrings/debian-archive-keyring.*; do
		[ ! -e "$key" ] || keyring=$key
	done
}

find_lists() {
	keyring=
	for key in /usr/share/keyrings/debian-archive-keyring.*; do
		[ ! -e "$key" ] || keyring=$key
	done
	candidates=$(mirrors)
	[ -n "$candidates" ] ||
		die "apt knows no mirror here; set VHOST_SPI_MIRROR"
	if [ -n "$keyring" ]; then
		for mirror in $candidates; do
			! update_lists "$mirror" "$keyring" || return 0
		done
	fi
	fetch_keyring || die "no key of $suites: install debian-archive-keyring"
	for mirror in $candidates; do
		! update_lists "$mirror" "$keyring" || return 0
	done
	die "no mirror gave the package lists of $suites"
}

has_package() {
	private apt-cache show "$1" > /dev/null 2>&1
}

# --- the unpacked tree ----------------------------------------------------

# Make the directories that Debian merges into /usr.
start_tree() {
	mkdir -p "$tree/usr/bin" "$tree/usr/sbin" "$tree/usr/lib" \
		"$tree/usr/lib64" "$tree/tmp" "$tree/dev" "$tree/proc/self"
	for dir in bin sbin lib lib64; do
		ln -s "usr/$dir" "$tree/$dir"
	done
}

# Unpack only the files that are used: some packages are huge.
# $1 is the package, $2 where to, the rest are patterns.
unpack_part() {
	deb=$1 to=$2
	shift 2
	dpkg-deb --fsys-tarfile "$deb" |
		tar -x -C "$to" --wildcards "$@" 2> /dev/null || true
}

# Run a command inside the tree: as root, or as the root of a user namespace.
in_tree() {
	if [ "$(id -u)" -eq 0 ]; then
		chroot "$tree" /usr/bin/env -i PATH=/usr/bin:/usr/sbin \
			HOME=/ LC_ALL=C "$@"
	else
		# shellcheck disable=SC2016 # expanded by the inner shell
		unshare -rm sh -eu -c '
			mount --bind /dev/null "$1/dev/null"
			cd "$1"
			shift
			exec chroot . /usr/bin/env -i \
				PATH=/usr/bin:/usr/sbin HOME=/ LC_ALL=C "$@"
		' sh "$tree" "$@"
	fi
}

# Add what a kernel build expects of a system: the usual tools, which busybox
# has, and /proc/self/maps, where objtool looks up its stack.
furnish() {
	cp "$tree/usr/bin/busybox" "$tree/busybox"
	for applet in $("$tree/busybox" --list); do
		[ -e "$tree/usr/bin/$applet" ] ||
			ln -s busybox "$tree/usr/bin/$applet"
	done
	cp /proc/self/maps "$tree/proc/self/"
	# A user namespace mounts the real one over this; see in_tree.
	touch "$tree/dev/null"
	if [ "$(id -u)" -eq 0 ]; then
		rm "$tree/dev/null"
		mknod -m 666 "$tree/dev/null" c 1 3
	fi
	in_tree true || die "cannot chroot: run as root, or allow user namespaces"
}

# --- the kit --------------------------------------------------------------

# Write an initramfs of the files in the directory $1.
archive() {
	(cd "$1" && find . | "$tree/busybox" cpio -o -H newc -R 0:0) \
		2> /dev/null | gzip -n -1
}

# Write a script "$new/$1" that runs QEMU from the tree. It ends in exec, so its
# process becomes QEMU. Paths are relative: the cache may be moved.
write_wrapper() {
	cat > "$new/$1" <<-'WRAPPER'
		#!/bin/sh
		d=${0%/*}/../TREE
		QEMU_MODULE_DIR=$d/usr/lib/x86_64-linux-gnu/qemu
		export QEMU_MODULE_DIR
		exec "$d/lib64/ld-linux-x86-64.so.2" \
			--library-path "$d/usr/lib/x86_64-linux-gnu" \
			"$d/usr/bin/PROGRAM" -L "$d/usr/share/qemu" \
			-L "$d/usr/share/seabios" "$@"
	WRAPPER
	sed -i "s|TREE|${tree##*/}|; s|PROGRAM|$1|" "$new/$1"
	chmod 755 "$new/$1"
}

is_current() {
	[ -e "$kit/stamp" ] && is_complete &&
		[ "$(sources_sum)" = "$(cat "$kit/stamp")" ]
}

cleanup() {
	[ -z "${job:-}" ] || kill "$job" 2> /dev/null || true
	if [ -n "${work:-}" ]; then
		rm -rf "$work"
	fi
}

build_tree() {
	final=$tree
	tree=$work/tree
	mkdir "$tree"
	make_tree
	# With those of earlier versions.
	rm -rf "$cache/${tree_name%-*}"-*
	mv "$tree" "$final"
	tree=$final
}

build_kit() {
	# Beside the final place, because the wrapper's paths are relative.
	new=$kit.new
	rm -rf "$new"
	mkdir "$new"
	sources_sum > "$work/stamp"
	make_kit
	mv "$work/stamp" "$new/stamp"
	[ ! -e "$kit" ] || mv "$kit" "$work/old"
	mv "$new" "$kit"
}

build() {
	work=$cache/work.$$
	# What an interrupted run left; we hold the lock, so nobody uses it.
	rm -rf "$cache"/work.*
	mkdir "$work"
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	is_complete || build_tree
	build_kit
}

build_locked() {
	mkdir -p "$cache"
	exec 9> "$cache/lock"
	if ! flock -n 9; then
		say "waiting for another run to finish"
		flock 9
	fi
	is_current || build
}

kit_main() {
	[ "$(uname -m)" = x86_64 ] || die "only x86_64 machines are supported"
	kit=$cache/$kit_name
	tree=$cache/$tree_name
	case ${1:-} in
	--print)
		is_current || exit 1
		echo "$kit"
		return
		;;
	--clean)
		rm -rf "$kit" "$kit.new" "$tree" "$cache"/work.*
		return
		;;
	'') ;;
	*) die "usage: kit.sh [--print | --clean]" ;;
	esac
	is_current || build_locked
	say "ready in $kit"
}
