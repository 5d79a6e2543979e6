#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Checks that lint.sh finds what it is to find, and nothing in good code.

set -eu

lint=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/lint.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
spdx='/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */'
status=0

# Makes the file $1 of the licence line and standard input, and a second one in
# its folder.
file() {
	mkdir -p "$tree/$(dirname -- "$1")"
	echo "$spdx" > "$tree/$(dirname -- "$1")/other.h"
	{ echo "$spdx" && cat; } > "$tree/$1"
}

# A function of $1 lines.
function_of() {
	printf '\nint\nlong_one(int a,\n\tint b)\n{\n'
	i=4
	while [ $((i += 1)) -lt "$1" ]; do
		printf '\ta++;\n'
	done
	printf '}\n'
}

# Checks that lint.sh's finding for the one file in the tree matches $2, or
# that there is none if $2 is empty. $1 says what is tried.
expect() {
	found=0
	output=$(sh "$lint" --rules "$tree") || found=1
	wanted=${2:+1}
	if [ "$found" != "${wanted:-0}" ] || ! echo "$output" | grep -q "$2"; then
		echo "tests/test_lint.sh:1: $1: wanted '$2', got: $output"
		status=1
	fi
	rm -rf "${tree:?}"/*
}

# $1 is the file, $2 the header it includes, $3 "" if it may.
include() {
	echo "#include \"$2\"" | file "$1"
	expect "$1 includes $2" "${3:+^$1:2: includes}"
}

include spi-daemon/a.c vhost/session.h ''
include spi-daemon/a.c virtio/ring/vring.h ''
include spi-daemon/xfer/a.c vhost/front/front.h ''
include vhost/front/a.c vhost/wire/wire.h ''
include vhost/a.c virtio/ring/vring.h ''
include vhost/a.c vhost/b.h ''
include tests/unit/vhost/a.c spi-daemon/config/options.h ''
include tests/daemon/a.c tests/lib/b.h ''
include virtio/ring/a.c vhost/wire/wire.h refused
include virtio/mem/a.c virtio/ring/vring.h refused
include vhost/a.c spi-daemon/system/log.h refused
include vhost/a.c vhost/front/front.h refused
include vhost/front/a.c vhost/session.h refused
include spi-daemon/a.c vhost/front/front.h refused
include spi-daemon/a.c tests/lib/front.h refused
include spi-daemon/bus/a.c spi-daemon/guest/guest_set.h refused
include virtio/ring/a.c vring.h refused
include virtio/ring/a.c virtio/../vhost/wire.h refused
echo 'int a;' | file vhost/new/a.c
expect 'a folder without a row' '^vhost/new/a.c:1: the folder'

echo 'int vhost_user_spi;' | file vhost/a.c
expect 'SPI in vhost/' '^vhost/a.c:2: .*SPI'
echo 'int spin, inspired;' | file vhost/a.c
expect 'spin in vhost/' ''

echo 'int a = SPI_IOC_WR_MODE;' | file spi-daemon/device/sim/sim_regs.c
expect 'an SPI ioctl in another file' 'sim_regs.c:2: ioctls belong'
echo 'int a = ioctl(1, 2);' | file vhost/wire/sock.c
expect 'an ioctl in another file' 'sock.c:2: ioctls belong'
echo 'int a = my_ioctl(1, 2);' | file vhost/wire/sock.c
expect 'a name that ends like ioctl' ''
echo 'int a = SPI_IOC_WR_MODE;' | file spi-daemon/device/spidev_open.c
expect 'an ioctl in its place' ''

echo 'void *a = guest_mem_at(1, 2);' | file spi-daemon/transfer/a.c
expect 'a pointer into guest memory' 'a.c:2: guest memory is reached through'
echo 'void *a = guest_mem_dma(1, 2);' | file virtio/spi/a.c
expect 'a pointer into guest memory' 'a.c:2: guest memory is reached through'
echo 'void *a = guest_mem_dma(1, 2);' | file virtio/ring/a.c
expect 'a pointer into guest memory in its place' ''

printf 'void f(void)\n{\n\tprintf("x");\n}\n' | file virtio/ring/a.c
expect 'a layer that prints' '^virtio/ring/a.c:4: .*never print'
printf '/* printf(\n * exit(1)\n */\nchar *s = "abort()"; // exit(\n' |
	file vhost/a.c
expect 'comments and strings that speak of printing' ''
printf 'void f(void)\n{\n\tsnprintf(a, 1, "x");\n\tmy_exit(1);\n}\n' |
	file vhost/a.c
expect 'names that end like a printing function' ''
printf 'void f(void)\n{\n\texit(1);\n}\n' | file spi-daemon/main.c
expect 'a daemon that exits' ''

printf 'void f(void)\n{\n\tskip();\n}\n' | file tests/daemon/a.c
expect 'a skip without a reason' '^tests/daemon/a.c:4: .*skip_because'
printf 'void f(void)\n{\n\tskip();\n}\n' | file tests/lib/skip.c
expect 'the function that skips' ''

function_of 61 | file vhost/a.c
expect 'a function of 61 lines' '^vhost/a.c:3: long_one() has 61 lines'
function_of 60 | file vhost/a.c
expect 'a function of 60 lines' ''
function_of 41 | file vhost/a.c
output=$(sh "$lint" --rules "$tree") || status=1
[ "$output" = "vhost/a.c:3: note: long_one() has 41 lines, more than 40" ] || {
	echo "tests/test_lint.sh:1: a function of 41 lines: got: $output"
	status=1
}
rm -rf "${tree:?}"/*

yes 'int a;' | head -n 600 | file vhost/a.c
expect 'a file of 601 lines' '^vhost/a.c:601: the file has 601 lines'
yes 'int a;' | head -n 599 | file vhost/a.c
expect 'a file of 600 lines' ''

i=0
while [ $((i += 1)) -lt 14 ]; do
	echo 'int a;' | file "vhost/$i.c"
done
expect 'a folder of 14 sources' ''
while [ $((i -= 1)) -ge 0 ]; do
	echo 'int a;' | file "vhost/$i.c"
	echo 'int a;' | file "tests/unit/$i.c"
	echo 'int a;' | file "tests/unit/x$i.c"
done
expect 'a folder of 15 sources' '^vhost: 15 sources, more than 14$'
i=15
while [ $((i -= 1)) -ge 0 ]; do
	echo 'int a;' | file "tests/lib/a/$i.c"
done
expect 'a folder of 16 sources of tests' '^tests/lib/a: 16 sources, more than'
echo 'int a;' | file vhost/a.c
rm "$tree/vhost/other.h"
expect 'a folder of one source' '^vhost: one source only'
echo 'int a;' | file tests/unit/vhost/a.c
rm "$tree/tests/unit/vhost/other.h"
expect 'a folder of one test' ''

# shellcheck disable=SC2016 # backquotes of the document
{
	mkdir "$tree/docs"
	printf 'See `vhost/new.c`.\n' > "$tree/docs/a.md"
	expect 'a document that names no file' '^docs/a.md:1: there is no vhost/new.c$'
	printf 'Call `vhost_new()`.\n' > "$tree/README.md"
	expect 'a document that names no function' '^README.md:1: there is no vhost_new()$'
	mkdir "$tree/docs"
	printf '`vhost/a.c`, `vhost/`, `vhost_a()`, `a/b`, `--c`\n' > "$tree/docs/a.md"
	printf 'int vhost_a(void)\n{\n}\n' | file vhost/a.c
	expect 'a document that names what there is' ''
}

printf '\tint %073d;\n' 0 | tr 0 a | file vhost/a.c
expect 'a line of 86 columns' '^vhost/a.c:2: 86 columns'
printf '\tint %067d;\n' 0 | tr 0 a | file vhost/a.c
expect 'a line of 80 columns' ''
printf '\t"%080d",\n' 0 | file vhost/a.c
expect 'a long string with its line to itself' ''

mkdir "$tree/vhost"
echo 'int a;' > "$tree/vhost/a.c"
expect 'a source without a licence' '^vhost/a.c:1: no SPDX'
printf '#!/bin/sh\ntrue\n' > "$tree/run"
expect 'a script without a licence' '^run:1: no SPDX'

printf 'See /%s/main.\n' work > "$tree/README.md"
expect "a machine's path" '^README.md:1: a path'
printf 'See %s/%s/main and net/%s.\n' "\$d" work work > "$tree/README.md"
expect 'paths that only look like it' ''
printf 'From http://%s.example.com:80/deb.\n' artifactory > "$tree/README.md"
expect 'a host of one network' '^README.md:1: a host'

exit "$status"
