#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Checks docs/linux-patches/apply.sh, with the driver of the guest kit and with
# a tree that has another driver.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
patches=$here/../../docs/linux-patches
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Runs apply.sh. $1 is the exit status that it must have, $2 what every line of
# its output must match.
applies() {
	want=$1 lines=$2
	shift 2
	status=0
	"$patches/apply.sh" "$@" > "$work/out" 2>&1 || status=$?
	if [ "$status" -ne "$want" ] || [ ! -s "$work/out" ] ||
		grep -Evq -- "$lines" "$work/out"; then
		echo "apply.sh $*: status $status, not $want: $lines"
		cat "$work/out"
		exit 1
	fi
}

kit=$(sh "$here/kit.sh" --print) || {
	echo "no guest kit; run tests/guest/kit.sh"
	exit 1
}
driver=$kit/spi-virtio.c

# A tree, as a user has it.
tree=$work/tree
mkdir -p "$tree/drivers/spi"
printf 'VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n' \
	> "$tree/Makefile"
cp "$driver" "$tree/drivers/spi/"
applies 0 ': would apply$' --check "$tree"
cmp "$driver" "$tree/drivers/spi/spi-virtio.c"
applies 0 ': applied$' "$tree"
applies 0 ': is there already$' "$tree"

# Single patches, in another order, on a file: the same in the end.
cp "$driver" "$work/one.c"
for name in 0004-message-end 0001-suspend; do
	applies 0 "^$name: applied\$" "$work/one.c" "$name"
done
applies 0 '000[14].*already$|000[23].*applied$' "$work/one.c"
cmp "$tree/drivers/spi/spi-virtio.c" "$work/one.c"

# A driver with a fix of its own for one, which the others do not apply to.
echo '	.remove = another_remove,' > "$tree/drivers/spi/spi-virtio.c"
cp "$tree/drivers/spi/spi-virtio.c" "$work/before.c"
applies 1 '0002.*already$|does not apply to Linux 7\.3\.4; it is for Linux 6' \
	"$tree"
applies 1 'already$|to Linux 9\.1;' "$tree/drivers/spi/spi-virtio.c" 9.1
cmp "$work/before.c" "$tree/drivers/spi/spi-virtio.c"
[ "$(ls "$tree/drivers/spi")" = spi-virtio.c ] || exit 1

applies 2 'no such file' "$work"
applies 2 'no such patch' "$tree" 0009-nothing
