#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Tries a driver with a chip in a Linux guest, in one command: see
#
#	tests/guest/try.sh --help
#
# and docs/drivers.md. Makes the kit, and the programs, if they are not there.

set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
program=$top/build/tests/guest/try_driver

make -s -C "$top" all build/tests/guest/try_driver >&2
case " $* " in
*' --help '* | *' -h '*) ;;
*) sh "$top/tests/guest/kit.sh" >&2 ;;
esac
VHOST_SPI_TOP=$top
VHOST_DEVICE_SPI=$top/build/vhost-device-spi
export VHOST_SPI_TOP VHOST_DEVICE_SPI
exec "$program" "$@"
