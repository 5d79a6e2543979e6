#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Prepare what the tests with a real spidev need: boards that QEMU emulates,
# with Debian's kernels for them and an initramfs, and our programs built for
# them.
#
#	kit.sh			make the kit, or do nothing if it is there
#	kit.sh --print		print its directory; fails if it is not there
#	kit.sh --clean		remove it
#
# Two directories in the cache:
#
#	debian-boards-*	unpacked packages
#	spidev-kit	what the tests use; made from debian-boards-* and our
#			sources, anew in seconds when one changes
#
# See ../guest/debian.sh for where packages come from, and the environment variables.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=$here/../..
label="spidev kit"
kit_name=spidev-kit
# The number counts changes in what the directory holds.
tree_name=debian-boards-trixie-1
suites="trixie"
architectures="amd64 riscv64 armhf"
steps=4

# shellcheck source=tests/guest/debian.sh
. "$here/../guest/debian.sh"

gnu_name() {
	case $1 in
	riscv64) echo riscv64-linux-gnu ;;
	armhf) echo arm-linux-gnueabihf ;;
	esac
}

kernel_flavour() {
	case $1 in
	riscv64) echo riscv64 ;;
	armhf) echo armmp ;;
	esac
}

# --- packages -------------------------------------------------------------

# The image that the metapackage of architecture $1 means.
kernel_package() {
	private apt-cache depends "linux-image-$(kernel_flavour "$1"):$1" |
		sed -n 's/^ *Depends: *\(linux-image-[^ :]*\).*/\1/p' |
		head -n 1
}

download_foreign() {
	mkdir -p "$work/$1"
	kernel=$(kernel_package "$1")
	[ -n "$kernel" ] || return 1
	cd "$work/$1"
	private apt-get download "$kernel:$1" "busybox-static:$1" \
		"libbsd-dev:$1" "libmd-dev:$1"
}

download_all() {
	private apt-get install --download-only qemu-system-riscv \
		qemu-system-arm make busybox-static \
		gcc-riscv64-linux-gnu libc6-dev-riscv64-cross \
		gcc-arm-linux-gnueabihf libc6-dev-armhf-cross
	for arch in riscv64 armhf; do
		(download_foreign "$arch")
	done
}

# Of the kernel only the files that are used; busybox aside, so that it does
# not replace ours.
unpack_foreign() {
	mkdir -p "$tree/board/$1"
	for deb in "$work/$1"/*.deb; do
		case ${deb##*/} in
		linux-image-*)
			unpack_part "$deb" "$tree/board/$1" '*/vmlinu*' \
				'*/spi-sifive.ko*' '*/spi-imx.ko*' \
				'*/gpio-mxc.ko*' '*/imx6q-sabrelite.dtb'
			;;
		busybox-static_*)
			unpack_part "$deb" "$tree/board/$1" '*bin/busybox'
			;;
		*)
			dpkg-deb -x "$deb" "$tree"
			;;
		esac
	done
}

