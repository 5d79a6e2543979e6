#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Applies the patches beside it to Linux's driver for virtio SPI controllers,
# drivers/spi/spi-virtio.c. See docs/guest-linux.md for what they mend.
#
#	apply.sh [--check] TREE [VERSION] [PATCH...]
#
# TREE is a Linux source tree, or the path of a copy of spi-virtio.c. VERSION
# is the version of Linux, for messages; a tree knows its own. Only the patches
# that are named, as 0001-suspend, are applied, or all of them. With --check
# nothing is changed.
#
# Prints a line for each patch: that it was applied, that the driver has this
# patch or another fix already, or that it does not apply. A patch that does
# not apply leaves no trace, and keeps no other one from being applied. The exit
# status is 0 if the driver has all of them now, with --check if it could have
# them, and 1 if not. A second run changes nothing.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

die() {
	echo "apply.sh: error: $*" >&2
	exit 2
}

# The value of the variable $1 in a kernel's Makefile.
makefile_value() {
	sed -n "s/^$1 *= *//p" "$tree/Makefile" | head -n 1
}

# The version in a kernel's Makefile.
version_of_tree() {
	echo "$(makefile_value VERSION).$(makefile_value PATCHLEVEL).$(
		makefile_value SUBLEVEL
	)$(makefile_value EXTRAVERSION)"
}

# The line of the patch $1 that begins with $2 and a colon, without these.
header() {
	sed -n "/^---/q; s/^$2: //p" "$1"
}

# Applies one patch to the copy in "$work". Returns 1 if it does not apply.
apply() {
	name=$(basename "$1" .patch)
	if grep -Eq -- "$(header "$1" Fixed-if)" "$work/driver.c"; then
		echo "$name: is there already"
		return
	fi
	cp "$work/driver.c" "$work/new.c"
	if (cd "$work" && patch -f -s -F 0 new.c) < "$1" > "$work/log" 2>&1; then
		mv "$work/new.c" "$work/driver.c"
		echo "$name: $done_word"
	else
		echo "$name: does not apply to $version;" \
			"it is for $(header "$1" Applies-to)"
		return 1
	fi
}

done_word=applied
if [ "${1:-}" = --check ]; then
	done_word="would apply"
	shift
fi
[ $# -ge 1 ] || die "usage: apply.sh [--check] TREE [VERSION] [PATCH...]"
command -v patch > /dev/null || die "there is no patch(1) here; install it"
tree=$1
shift
version="a driver of unknown version"
driver=$tree
if [ -d "$tree" ]; then
	driver=$tree/drivers/spi/spi-virtio.c
	[ ! -f "$tree/Makefile" ] || version="Linux $(version_of_tree)"
fi
[ -f "$driver" ] || die "$driver: there is no such file; Linux has it from 6.18"
case ${1:-} in
[0-9].* | [0-9][0-9].*)
	version="Linux $1"
	shift
	;;
esac
[ $# -gt 0 ] || set -- "$here"/*.patch

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cp "$driver" "$work/driver.c"
status=0
for patch; do
	[ -f "$patch" ] || patch=$here/$patch.patch
	[ -f "$patch" ] || die "${patch##*/}: there is no such patch"
	apply "$patch" || status=1
done
if [ "$done_word" = applied ] && ! cmp -s "$work/driver.c" "$driver"; then
	cat "$work/driver.c" > "$driver"
fi
exit "$status"
