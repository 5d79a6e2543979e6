#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Reads the recipes for Yocto, Buildroot and Debian. Neither bitbake nor Buildroot
# is here: their files have to be of the right form, with this version and this
# license, and Buildroot's commands have to install what there is to install.

set -eu
cd -- "$(dirname -- "$0")/../.."
init=spi-daemon/init
version=$(sed -n 's/^VERSION := //p' Makefile)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0

wrong() {
	echo "$*"
	status=1
}

# --- Debian: the version is that of the newest entry

sed -n "1s/.*(\(.*\)-[0-9]*).*/\1/p" $init/debian/changelog |
	grep -qx "$version" || wrong "debian/changelog: not $version"

# --- Yocto: assignments, "inherit", and functions of shell

recipe=$init/yocto/vhost-device-spi_$version.bb
[ -f "$recipe" ] || wrong "no $recipe"
awk '
	function bad() { print FILENAME ":" FNR ": " $0; failed = 1 }
	/^(#|$)/ { next }
	inside && /^}$/ { inside = 0; next }
	inside && /^\t/ { next }
	/^do_[a-z]+\(\) \{$/ { inside = 1; next }
	/^inherit( [a-z.-]+)+$/ { next }
	/^[A-Z_]+(:(\$\{PN\}|[a-z-]+))? (=|\+=|=\+|\?=) "[^"]*"$/ { next }
	{ bad() }
	END { exit failed || inside }' "$recipe" || wrong "$recipe: see above"
grep -q "LICENSE;md5=$(md5sum < LICENSE | cut -d' ' -f1)\"" "$recipe" ||
	wrong "$recipe: LICENSE has another checksum"

# --- Buildroot: its makefile, with what Buildroot would define

cat > "$dir/Makefile" <<'MAKEFILE'
include spi-daemon/init/buildroot/vhost-device-spi.mk
.RECIPEPREFIX = >
install: export MAKEFLAGS := n
install: @D := .
install:
>$(VHOST_DEVICE_SPI_INSTALL_TARGET_CMDS)
version:
>@echo $(VHOST_DEVICE_SPI_VERSION) $(VHOST_DEVICE_SPI_DEPENDENCIES)
MAKEFILE
recipe=$init/buildroot/vhost-device-spi.mk

buildroot() {
	env -u MAKEFLAGS make -s -f "$dir/Makefile" "$@" TARGET_DIR=/target
}

[ "$(buildroot version)" = "$version libbsd" ] ||
	wrong "$recipe: $(buildroot version)"
[ "$(buildroot version BR2_PACKAGE_LIBSECCOMP=y)" = \
	"$version libbsd libseccomp" ] || wrong "$recipe: no libseccomp"
for row in BR2_INIT_BUSYBOX:etc/init.d/vhost-device-spi \
	BR2_INIT_SYSTEMD:usr/lib/systemd/system/vhost-device-spi.service \
	BR2_INIT_OPENRC:etc/init.d/vhost-device-spi; do
	buildroot install "${row%%:*}=y" > "$dir/out"
	grep -q "> /target/${row#*:}\$" "$dir/out" ||
		wrong "$recipe: ${row%%:*} installs no ${row#*:}"
	[ "$(grep -c "> /target/etc/init.d/" "$dir/out")" -eq \
		"$(expr "${row#*:}" : etc > /dev/null && echo 1 || echo 0)" ] ||
		wrong "$recipe: ${row%%:*}: other scripts in /etc/init.d"
done
exit $status
