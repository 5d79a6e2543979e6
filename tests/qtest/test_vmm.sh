#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Starts QEMU with what docs/vmm.md says for its machines, without a guest: it has
# to take the arguments, and to connect with the daemon.
#
# VHOST_DEVICE_SPI and SPI_XFER are the programs.

set -u
cd -- "$(dirname -- "$0")/../.." || exit

if ! kit=$(sh tests/guest/kit.sh --print); then
	echo "skipped test_vmm: 1 of 1: no kit; tests/guest/kit.sh makes it"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
dir=$(mktemp -d)
trap 'kill "$daemon" 2> /dev/null; rm -rf "$dir"' EXIT
socket=$dir/vspi.sock
"$VHOST_DEVICE_SPI" --socket-path="$socket" --device=sim:loopback \
	2> "$dir/log" &
daemon=$!
until [ -S "$socket" ]; do
	kill -0 "$daemon" || exit
	sleep 0.05
done

status=0
count=0
# shellcheck disable=SC2016 # $, that of the page
sed -n 's,^    \(qemu-system-.*\) \$(spi-xfer.*,\1,p' docs/vmm.md \
	> "$dir/lines"
while read -r qemu machine; do
	# A QEMU of this machine's own has PCs alone.
	[ -x "$kit/$qemu" ] || continue
	count=$((count + 1))
	# shellcheck disable=SC2046,SC2086 # words are arguments
	if ! printf '%s\n' '{"execute":"qmp_capabilities"}' \
		'{"execute":"query-status"}' '{"execute":"quit"}' |
		timeout 60 "$kit/$qemu" $machine \
			$("$SPI_XFER" --qemu-args "$socket") -accel qtest \
			-nodefaults -display none -qmp stdio \
			> "$dir/qmp" 2>&1 ||
		[ "$(grep -c 'front end connected' "$dir/log")" -ne $count ]; then
		echo "$qemu $machine:"
		cat "$dir/qmp" "$dir/log"
		status=1
	fi
done < "$dir/lines"
if [ $count -lt 3 ]; then
	echo "docs/vmm.md has $count lines to test"
	status=1
fi
exit $status
