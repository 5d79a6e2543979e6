#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Prepare what a build with musl needs besides musl-gcc: libbsd, built for it
# from Debian's source, and the kernel's headers.
#
#	kit.sh			make the kit, or do nothing if it is there
#	kit.sh --print		print its directory; fails if it is not there
#	kit.sh --clean		remove it
#
# Two directories in the cache:
#
#	debian-libbsd-*	source packages
#	musl-kit	include/ and lib/, for -isystem and -L
#
# See ../guest/debian.sh for where packages come from, and the environment
# variables.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
label="musl kit"
kit_name=musl-kit
# The number counts changes in what the directory holds.
tree_name=debian-libbsd-bookworm-1
suites="bookworm"
architectures="amd64"

# shellcheck source=tests/guest/debian.sh
. "$here/../guest/debian.sh"

# libbsd's digests are those of libmd.
libraries="libmd libbsd"

add_sources() {
	sed 's/^deb /deb-src /' "$apt/sources.list" > "$work/sources"
	cat "$work/sources" >> "$apt/sources.list"
	private apt-get update --error-on=any
}

download_all() {
	cd "$tree"
	# shellcheck disable=SC2086 # a list of packages
	private apt-get source --download-only $libraries
}

make_tree() {
	say "reading package lists (1/3)"
	find_lists
	quietly "reading the lists of sources" "$apt" add_sources
	say "downloading the source of libbsd (2/3)"
	quietly downloading "$tree" download_all
}

# Library $1 into "$new", which has those that it needs.
build_library() {
	mkdir "$work/$1"
	tar -x -f "$tree/$1"_*.orig.tar.xz -C "$work/$1" --strip-components=1
	cd "$work/$1"
	./configure --host="$(uname -m)-linux-musl" --prefix="$new" \
		--disable-shared CC=musl-gcc CFLAGS="-O2 -isystem $new/include" \
		LDFLAGS="-L$new/lib"
	make -j2
	make install
}

make_kit() {
	say "building libbsd with musl-gcc (3/3)"
	mkdir "$new/include"
	ln -s /usr/include/linux /usr/include/asm-generic \
		"/usr/include/$(gcc -print-multiarch)/asm" "$new/include/"
	for library in $libraries; do
		quietly "building $library" "$new" build_library "$library"
	done
	rm -rf "$new/share" "$new"/lib/*.la "$new/lib/pkgconfig"
}

is_complete() {
	[ -d "$tree" ]
}

sources_sum() {
	echo "$tree_name"
	(cd "$here" && cat kit.sh ../guest/debian.sh) | sha256sum
}

kit_main "$@"
