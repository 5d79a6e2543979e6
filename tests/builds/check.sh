#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Builds for machines and libcs that are not this one's.
#
#	check.sh BUILD TEST...
#
# Compiles all of the daemon and of spi-xfer for other machines, below the
# directory BUILD. With musl, it links them too and runs the test programs TEST,
# which are built already, with them. Each compiler that is not here is skipped.
#
# With BUILD_TWICE=1, unpacks `make dist` in two directories, builds there, without
# git, and compares the programs.
#
# MAKE is the make to use.

set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$1
shift
passed=0
failed=0
skipped=0

# An old small one, a new one, and a big-endian one
machines="i686 aarch64 s390x"

# Compiles $1, in $build/$1, by make with the arguments $2...
compile() {
	name=$1
	shift
	mkdir -p "$build/$name"
	if env -u CC "${MAKE:-make}" -s -j2 BUILD="$build/$name" "$@" \
		> "$build/$name/log" 2>&1; then
		echo "ok      $name"
		passed=$((passed + 1))
		return 0
	fi
	grep -E 'error|warning|\*\*\*' "$build/$name/log" | head -n 30
	echo "FAILED  $name: see $build/$name/log"
	failed=$((failed + 1))
	return 1
}

skip() {
	echo "skipped $1: 1 of 1: $2"
	skipped=$((skipped + 1))
}

# Adds the sums that run-tests.sh prints last.
run_tests() {
	VHOST_DEVICE_SPI=$build/musl/vhost-device-spi \
		SPI_XFER=$build/musl/spi-xfer \
		sh "$here/../run-tests.sh" "$@" > "$build/musl/tests.log"
	sed '$d' "$build/musl/tests.log"
	tail -n 1 "$build/musl/tests.log" | tr -d , > "$build/musl/sums"
	read -r p _ f _ s _ < "$build/musl/sums"
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
}

for machine in $machines; do
	cc=$machine-linux-gnu-gcc
	if command -v "$cc" > /dev/null; then
		compile "$machine" objects \
			CROSS_COMPILE="$machine-linux-gnu-"
	else
		skip "$machine" "no $cc"
	fi
done

if ! command -v musl-gcc > /dev/null; then
	skip musl "no musl-gcc"
elif ! kit=$(sh "$here/kit.sh" --print); then
	skip musl "no libbsd for musl: run tests/builds/kit.sh"
elif compile musl all CC=musl-gcc CFLAGS="-O2 -g -isystem $kit/include" \
	LDFLAGS="-static -no-pie -L$kit/lib" LDLIBS=-lmd; then
	run_tests "$@"
fi

# Builds in two directories in $1, from the file of `make dist` and without git.
# A cache of the compiler would give both the objects of one of them.
build_twice() {
	rm -rf "$1" && mkdir -p "$1/a" "$1/other/b" || return
	"${MAKE:-make}" -s dist BUILD="$1/dist" || return
	for dir in "$1/a" "$1/other/b"; do
		tar -xzf "$1"/dist/*.tar.gz -C "$dir" --strip-components=1 ||
			return
		CCACHE_DISABLE=1 GIT_DIR=/dev/null "${MAKE:-make}" -s \
			-C "$dir" -j2 BUILD=build CFLAGS="-O1 -g" all dist ||
			return
	done
	for file in vhost-device-spi spi-xfer "$1"/dist/*.tar.gz; do
		cmp "$1/a/build/${file##*/}" "$1/other/b/build/${file##*/}" ||
			return
	done
	cmp "$1"/dist/*.tar.gz "$1"/a/build/*.tar.gz
}

if [ -z "${BUILD_TWICE:-}" ]; then
	:
elif build_twice "$build/same" > "$build/same.log" 2>&1; then
	echo "ok      same"
	passed=$((passed + 1))
else
	tail -n 5 "$build/same.log"
	echo "FAILED  same: see $build/same.log"
	failed=$((failed + 1))
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
