#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Prepare what the tests with a real guest need: a QEMU that has
# vhost-user-spi-pci, a Linux kernel with its SPI drivers, and an initramfs.
#
#	kit.sh			make the kit, or do nothing if it is there
#	kit.sh --print		print its directory; fails if it is not there
#	kit.sh --clean		remove it
#
# The packages come from Debian's backports, through the mirror, the proxy and
# the keys that this machine's own apt uses. Nothing is installed: they are
# unpacked below the cache directory, QEMU runs through the unpacked dynamic
# loader, and the modules are built in a chroot with the compiler that the
# kernel was built with.
#
# Two directories in the cache, each complete or absent, because each appears
# by one rename:
#
#	debian-*	unpacked packages; slow to make, needs the network
#	guest-kit	what the tests use; made from debian-* and the files
#			beside this script, anew in seconds when one changes
#
# VHOST_SPI_CACHE sets the cache directory, VHOST_SPI_MIRROR a Debian mirror.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
suite=trixie
backports=$suite-backports
# Counts changes in what debian-* holds.
tree_version=1
steps=5

if [ -n "${VHOST_SPI_CACHE:-}" ]; then
	cache=$VHOST_SPI_CACHE
elif [ -n "${XDG_CACHE_HOME:-}" ]; then
	cache=$XDG_CACHE_HOME/vhost-device-spi
elif [ -n "${HOME:-}" ] && [ -d "$HOME" ]; then
	cache=$HOME/.cache/vhost-device-spi
else
	cache=/var/cache/vhost-device-spi
fi
case $cache in
/*) ;;
*) cache=$PWD/$cache ;;
esac
kit=$cache/guest-kit

say() {
	echo "guest kit: $*"
}

die() {
	echo "guest kit: error: $*" >&2
	exit 1
}

# Run a command with its output in a log, and say now and then that it lives.
# $1 is what the progress line tells; $2 is a directory whose size it tells.
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
	if [ "$status" -ne 0 ] && [ -z "${may_fail:-}" ]; then
		tail -n 30 "$work/log" >&2
		echo "guest kit: error: $what failed" >&2
	fi
	return "$status"
}

# --- packages -------------------------------------------------------------

# Candidates for a Debian mirror, one per line: those of this machine's apt.
# Whether one really is a Debian mirror shows when its lists are verified.
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
	for s in $suite $suite-updates $backports; do
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
		APT::Architecture "amd64";
		#clear APT::Architectures;
		APT::Architectures { "amd64"; };
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		APT::Sandbox::User "root";
		APT::Default-Release "$backports";
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
	may_fail=yes
	status=0
	quietly "reading the package lists" "$apt" \
		private apt-get update --error-on=any || status=$?
	may_fail=
	return "$status"
}

# The keys of a new Debian release reach an old one with an update of
# debian-archive-keyring. Unpack that, if what is installed is too old.
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
	say "  these keys verify no mirror of $suite: fetching newer ones"
	fetch_keyring || {
		tail -n 15 "$work/log" >&2
		die "no key for $suite, or no mirror that has it"
	}
	for mirror in $candidates; do
		! update_lists "$mirror" "$keyring" || return 0
	done
	tail -n 15 "$work/log" >&2
	die "no mirror gave the package lists of $backports"
}

has_package() {
	private apt-cache show "$1" > /dev/null 2>&1
}

# The newest kernel of which the mirror has source, headers and image alike.
# Sets version (of the packages), release (uname -r), kernel_packages.
choose_kernel() {
	for version in $(private apt-cache madison linux-source |
		awk -F' *\\| *' -v s="$backports" 'index($3, s) { print $2 }'); do
		number=${version%%-*}
		release=$(private apt-cache search --names-only \
			"^linux-headers-${number}[^-]*-amd64\$" |
			sed 's/^linux-headers-\([^ ]*\) .*/\1/' | head -n 1)
		source=linux-source-$(echo "$number" | cut -d. -f1,2)
		[ -n "$release" ] || continue
		has_package "$source=$version" || continue
		has_package "linux-headers-$release=$version" || continue
		kernel_packages="$source=$version linux-headers-$release=$version"
		# The image was one package once and is two now.
		if has_package "linux-binary-$release=$version"; then
			kernel_packages="$kernel_packages
				linux-binary-$release=$version
				linux-modules-$release=$version"
			return
		elif has_package "linux-image-$release=$version"; then
			kernel_packages="$kernel_packages
				linux-image-$release=$version"
			return
		fi
	done
	die "the mirror has no complete kernel in $backports"
}

download() {
	# shellcheck disable=SC2086 # the list is meant to be split
	quietly downloading "$apt/cache" private apt-get install \
		--download-only $qemu_packages $kernel_packages \
		make binutils busybox-static xz-utils zstd
}

# --- the unpacked tree ----------------------------------------------------

