#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Prepare what `make check-cross` needs besides the cross compilers: QEMU's
# emulators of programs, and for each machine the libraries and headers that
# programs for it are built with.
#
#	cross-kit.sh		make the kit, or do nothing if it is there
#	cross-kit.sh --print	print its directory; fails if it is not there
#	cross-kit.sh --clean	remove it
#
# Two directories in the cache:
#
#	debian-cross-*	packages
#	cross-kit	bin/qemu-MACHINE, and MACHINE/, for --sysroot
#
# The emulators come from Debian 13, as those of Debian 12 abort in some of the
# tests; the libraries from Debian 12, whose compilers can use them, but for
# riscv64, which is new in Debian 13. See ../guest/debian.sh for where packages
# come from, and the environment variables.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
label="cross kit"
kit_name=cross-kit
# The number counts changes in what the directory holds.
tree_name=debian-cross-2
suites="trixie bookworm"
architectures="amd64 s390x armhf arm64 riscv64 i386"

# shellcheck source=tests/guest/debian.sh
. "$here/../guest/debian.sh"

# The name that compilers and emulators have for architecture $1
machine_of() {
	case $1 in
	arm64) echo aarch64 ;;
	i386) echo i686 ;;
	*) echo "$1" ;;
	esac
}

suite_of() {
	case $1 in
	riscv64) echo trixie ;;
	*) echo bookworm ;;
	esac
}

libraries="libc6 libc6-dev libgcc-s1 libatomic1 libbsd0 libbsd-dev libmd0
	libmd-dev libcmocka0 libcmocka-dev libseccomp2 libseccomp-dev"

download_all() {
	cd "$tree"
	# In Debian 13 the kernel's headers are one package for all.
	set -- qemu-user linux-libc-dev/trixie
	for arch in ${architectures#* }; do
		for library in $libraries; do
			set -- "$@" "$library:$arch/$(suite_of "$arch")"
		done
	done
	private apt-get download "$@"
}

make_tree() {
	say "reading package lists (1/2)"
	find_lists
	say "downloading emulators and libraries (2/2)"
	quietly downloading "$tree" download_all
}

make_kit() {
	mkdir "$new/bin"
	for arch in ${architectures#* }; do
		machine=$(machine_of "$arch")
		root=$new/$machine
		# All libraries in one directory, as a sandbox allows one
		mkdir -p "$root/usr/lib"
		ln -s usr/lib "$root/lib"
		for deb in "$tree"/*_all.deb "$tree"/*_"$arch".deb; do
			dpkg-deb --fsys-tarfile "$deb" |
				tar -x -C "$root" --keep-directory-symlink \
					--exclude ./usr/share
		done
	done
	unpack_part "$tree"/qemu-user_*.deb "$new" ./usr/bin/qemu-s390x \
		./usr/bin/qemu-arm ./usr/bin/qemu-aarch64 ./usr/bin/qemu-riscv64
	mv "$new"/usr/bin/qemu-* "$new/bin"
	rmdir "$new/usr/bin" "$new/usr"
	mv "$new/bin/qemu-arm" "$new/bin/qemu-armhf"
}

is_complete() {
	[ -d "$tree" ]
}

sources_sum() {
	echo "$tree_name"
	(cd "$here" && cat cross-kit.sh ../guest/debian.sh) | sha256sum
}

kit_main "$@"
