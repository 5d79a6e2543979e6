#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Prepare what the tests with a real guest need: a QEMU that has
# vhost-user-spi-pci, for PCs and others, a Linux kernel with its SPI drivers, and an initramfs.
#
#	kit.sh			make the kit, or do nothing if it is there
#	kit.sh --print		print its directory; fails if it is not there
#	kit.sh --clean		remove it
#	kit.sh --build DIR	build the modules that DIR/Kbuild describes, for the
#				kernel of the kit, which has to be there
#
# The packages come from Debian's backports. QEMU runs through the unpacked
# dynamic loader, and the modules are built in a chroot with the compiler that
# the kernel was built with. Linux's driver, spi-virtio, is built twice: as it
# is, and with the patches of docs/linux-patches. Drivers of chips that Debian's
# kernel leaves out are built too.
#
# Two directories in the cache:
#
#	debian-*	unpacked packages
#	guest-kit	what the tests use; made from debian-*, the files beside
#			this script and the patches, anew in seconds when one
#			changes
#
# The kit has two initramfs archives: initramfs.cpio.gz, and drivers.cpio.gz, the
# same with all SPI drivers of the kernel.
#
# See debian.sh for where packages come from, and the environment variables.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
patches=$(CDPATH='' cd -- "$here/../../docs/linux-patches" && pwd)
suite=trixie
backports=$suite-backports
label="guest kit"
kit_name=guest-kit
# Count the number up when the content of the directory changes.
tree_name=debian-$suite-5
suites="$backports $suite $suite-updates"
architectures=amd64
steps=5

# shellcheck source=tests/guest/debian.sh
. "$here/debian.sh"

# --- packages -------------------------------------------------------------

# Choose the newest kernel of which the mirror has source, headers and image.
# Sets version (of the packages), release (uname -r), kernel_packages.
choose_kernel() {
	for version in $(private apt-cache madison linux-source |
		awk -F' *\\| *' -v s="$backports" 'index($3, s) { print $2 }'); do
		number=${version%%-*}
		release=$(private apt-cache search --names-only \
			"^linux-headers-${number}[^-]*-amd64\$" |
			sed 's/^linux-headers-\([^ ]*\) .*/\1/' | head -n 1)
		source=linux-source-$(echo "$number" | cut -d. -f1,2)
		[ -n "$release" ] || continue
		has_package "$source=$version" || continue
		has_package "linux-headers-$release=$version" || continue
		kernel_packages="$source=$version linux-headers-$release=$version"
		# The image was one package once and is two now.
		if has_package "linux-binary-$release=$version"; then
			kernel_packages="$kernel_packages
				linux-binary-$release=$version
				linux-modules-$release=$version"
			return
		elif has_package "linux-image-$release=$version"; then
			kernel_packages="$kernel_packages
				linux-image-$release=$version"
			return
		fi
	done
	die "the mirror has no complete kernel in $backports"
}

download() {
	# shellcheck disable=SC2086 # the list is meant to be split
	quietly downloading "$apt/cache" private apt-get install \
		--download-only $qemu_packages $kernel_packages \
		make binutils busybox-static xz-utils zstd
}

# --- the unpacked tree ----------------------------------------------------

own_qemu() {
	qemu=$(command -v qemu-system-x86_64) || return 1
	"$qemu" -device help 2> /dev/null | grep -q vhost-user-spi-pci
}

unpack_one() {
	case ${1##*/} in
	linux-source-*) ;;
	linux-modules-* | linux-binary-* | linux-image-*)
		unpack_part "$1" "$tree" '*/vmlinuz*' '*.ko*' '*/modules.builtin*'
		;;
	gcc-* | cpp-*)
		dpkg-deb -x "$1" "$tree"
		rm -f "$tree"/usr/libexec/gcc/*/*/lto1 \
			"$tree"/usr/bin/*lto-dump*
		;;
	*)
		dpkg-deb -x "$1" "$tree"
		;;
	esac
}

unpack_all() {
	start_tree
	for deb in "$apt"/cache/archives/*.deb; do
		unpack_one "$deb"
	done
	rm -rf "$tree/usr/share/doc" "$tree/usr/share/man" \
		"$tree/usr/share/locale" "$tree/usr/share/info"
}

# What is above those drivers, and below the ones that are built here
other_modules="nandcore ubi mii eeprom_93cx6 mmc_core mmc_block crc_itu_t"

# Of thousands of modules, keep the drivers of SPI chips and what they need.
# drivers lists them: module and name of a chip.
keep_spi_drivers() {
	modules=/usr/lib/modules/$release
	in_tree depmod "$release"
	awk '$1 == "alias" && $2 ~ /^spi:/ && !seen[$3]++ {
		print $3, substr($2, 5)
	}' "$tree$modules/modules.alias" | sort > "$tree/drivers"
	# The line of a module in modules.dep has all that it needs.
	awk -v others="$other_modules" '
	BEGIN { split(others, other); for (i in other) wanted[other[i]] }
	function name(path) {
		gsub(/.*\/|\.ko.*/, "", path)
		gsub(/-/, "_", path)
		return path
	}
	NR == FNR { wanted[name($1)]; next }
	{ sub(/:/, "", $1) }
	name($1) in wanted { for (i = 1; i <= NF; i++) print $i }
	' "$tree/drivers" "$tree$modules/modules.dep" | sort -u > "$work/keep"
	(
		cd "$tree$modules" &&
			find . -name '*.ko*' | sed 's,^\./,,' | sort |
			comm -23 - "$work/keep" | xargs rm -f
	)
}