own_qemu() {
	qemu=$(command -v qemu-system-x86_64) || return 1
	"$qemu" -device help 2> /dev/null | grep -q vhost-user-spi-pci
}

# Only the few files that are used, of the packages that are huge.
unpack_part() {
	deb=$1
	shift
	dpkg-deb --fsys-tarfile "$deb" |
		tar -x -C "$tree" --wildcards "$@" 2> /dev/null || true
}

unpack_one() {
	case ${1##*/} in
	linux-source-*) ;;
	linux-modules-* | linux-binary-* | linux-image-*)
		unpack_part "$1" '*/vmlinuz*' '*/mtd.ko*' '*/spi-nor.ko*'
		;;
	gcc-* | cpp-*)
		dpkg-deb -x "$1" "$tree"
		rm -f "$tree"/usr/libexec/gcc/*/*/lto1 \
			"$tree"/usr/bin/*lto-dump*
		;;
	*)
		dpkg-deb -x "$1" "$tree"
		;;
	esac
}

unpack_all() {
	mkdir -p "$tree/usr/bin" "$tree/usr/sbin" "$tree/usr/lib" \
		"$tree/usr/lib64" "$tree/tmp" "$tree/dev" "$tree/proc/self"
	for dir in bin sbin lib lib64; do
		ln -s "usr/$dir" "$tree/$dir"
	done
	for deb in "$apt"/cache/archives/*.deb; do
		unpack_one "$deb"
	done
	rm -rf "$tree/usr/share/doc" "$tree/usr/share/man" \
		"$tree/usr/share/locale" "$tree/usr/share/info"
}

# The archive is read no further than the wanted file, so the exit status of
# what writes into the pipe says nothing; the file itself does.
unpack_driver() {
	(
		dpkg-deb --fsys-tarfile "$apt"/cache/archives/linux-source-*.deb |
			tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
			xz -dc -T0 |
			tar -x -C "$work" --strip-components=3 --occurrence=1 \
				--wildcards '*/drivers/spi/spi-virtio.c'
	) 2> /dev/null || true
	[ -s "$work/spi-virtio.c" ] || die "no spi-virtio.c in $source"
	mkdir "$tree/src"
	mv "$work/spi-virtio.c" "$tree/src/"
}

word_at() {
	od -An -t u4 -j "$2" -N 4 "$1" | tr -d ' '
}

# Most of a boot without KVM is the decompression of the kernel: do it here,
# once, for QEMU starts an ELF kernel too. The header says where the payload
# is (boot protocol 2.08); the last four bytes of it are its unpacked size.
unpack_kernel() {
	image=$(find "$tree" -name 'vmlinuz*' -type f | head -n 1)
	[ -n "$image" ] || die "the kernel packages hold no vmlinuz"
	mv "$image" "$tree/vmlinuz"
	image=$tree/vmlinuz
	sectors=$(od -An -t u1 -j 497 -N 1 "$image" | tr -d ' ')
	offset=$(($(word_at "$image" 584) + (sectors + 1) * 512))
	length=$(($(word_at "$image" 588) - 4))
	tail -c "+$((offset + 1))" "$image" | head -c "$length" \
		> "$tree/payload"
	for unpacker in 'zstd -dcq' 'xz -dcq' 'gzip -dcq'; do
		# shellcheck disable=SC2086 # a command and its options
		in_tree $unpacker < "$tree/payload" > "$tree/vmlinux" \
			2> /dev/null && break
		rm -f "$tree/vmlinux"
	done
	rm -f "$tree/payload"
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

# What a kernel build asks of the system around it. Busybox stands for the
# usual tools, and objtool looks up its own stack.
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

make_tree() {
	say "reading package lists (1/$steps)"
	find_lists
	choose_kernel
	if own_qemu; then
		qemu_packages=
		say "downloading Linux $release and a compiler (2/$steps)"
	else
		qemu_packages="qemu-system-x86"
		say "downloading QEMU, Linux $release, a compiler (2/$steps)"
	fi
	download
	say "unpacking (3/$steps)"
	quietly unpacking "$tree" unpack_all
	furnish
	quietly "unpacking the kernel source" "$tree" unpack_driver
	unpack_kernel
	echo "$release" > "$tree/release"
	echo "$version" > "$tree/version"
	rm -rf "$apt"
}

# --- the kit --------------------------------------------------------------

build_module() {
	mkdir -p "$tree/build/$1"
	in_tree make -s -C "/usr/lib/modules/$release/build" \
		M="/build/$1" modules
	in_tree x86_64-linux-gnu-strip --strip-debug "/build/$1/$1.ko"
	cp "$tree/build/$1/$1.ko" "$new/modules/"
}

build_modules() {
	mkdir -p "$new/modules"
	rm -rf "$tree/build"
	mkdir -p "$tree/build/spi-virtio" "$tree/build/spi_board"
	cp "$tree/src/spi-virtio.c" "$tree/build/spi-virtio/"
	echo 'obj-m := spi-virtio.o' > "$tree/build/spi-virtio/Kbuild"
	cp "$here"/module/* "$tree/build/spi_board/"
	build_module spi-virtio
	build_module spi_board
	find "$tree/usr/lib/modules/$release" -name '*.ko*' > "$work/kos"
	while read -r ko; do
		name=${ko##*/}
		case $name in
		*.xz) xz -dc "$ko" > "$new/modules/${name%.xz}" ;;
		*.ko) cp "$ko" "$new/modules/" ;;
		esac
	done < "$work/kos"
}

