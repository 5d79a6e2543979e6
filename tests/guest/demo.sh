#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Show the daemon at work: a Linux guest identifies, writes and reads a
# simulated SPI flash with its own driver, and the bytes are in the image file
# on the host. The daemon has to be built; VHOST_DEVICE_SPI names another one.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
daemon=${VHOST_DEVICE_SPI:-$here/../../build/vhost-device-spi}
text="Hello from a guest, through virtio SPI"
boot_limit=300

say() {
	printf '\n=== %s\n' "$*"
}

die() {
	echo "demo: $*" >&2
	for log in daemon console qemu; do
		[ -s "$dir/$log.log" ] || continue
		echo "--- $log.log" >&2
		tail -n 20 "$dir/$log.log" >&2
	done
	exit 1
}

cleanup() {
	for pid in $qemu_pid $daemon_pid; do
		kill "$pid" 2> /dev/null || true
	done
	rm -rf "$dir"
}

# What the guest runs; its output comes out of the second serial port.
guest_script() {
	cat <<-SCRIPT
		set -e
		echo "\$ uname -sr"
		uname -sr
		echo "\$ dmesg | grep spi-nor"
		dmesg | grep 'spi-nor spi'
		echo "\$ cat /sys/bus/spi/devices/spi0.0/spi-nor/jedec_id"
		cat /sys/bus/spi/devices/spi0.0/spi-nor/jedec_id
		echo "\$ cat /proc/mtd"
		cat /proc/mtd
		echo "\$ printf '%s' '$text' > /dev/mtd0"
		printf '%s' '$text' > /dev/mtd0
		echo "\$ head -c ${#text} /dev/mtd0"
		head -c ${#text} /dev/mtd0
		echo
		echo "\$ erase, write and compare 64 KiB of random bytes"
		guest-spi mtd /dev/mtd0 0x10000 0x10000 1
		echo equal
	SCRIPT
}

# The kernel unpacks one archive after the other.
make_initramfs() {
	mkdir "$dir/root"
	guest_script > "$dir/root/script"
	cp "$kit/initramfs.cpio.gz" "$dir/initramfs"
	(cd "$dir/root" && find . | "$kit/busybox" cpio -o -H newc) \
		2> /dev/null | gzip >> "$dir/initramfs"
}

start_daemon() {
	"$daemon" --socket-path="$dir/vspi.sock" \
		--device="sim:nor,size=16M,file=$dir/nor.img" \
		> "$dir/daemon.log" 2>&1 &
	daemon_pid=$!
	tries=0
	while [ ! -S "$dir/vspi.sock0" ]; do
		kill -0 "$daemon_pid" 2> /dev/null || die "the daemon ended"
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || die "the daemon does not listen"
		sleep 0.1
	done
}

start_guest() {
	"$kit/qemu-system-x86_64" -accel tcg -cpu max -m 256 \
		-object memory-backend-memfd,id=mem,size=256M,share=on \
		-machine q35,memory-backend=mem -nodefaults -display none \
		-no-reboot -kernel "$kit/kernel" -initrd "$dir/initramfs" \
		-append "console=ttyS0 panic=-1 spi_board.chips=0:spi-nor" \
		-serial "file:$dir/console.log" -serial "file:$dir/script.log" \
		-chardev "socket,id=spi0,path=$dir/vspi.sock0" \
		-device vhost-user-spi-pci,chardev=spi0 \
		> "$dir/qemu.log" 2>&1 &
	qemu_pid=$!
}

wait_for_guest() {
	seconds=0
	while kill -0 "$qemu_pid" 2> /dev/null; do
		[ "$seconds" -lt "$boot_limit" ] || die "the guest hangs"
		sleep 1
		seconds=$((seconds + 1))
	done
	wait "$qemu_pid" || die "QEMU failed"
	qemu_pid=
	tr -d '\r' < "$dir/script.log" | grep -v '^guest script: ' |
		sed 's/^/    guest: /'
	grep -q '^guest script: exit status 0' "$dir/script.log" ||
		die "a command in the guest failed"
}

qemu_pid='' daemon_pid=''
# A socket's path has 107 bytes at most.
tmp=${TMPDIR:-/tmp}
[ "${#tmp}" -le 50 ] || tmp=/tmp
dir=$(mktemp -d "$tmp/vhost-spi-demo.XXXXXX")
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

[ -x "$daemon" ] || die "$daemon is not there: build it with make"
"$here/kit.sh"
kit=$("$here/kit.sh" --print)
make_initramfs

say "The daemon serves a simulated SPI NOR flash, kept in nor.img"
echo "    vhost-device-spi --socket-path=vspi.sock --device=sim:nor,size=16M,file=nor.img"
start_daemon

say "A Linux guest boots with its own spi-virtio and spi-nor drivers (no KVM: some seconds)"
start_guest
wait_for_guest

say "The same bytes, on the host, at the start of nor.img"
head -c "${#text}" "$dir/nor.img" | od -A d -c | sed 's/^/    host:  /'
[ "$(head -c "${#text}" "$dir/nor.img")" = "$text" ] ||
	die "nor.img does not hold what the guest wrote"

say "SUCCESS: the guest's own driver identified, wrote and read the chip"
