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
	if "${MAKE:-make}" -s -j2 BUILD="$build/$name" "$@" \
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
		compile "$machine" objects CC="$cc"
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

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