build_initramfs() {
	root=$work/root
	mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys"
	cp "$tree/busybox" "$root/bin/busybox"
	cp "$new/guest-spi" "$root/bin/"
	cp -R "$new/modules" "$root/modules"
	cp "$here/init" "$root/init"
	chmod 755 "$root/init" "$root/bin"/*
	(cd "$root" && find . | "$tree/busybox" cpio -o -H newc -R 0:0) \
		2> /dev/null | gzip -n -1 > "$new/initramfs.cpio.gz"
}

build_tools() {
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -static \
		-o "$new/guest-spi" "$here/tools/guest-spi.c"
}

# The wrapper only ends in exec, so its process is QEMU's. Parts of QEMU are
# modules, -accel qtest among them.
write_wrapper() {
	if [ -x "$tree/usr/bin/qemu-system-x86_64" ]; then
		cat > "$new/qemu-system-x86_64" <<-'WRAPPER'
			#!/bin/sh
			d=${0%/*}/../TREE
			QEMU_MODULE_DIR=$d/usr/lib/x86_64-linux-gnu/qemu
			export QEMU_MODULE_DIR
			exec "$d/lib64/ld-linux-x86-64.so.2" \
				--library-path "$d/usr/lib/x86_64-linux-gnu" \
				"$d/usr/bin/qemu-system-x86_64" \
				-L "$d/usr/share/qemu" \
				-L "$d/usr/share/seabios" "$@"
		WRAPPER
		sed -i "s|TREE|${tree##*/}|" "$new/qemu-system-x86_64"
	else
		printf '#!/bin/sh\nexec qemu-system-x86_64 "$@"\n' \
			> "$new/qemu-system-x86_64"
	fi
	chmod 755 "$new/qemu-system-x86_64"
}

make_kit() {
	# Beside the final place, because the wrapper's paths are relative.
	new=$kit.new
	rm -rf "$new"
	release=$(cat "$tree/release")
	mkdir "$new"
	say "building kernel modules for Linux $release (4/$steps)"
	quietly "building modules" "$tree" build_modules
	say "building the initramfs (5/$steps)"
	quietly "building tools/guest-spi.c" "$new" build_tools
	build_initramfs
	for file in vmlinuz vmlinux; do
		[ ! -e "$tree/$file" ] || ln -f "$tree/$file" "$new/kernel"
	done
	cp "$tree/busybox" "$new/busybox"
	write_wrapper
	check_kit
	sources_sum > "$new/stamp"
	[ ! -e "$kit" ] || mv "$kit" "$work/old"
	mv "$new" "$kit"
}

check_kit() {
	"$new/qemu-system-x86_64" -device help 2> "$work/log" |
		grep -q vhost-user-spi-pci || {
		cat "$work/log" >&2
		die "this QEMU does not run, or lacks vhost-user-spi-pci"
	}
}

sources_sum() {
	echo "${tree##*/}"
	(cd "$here" && cat kit.sh init module/* tools/*.c) | sha256sum
}

# A tree without QEMU was made on a machine that had its own.
is_complete() {
	[ -e "$tree/release" ] &&
		{ [ -x "$tree/usr/bin/qemu-system-x86_64" ] ||
			command -v qemu-system-x86_64 > /dev/null; }
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

build() {
	work=$cache/work.$$
	# What an interrupted run left; we hold the lock, so nobody uses it.
	rm -rf "$cache"/work.*
	mkdir "$work"
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	if ! is_complete; then
		final=$tree
		tree=$work/tree
		mkdir "$tree"
		make_tree
		rm -rf "$final"
		mv "$tree" "$final"
		tree=$final
	fi
	make_kit
}

main() {
	[ "$(uname -m)" = x86_64 ] || die "only x86_64 machines are supported"
	tree=$cache/debian-$suite-$tree_version
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
	if is_current; then
		say "ready in $kit"
		return
	fi
	mkdir -p "$cache"
	exec 9> "$cache/lock"
	if ! flock -n 9; then
		say "waiting for another run to finish"
		flock 9
	fi
	is_current || build
	say "ready in $kit"
}

main "$@"