# The drivers that are built here, to src: those of one file each, and spinand's
# directory.
unpack_drivers() {
	mkdir "$tree/src" "$work/source"
	dpkg-deb --fsys-tarfile "$apt"/cache/archives/linux-source-*.deb |
		tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		xz -dc -T0 |
		tar -x -C "$work/source" --strip-components=1 --wildcards \
			'*/drivers/spi/spi-virtio.c' \
			'*/drivers/mtd/nand/spi/*' \
			'*/drivers/net/ethernet/microchip/enc28j60*' \
			'*/drivers/net/ethernet/micrel/ks8851*' \
			'*/drivers/mmc/host/mmc_spi.c' \
			'*/drivers/mmc/host/of_mmc_spi.c' \
			'*/lib/crc/crc7.c'
	mv "$work/source/drivers/mtd/nand/spi" "$tree/src/spinand"
	find "$work/source" -name '*.[ch]' -exec mv '{}' "$tree/src/" ';'
	[ -s "$tree/src/spi-virtio.c" ] || die "no spi-virtio.c in $source"
}

# Build the modules in the directory $1 of the build, to the directory $2.
build_modules_of() {
	in_tree make -s -C "/usr/lib/modules/$release/build" \
		M="/build/$1" modules
	mkdir -p "$2"
	for module in "$tree/build/$1"/*.ko; do
		module=${module##*/}
		in_tree x86_64-linux-gnu-strip --strip-debug \
			"/build/$1/$module"
		cp "$tree/build/$1/$module" "$2/"
	done
}

# Drivers that Debian's kernel leaves out, beside those that it has
build_drivers() {
	cp -R "$tree/src/spinand" "$tree/build/spinand"
	echo 'obj-m := spinand.o' >> "$tree/build/spinand/Makefile"
	mkdir "$tree/build/single"
	cp "$tree"/src/*.[ch] "$tree/build/single/"
	echo 'obj-m := enc28j60.o ks8851_common.o ks8851_spi.o' \
		'mmc_spi.o of_mmc_spi.o crc7.o' > "$tree/build/single/Kbuild"
	for name in spinand single; do
		build_modules_of "$name" \
			"$tree/usr/lib/modules/$release/extra"
	done
	rm -r "$tree/build"
}

word_at() {
	od -An -t u4 -j "$2" -N 4 "$1" | tr -d ' '
}

# Without KVM a guest spends most of its boot on unpacking the kernel. Do that
# here, once: QEMU starts an ELF kernel, too. The header tells where the payload
# is (boot protocol 2.08); the last four bytes of it are its unpacked size.
unpack_kernel() {
	image=$(find "$tree" -name 'vmlinuz*' -type f | head -n 1)
	[ -n "$image" ] || die "the kernel packages hold no vmlinuz"
	mv "$image" "$tree/vmlinuz"
	image=$tree/vmlinuz
	sectors=$(od -An -t u1 -j 497 -N 1 "$image" | tr -d ' ')
	offset=$(($(word_at "$image" 584) + (sectors + 1) * 512))
	length=$(($(word_at "$image" 588) - 4))
	tail -c "+$((offset + 1))" "$image" | head -c "$length" \
		> "$tree/payload"
	for unpacker in 'zstd -dcq' 'xz -dcq' 'gzip -dcq'; do
		# shellcheck disable=SC2086 # a command and its options
		in_tree $unpacker < "$tree/payload" > "$tree/vmlinux" \
			2> /dev/null && break
		rm -f "$tree/vmlinux"
	done
	rm -f "$tree/payload"
}

make_tree() {
	say "reading package lists (1/$steps)"
	find_lists
	choose_kernel
	if own_qemu; then
		qemu_packages=
		say "downloading Linux $release and a compiler (2/$steps)"
	else
		qemu_packages="qemu-system-x86 qemu-system-arm qemu-system-riscv"
		say "downloading QEMU, Linux $release, a compiler (2/$steps)"
	fi
	download
	say "unpacking (3/$steps)"
	quietly unpacking "$tree" unpack_all
	furnish
	quietly "choosing drivers" "$tree" keep_spi_drivers
	quietly "unpacking the kernel source" "$tree" unpack_drivers
	mkdir "$tree/build"
	quietly "building drivers" "$tree" build_drivers
	unpack_kernel
	echo "$release" > "$tree/release"
	echo "$version" > "$tree/version"
}

# --- the kit --------------------------------------------------------------

copy_driver() {
	mkdir -p "$tree/build/$1"
	cp "$tree/src/spi-virtio.c" "$tree/build/$1/"
	echo 'obj-m := spi-virtio.o' > "$tree/build/$1/Kbuild"
}

build_modules() {
	rm -rf "$tree/build"
	cp "$tree/src/spi-virtio.c" "$new/"
	copy_driver stock
	build_modules_of stock "$new/modules"
	copy_driver patched
	# A new Linux must not keep the other tests from their kit.
	if sh "$patches/apply.sh" "$tree/build/patched/spi-virtio.c" \
		"$release"; then
		build_modules_of patched "$new/modules/patched"
	fi
	mkdir "$tree/build/board"
	cp "$here"/module/* "$tree/build/board/"
	build_modules_of board "$new/modules"
	unpack_modules
	for name in mtd spi-nor; do
		cp "$drivers/$name.ko" "$new/modules/"
	done
}

# The drivers, for modprobe: to $work/drivers, a root of its own.
unpack_modules() {
	drivers=$work/drivers/lib/modules/$release
	mkdir -p "$drivers"
	find "$tree/usr/lib/modules/$release" -name '*.ko*' > "$work/kos"
	while read -r ko; do
		name=${ko##*/}
		case $name in
		*.xz) xz -dc "$ko" > "$drivers/${name%.xz}" ;;
		*.ko) cp "$ko" "$drivers/" ;;
		esac
	done < "$work/kos"
	cp "$tree/usr/lib/modules/$release"/modules.builtin* "$drivers/"
	"$tree/busybox" depmod -b "$work/drivers" "$release"
	cp "$tree/drivers" "$work/drivers/drivers"
}

