#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Prepare the model checker cbmc, which Debian has since trixie.
#
#	kit.sh			make the kit, or do nothing if it is there
#	kit.sh --print		print its directory; fails if it is not there
#	kit.sh --clean		remove it
#
# Two directories in the cache:
#
#	debian-prove-*	cbmc and its libraries, unpacked
#	prove-kit	a script, cbmc, that runs it with them
#
# See ../guest/debian.sh for where packages come from, and the environment
# variables.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
label="prove kit"
kit_name=prove-kit
# The number counts changes in what the directory holds.
tree_name=debian-prove-trixie-2
suites="trixie"
architectures="amd64"

# shellcheck source=tests/guest/debian.sh
. "$here/../guest/debian.sh"

download_all() {
	cd "$work"
	private apt-get download cbmc minisat libc6 libgcc-s1 libstdc++6
}

make_tree() {
	say "reading package lists (1/2)"
	find_lists
	say "downloading cbmc (2/2)"
	quietly downloading "$work" download_all
	for deb in "$work"/*.deb; do
		unpack_part "$deb" "$tree" './usr/bin/cbmc' '*.so*'
	done
	rm -rf "$tree"/usr/lib/x86_64-linux-gnu/gconv
}

# Its preprocessor is this machine's gcc. The path is relative, since the cache
# may be moved.
make_kit() {
	cat > "$new/cbmc" <<-WRAPPER
		#!/bin/sh
		d=\${0%/*}/../${tree##*/}/usr
		lib=\$d/lib/x86_64-linux-gnu
		exec "\$lib/ld-linux-x86-64.so.2" --library-path "\$lib:\$d/lib" \\
			"\$d/bin/cbmc" "\$@"
	WRAPPER
	chmod 755 "$new/cbmc"
}

is_complete() {
	[ -d "$tree" ]
}

sources_sum() {
	echo "$tree_name"
	(cd "$here" && cat kit.sh ../guest/debian.sh) | sha256sum
}

kit_main "$@"
