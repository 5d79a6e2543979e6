#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Builds for other machines, and runs test programs there, under QEMU.
#
#	cross.sh BUILD "MACHINE..." TEST...
#
# Builds all, and the programs TEST, paths below a build directory, in the
# directory BUILD/MACHINE, and runs these as run-tests.sh does. A MACHINE is
# s390x, armhf, aarch64, riscv64 or i686, which needs no emulator here.
#
# The kernel has to start the emulator wherever a program is executed, as the
# tests execute the daemon. It is told so in a namespace of its own
# (binfmt_misc, Linux 6.7), so that nothing changes for the rest of the machine.
#
# MAKE is the make to use.

set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
status=0

# What compilers for $machine begin with
gnu_name() {
	case $machine in
	armhf) echo arm-linux-gnueabihf ;;
	*) echo "$machine-linux-gnu" ;;
	esac
}

# Class, byte order and number of $machine in the head of a program (elf(5))
elf_bytes() {
	case $machine in
	s390x) printf %s '\x02\x02 \x00\x16' ;;
	armhf) printf %s '\x01\x01 \x28\x00' ;;
	aarch64) printf %s '\x02\x01 \xb7\x00' ;;
	riscv64) printf %s '\x02\x01 \xf3\x00' ;;
	esac
}

# The line that tells the kernel of the emulator: F opens it now, P keeps
# argv[0].
binfmt_line() {
	zeros='\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'
	# shellcheck disable=SC2046 # two words
	set -- $(elf_bytes)
	printf '%s' ":$machine:M:0:\\x7fELF$1\\x01$zeros$2:" \
		"\\xff\\xff\\xff\\xff\\xff\\xff\\xff$zeros\\xff\\xff:" \
		"$kit/bin/qemu-$machine:FP"
}

# In the namespace: waits until the file $1 is there, and runs "$@" from $4 on as
# user $2.
# shellcheck disable=SC2016 # expanded there
inside='
	while [ ! -e "$1" ]; do
		sleep 0.1
	done
	at=/proc/sys/fs/binfmt_misc
	mount -t binfmt_misc none $at && printf %s "$3" > $at/register || exit
	user=$2
	shift 3
	[ "$user" -eq 0 ] || set -- unshare --user --map-user="$user" "$@"
	exec "$@"'

# Runs "$@" where programs for $machine can be executed. For root all users have
# to be there, which only a process outside can arrange.
enter() {
	if [ "$machine" = i686 ]; then
		"$@"
	elif [ "$(id -u)" -ne 0 ]; then
		unshare --user --map-root-user --mount sh -c "$inside" sh \
			/ "$(id -u)" "$(binfmt_line)" "$@"
	else
		rm -f "$dir/mapped"
		unshare --user --mount sh -c "$inside" sh \
			"$dir/mapped" 0 "$(binfmt_line)" "$@" &
		while [ "$(readlink "/proc/$!/ns/user")" = \
			"$(readlink /proc/self/ns/user)" ]; do
			sleep 0.1
		done
		for ids in uid_map gid_map; do
			awk '{ print $1, $1, $3 }' /proc/self/$ids \
				> "/proc/$!/$ids"
		done
		: > "$dir/mapped"
		wait $!
	fi
}

compile() {
	root=$kit/$machine
	gnu=$(gnu_name)
	libs=$gnu
	with=$dir/fexecve.o
	if [ "$machine" = i686 ]; then
		libs=i386-linux-gnu
		with=
	fi
	set -- "$root"/lib/ld-linux*.so.* "$root"/lib/ld64.so.*
	[ -e "$1" ] || shift
	mkdir -p "$dir"
	"$gnu-gcc" --sysroot="$root" -O1 -c "$here/fexecve.c" \
		-o "$dir/fexecve.o" || return
	# shellcheck disable=SC2086 # a list of programs
	# Old tags: the path is also for libraries that libraries need.
	env -u CC "${MAKE:-make}" -s BUILD="$dir" LTO= \
		CROSS_COMPILE="$gnu-" CC="$gnu-gcc --sysroot=$root" \
		CFLAGS="-O1 -Wno-format-truncation" \
		LDFLAGS="-Wl,--dynamic-linker=$1,--disable-new-dtags \
		-Wl,-rpath,$root/usr/lib/$libs -L$root/usr/lib/$libs" \
		LDLIBS="$with" all $tests > "$dir/log" 2>&1
}

skip() {
	echo "skipped $machine: 1 of 1: $*"
	echo "0 passed, 0 failed, 1 skipped"
}

# The lines of run-tests.sh, and a last one if there was no test
run() {
	# An emulated process takes ten times as long to start as another.
	# shellcheck disable=SC2086 # a list of programs
	TEST_TIMEOUT=${TEST_TIMEOUT:-1800} \
		VHOST_DEVICE_SPI=$dir/vhost-device-spi SPI_XFER=$dir/spi-xfer \
		VHOST_RNG=$dir/tests/example/vhost-rng \
		enter sh "$here/../run-tests.sh" $tests
}

try() {
	dir=$build/$machine
	tests=$(for test in $programs; do echo "$dir/$test"; done)
	if ! command -v "$(gnu_name)-gcc" > /dev/null; then
		skip "no $(gnu_name)-gcc"
	elif ! compile; then
		grep -E 'error|\*\*\*' "$dir/log" | head -n 30
		echo "FAILED  $machine: see $dir/log"
		echo "0 passed, 1 failed, 0 skipped"
		status=1
	elif ! enter "$dir/vhost-device-spi" --version > /dev/null 2>&1; then
		skip "its programs cannot be started here (binfmt_misc)"
	else
		run || status=1
	fi
}

build=$1
machines=$2
shift 2
programs=$*
kit=$(sh "$here/cross-kit.sh" --print) || {
	echo "no emulators: run tests/builds/cross-kit.sh"
	exit 1
}
for machine in $machines; do
	echo "-- $machine"
	try
done
exit $status