build_initramfs() {
	root=$work/root
	mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys"
	cp "$tree/busybox" "$root/bin/busybox"
	cp "$new/guest-spi" "$root/bin/"
	cp -R "$new/modules" "$root/modules"
	cp "$here/init" "$root/init"
	cp "$here/try-driver" "$root/bin/"
	chmod 755 "$root/init" "$root/bin"/*
	archive "$root" > "$new/initramfs.cpio.gz"
	archive "$work/drivers" |
		cat "$new/initramfs.cpio.gz" - > "$new/drivers.cpio.gz"
}

build_tools() {
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -static \
		-I "$here/../.." -o "$new/guest-spi" "$here"/tools/*.c
}

write_qemu() {
	if [ -x "$tree/usr/bin/qemu-system-x86_64" ]; then
		for machine in x86_64 aarch64 riscv64; do
			write_wrapper "qemu-system-$machine"
		done
	else
		printf '#!/bin/sh\nexec qemu-system-x86_64 "$@"\n' \
			> "$new/qemu-system-x86_64"
		chmod 755 "$new/qemu-system-x86_64"
	fi
}

make_kit() {
	release=$(cat "$tree/release")
	say "building kernel modules for Linux $release (4/$steps)"
	quietly "building modules" "$tree" build_modules
	say "building the initramfs (5/$steps)"
	quietly "building guest-spi" "$new" build_tools
	build_initramfs
	for file in vmlinuz vmlinux; do
		[ ! -e "$tree/$file" ] || ln -f "$tree/$file" "$new/kernel"
	done
	cp "$tree/busybox" "$new/busybox"
	write_qemu
	[ -e "$new/modules/patched" ] ||
		say "warning: not all patches apply to Linux $release"
	check_kit
}

check_kit() {
	"$new/qemu-system-x86_64" -device help 2> "$work/log" |
		grep -q vhost-user-spi-pci || {
		cat "$work/log" >&2
		die "this QEMU does not run, or lacks vhost-user-spi-pci"
	}
}

sources_sum() {
	echo "$tree_name"
	(cd "$here" && cat kit.sh debian.sh init try-driver module/* tools/* \
		"$patches"/*) | sha256sum
}

# The tree has no QEMU if this machine had one when the tree was made.
is_complete() {
	[ -e "$tree/release" ] &&
		{ [ -x "$tree/usr/bin/qemu-system-x86_64" ] ||
			command -v qemu-system-x86_64 > /dev/null; }
}

build_own() {
	tree=$cache/$tree_name
	is_complete || die "there is no kit yet"
	release=$(cat "$tree/release")
	exec 9> "$cache/lock"
	flock 9
	rm -rf "$tree/build/own"
	mkdir -p "$tree/build"
	cp -R "$1" "$tree/build/own"
	in_tree make -s -C "/usr/lib/modules/$release/build" M=/build/own modules
	cp "$tree"/build/own/*.ko "$1/"
}

if [ "${1:-}" = --build ]; then
	build_own "$2"
else
	kit_main "$@"
fi
