#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Draws the pictures of docs/framing.md and of the README: what a Linux guest's
# read of a flash's id is on the wire, with three framings. Each is drawn from
# the trace of a daemon that does it.
#
#	pictures.sh DAEMON SPI-XFER DIRECTORY

set -eu

daemon=$1
xfer=$2
out=$3
here=$(dirname -- "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Draws the picture $1, with cs=$2.
draw() {
	"$daemon" --trace="$work/$1.vcd" \
		--guest="socket=$work/s,device=sim:nor,timing=real,cs=$2" \
		2> /dev/null &
	pid=$!
	while [ ! -S "$work/s" ]; do
		sleep 0.1
	done
	"$xfer" --socket="$work/s" --cs-change=linux --tx=9f --rx=3
	kill $pid
	wait $pid
	awk -f "$here/vcd-svg.awk" "$work/$1.vcd" > "$out/trace-$1.svg"
}

draw transfer transfer
draw linux linux
draw nor nor
