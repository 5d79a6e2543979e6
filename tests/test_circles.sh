#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Checks that circles.sh finds what it is to find, and nothing else.

set -eu

circles=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/circles.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tree"
status=0

# unit NAME [CALLED...]: a unit with a function of its name that calls others
unit() {
	name=$1
	function=${1##*/}
	shift
	mkdir -p "$(dirname -- "$name")" "obj/$(dirname -- "$name")"
	{
		for called; do
			echo "void $called(void);"
		done
		echo "void $function(void);"
		echo "static void local(void) { }"
		echo "void $function(void) { local();"
		for called; do
			echo "$called();"
		done
		echo "}"
	} > "$name.c"
	${CC:-cc} -c -o "obj/$name.o" "$name.c"
}

# Checks that the circles of the units are the lines $2; $1 says what is tried.
expect() {
	found=0
	output=$(sh "$circles" obj) || found=1
	if [ "$(echo "$output" | grep '^circle' || true)" != "$2" ] ||
		[ "$found" != "${2:+1}" ] && [ -n "$2$output" ]; then
		echo "tests/test_circles.sh:1: $1: wanted '$2', got: $output"
		status=1
	fi
	rm -rf "${tree:?}"/*
	mkdir -p virtio vhost spi-daemon
}

mkdir -p virtio vhost spi-daemon

unit virtio/low
unit vhost/mid low
unit spi-daemon/high mid low
expect 'no circle' ''

unit virtio/a b
unit vhost/b a
unit vhost/c a b
expect 'two units' 'circle: vhost/b virtio/a'

unit virtio/a b
unit vhost/b c
unit spi-daemon/x/c a
expect 'three units' 'circle: spi-daemon/x/c vhost/b virtio/a'

unit virtio/a b
unit virtio/b a
unit vhost/c d
unit vhost/d c a
expect 'two circles, one over the other' 'circle: vhost/c vhost/d
circle: virtio/a virtio/b'

unit virtio/a b
unit vhost/b a
rm vhost/b.c
expect 'an object without its source' ''

unit virtio/a a
expect 'a unit that calls itself' ''

exit "$status"
