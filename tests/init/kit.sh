#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Prepare OpenRC, for a machine in a namespace: it is not to be installed beside
# the init system of this machine.
#
#	kit.sh			make the kit, or do nothing if it is there
#	kit.sh --print		print its directory; fails if it is not there
#	kit.sh --clean		remove it
#
# Two directories in the cache:
#
#	debian-openrc-*	packages
#	openrc-kit	their files
#
# See ../guest/debian.sh for where packages come from, and the environment
# variables.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
label="OpenRC kit"
kit_name=openrc-kit
# Its libraries are this machine's.
suites=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
# The number counts changes in what the directory holds.
tree_name=debian-openrc-$suites-1
architectures="amd64"

# shellcheck source=tests/guest/debian.sh
. "$here/../guest/debian.sh"

download_all() {
	cd "$tree"
	private apt-get download openrc librc1 libeinfo1
}

make_tree() {
	say "reading package lists (1/2)"
	find_lists
	say "downloading OpenRC (2/2)"
	quietly downloading "$tree" download_all
}

make_kit() {
	for deb in "$tree"/*.deb; do
		dpkg-deb -x "$deb" "$new"
	done
}

is_complete() {
	[ -d "$tree" ]
}

sources_sum() {
	echo "$tree_name"
	(cd "$here" && cat kit.sh ../guest/debian.sh) | sha256sum
}

kit_main "$@"
