#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Installs the Debian packages that the given purposes need and this machine
# lacks. With nothing missing it does nothing, and needs no network or root.
#
#	install-deps.sh PURPOSE...
#	install-deps.sh --list PURPOSE...	prints them, a line each

set -eu

# PURPOSE: packages. A package that is already here costs nothing, so a purpose
# names all it needs.
packages_for() {
	case $1 in
	build) # make
		echo gcc libc6-dev make libbsd-dev libseccomp-dev
		;;
	check) # make check-quick, and the same under sanitizers and valgrind
		packages_for build
		echo libcmocka-dev valgrind flashrom
		;;
	lint) # make lint: each tool that tests/lint.sh looks for
		packages_for check
		echo bash clang clang-tidy cppcheck mandoc shellcheck zsh
		;;
	builds) # make check-builds; tests/builds/kit.sh fetches the rest
		packages_for build
		echo musl-tools ca-certificates xz-utils
		for machine in aarch64 i686 s390x; do
			echo gcc-$machine-linux-gnu
		done
		echo libc6-dev-arm64-cross libc6-dev-i386-cross
		echo libc6-dev-s390x-cross
		;;
	cross) # make check-cross; tests/builds/cross-kit.sh fetches the rest
		packages_for check
		echo ca-certificates xz-utils util-linux mount
		echo gcc-s390x-linux-gnu gcc-arm-linux-gnueabihf
		echo gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu
		echo gcc-i686-linux-gnu
		;;
	model) # make check-model
		packages_for build
		echo spin
		;;
	guest) # make check-guest; tests/guest/kit.sh fetches the rest
		packages_for trace
		echo xz-utils ca-certificates patch
		;;
	init) # make check-init: machines in namespaces
		packages_for build
		echo libcmocka-dev busybox-static systemd util-linux mount
		;;
	trace) # make check-trace
		packages_for build
		echo libcmocka-dev sigrok-cli libsigrokdecode4 gtkwave
		;;
	deb) # make deb, check-deb
		packages_for build
		echo debhelper lintian
		packages_for init
		;;
	all) # make check
		for each in build check lint builds cross model guest init deb \
			trace; do
			packages_for "$each"
		done
		;;
	develop) # make format, coverage and fuzz
		packages_for lint
		echo libclang-rt-dev clang-format gcovr git
		;;
	*)
		die "usage: install-deps.sh PURPOSE..., which this file lists"
		;;
	esac
}

die() {
	echo "install-deps: $*" >&2
	exit 1
}

# Prints those of the packages "$@" that are not installed.
missing_of() {
	for package; do
		state=$(dpkg-query -W -f '${db:Status-Status} ' "$package" \
			2> /dev/null) || state=
		case " $state" in
		*' installed '*) ;;
		*) echo "$package" ;;
		esac
	done
}

# Runs a command as root, or tells the user which one it is.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo > /dev/null; then
		sudo "$@"
	else
		die "neither root nor sudo; as root, run: apt-get install $missing"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

list=false
if [ "${1:-}" = --list ]; then
	list=true
	shift
fi
[ $# -gt 0 ] || set -- none
for purpose; do
	packages_for "$purpose" > /dev/null # or die
done
# shellcheck disable=SC2046 # a list of packages
wanted=$(
	for purpose; do
		printf '%s\n' $(packages_for "$purpose")
	done | sort -u
)
if $list; then
	echo "$wanted"
	exit
fi
wanted=$(echo "$wanted" | tr '\n' ' ')
for program in apt-get dpkg-query; do
	command -v "$program" > /dev/null ||
		die "no $program here; install by other means: $wanted"
done

# shellcheck disable=SC2086 # lists of packages
{
	missing=$(missing_of $wanted | tr '\n' ' ')
	[ -n "$missing" ] || exit 0
	echo "install-deps: installing $missing"
	# An unreachable list of no interest here must not be the end.
	apt update || echo "install-deps: apt-get update failed, going on" >&2
	apt install -y --no-install-recommends $missing ||
		die "apt-get could not install $missing"
}
echo "install-deps: done"
