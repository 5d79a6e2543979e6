# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause

################################################################################
#
# vhost-device-spi
#
################################################################################

# For package/vhost-device-spi/, with Config.in. The directory of the file that
# `make dist` makes is VHOST_DEVICE_SPI_SITE.
VHOST_DEVICE_SPI_VERSION = 0.1.0
VHOST_DEVICE_SPI_SOURCE = vhost-device-spi-$(VHOST_DEVICE_SPI_VERSION).tar.gz
VHOST_DEVICE_SPI_SITE ?= $(TOPDIR)/dl/vhost-device-spi
VHOST_DEVICE_SPI_SITE_METHOD = file
VHOST_DEVICE_SPI_LICENSE = Apache-2.0 or BSD-3-Clause
VHOST_DEVICE_SPI_LICENSE_FILES = LICENSE
VHOST_DEVICE_SPI_DEPENDENCIES = libbsd

ifeq ($(BR2_PACKAGE_LIBSECCOMP),y)
VHOST_DEVICE_SPI_DEPENDENCIES += libseccomp
VHOST_DEVICE_SPI_OPTS = SECCOMP=on
else
VHOST_DEVICE_SPI_OPTS = SECCOMP=off
endif

# The init system's own files alone
VHOST_DEVICE_SPI_OPTS += PREFIX=/usr BASHCOMPDIR= ZSHCOMPDIR= \
	INITDIR=$(if $(BR2_INIT_SYSTEMD)$(BR2_INIT_OPENRC),,/etc/init.d) \
	OPENRCDIR=$(if $(BR2_INIT_OPENRC),/etc/init.d) \
	SYSTEMDUNITDIR=$(if $(BR2_INIT_SYSTEMD),/usr/lib/systemd/system) \
	SYSUSERSDIR=

define VHOST_DEVICE_SPI_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) $(TARGET_CONFIGURE_OPTS) \
		$(VHOST_DEVICE_SPI_OPTS) -C $(@D) all
endef

define VHOST_DEVICE_SPI_INSTALL_TARGET_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) $(TARGET_CONFIGURE_OPTS) \
		$(VHOST_DEVICE_SPI_OPTS) -C $(@D) install \
		DESTDIR=$(TARGET_DIR)
endef

define VHOST_DEVICE_SPI_USERS
	vhost-device-spi -1 vhost-device-spi -1 * - - - SPI devices for virtual machines
endef

$(eval $(generic-package))