unpack_all() {
	start_tree
	for deb in "$apt"/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$tree"
	done
	for arch in riscv64 armhf; do
		unpack_foreign "$arch"
	done
	rm -rf "$tree/usr/share/doc" "$tree/usr/share/man" \
		"$tree/usr/share/locale" "$tree/usr/share/info"
	rm -f "$tree"/usr/libexec/gcc-cross/*/*/lto1 \
		"$tree"/usr/bin/*lto-dump*
}

make_tree() {
	say "reading package lists (1/$steps)"
	find_lists
	say "downloading QEMU, two kernels, two compilers (2/$steps)"
	quietly downloading "$apt/cache" download_all
	say "unpacking (3/$steps)"
	quietly unpacking "$tree" unpack_all
	furnish
}

# --- the kit --------------------------------------------------------------

sources() {
	(cd "$top" && find Makefile virtio vhost spi-daemon tests/spidev/tools \
		-type f ! -name '*.[oa]' | LC_ALL=C sort)
}

# Build the programs by make, with compiler $2, in a copy of the sources, and
# put them below the root directory $3. $1 is a command to run make with.
make_programs() {
	tools=build/obj/tests/spidev/tools
	link="$2 -static -no-pie -o"
	front="$link spi-stream $tools/spi-stream.o $tools/flash.o \
		build/libfront.a build/libdaemon.a -lbsd -pthread"
	objects=
	for source in "$top"/tests/spidev/tools/*.c; do
		name=${source##*/}
		objects="$objects
			$tools/${name%.c}.o"
	done
	# shellcheck disable=SC2086 # lists of words
	$1 make -s -j2 -C "$make_dir" CC="$2" AR="${2%gcc}ar" BUILD=build \
		CFLAGS="-O2 -Wno-error" LDFLAGS="-static -no-pie" all $objects
	$1 sh -c "cd $make_dir && $front &&
		$link spi-settings $tools/spi-settings.o &&
		$link spi-floor $tools/spi-floor.o"
	mkdir -p "$3/bin"
	cp "$copy/build/vhost-device-spi" "$copy/build/spi-xfer" \
		"$copy/spi-stream" "$copy/spi-settings" "$copy/spi-floor" \
		"$3/bin/"
	cp "$here/lab.sh" "$3/"
	rm -rf "$copy/build"
}

copy_sources() {
	rm -rf "$copy"
	mkdir -p "$copy"
	sources > "$work/sources"
	(cd "$top" && tar -c -T "$work/sources") | tar -x -C "$copy"
}

board_root() {
	root=$work/root-$1
	mkdir -p "$root/bin" "$root/dev" "$root/modules"
	cp "$(find "$tree/board/$1" -path '*bin/busybox')" "$root/bin/"
	cp "$here/init" "$root/init"
	chmod 755 "$root/init"
	find "$tree/board/$1" -name '*.ko.xz' > "$work/kos"
	while read -r ko; do
		name=${ko##*/}
		xz -dc "$ko" > "$root/modules/${name%.xz}"
	done < "$work/kos"
}

build_board() {
	board_root "$1"
	make_dir=/src copy=$tree/src
	copy_sources
	make_programs in_tree "$(gnu_name "$1")-gcc" "$root"
	mkdir "$new/$1"
	archive "$root" > "$new/$1/initramfs"
	image=$(find "$tree/board/$1" -name 'vmlinu*' -type f)
	ln -f "$image" "$new/$1/kernel"
	# QEMU's i.MX6 has no DMA engine for UART and SPI: forget the channels.
	find "$tree/board/$1" -name '*.dtb' -exec cat {} \; |
		LC_ALL=C sed 's/dma-names/not-names/g' > "$new/$1/dtb"
}

# For the guest of tests/guest: more files for its initramfs.
build_guest() {
	root=$work/root-amd64
	make_dir=$work/src copy=$work/src
	copy_sources
	make_programs env "${CC:-gcc}" "$root"
	mkdir "$new/amd64"
	archive "$root" > "$new/amd64/initramfs"
}

make_kit() {
	say "building our programs for the boards (4/$steps)"
	for arch in riscv64 armhf; do
		quietly "building for $arch" "$new" build_board "$arch"
	done
	quietly "building for the guest" "$new" build_guest
	for qemu in qemu-system-riscv64 qemu-system-arm; do
		write_wrapper "$qemu"
		"$new/$qemu" -M help > "$work/log" 2>&1 || {
			cat "$work/log" >&2
			die "$qemu does not run"
		}
	done
}

is_complete() {
	[ -d "$tree/board/armhf" ]
}

sources_sum() {
	echo "$tree_name"
	(
		sources | (cd "$top" && xargs cat)
		cd "$here" && cat kit.sh ../guest/debian.sh init lab.sh
	) | sha256sum
}

kit_main "$@"
