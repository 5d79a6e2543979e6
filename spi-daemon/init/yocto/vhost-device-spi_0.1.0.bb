# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# For a layer of your own: recipes-support/vhost-device-spi/. What `make dist`
# makes goes into files/ beside it.

SUMMARY = "SPI devices for virtual machines, over vhost-user"
LICENSE = "Apache-2.0 | BSD-3-Clause"
LIC_FILES_CHKSUM = "file://LICENSE;md5=f3b49406e1bdd1090ec1855579aca472"

DEPENDS = "libbsd libseccomp"

SRC_URI = "file://vhost-device-spi-${PV}.tar.gz"

inherit systemd update-rc.d useradd

USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --no-create-home --shell /bin/false --user-group vhost-device-spi"

SYSTEMD_SERVICE:${PN} = "vhost-device-spi.service vhost-device-spi@.service"
INITSCRIPT_NAME = "vhost-device-spi"
INITSCRIPT_PARAMS = "defaults"

EXTRA_OEMAKE = "PREFIX=${prefix} SYSCONFDIR=${sysconfdir} SYSTEMDUNITDIR=${systemd_system_unitdir} SYSUSERSDIR= SECCOMP=on"

do_compile() {
	oe_runmake
}

do_install() {
	oe_runmake install DESTDIR=${D}
}

PACKAGES =+ "spi-xfer"
FILES:spi-xfer = "${bindir}/spi-xfer"
FILES:${PN} += "${datadir}/qemu ${datadir}/bash-completion ${datadir}/zsh ${nonarch_base_libdir}/udev ${prefix}/lib/udev"
