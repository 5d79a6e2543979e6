#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# That bench_speed writes what it has measured to files, and takes another
# daemon, here the same one, into its rounds. Needs VHOST_DEVICE_SPI and the
# folder of the benchmarks, BENCHES.

set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
	echo "$1" >&2
	cat "$work/out" >&2
	exit 1
}

BENCH_SECONDS=0.02 "$BENCHES/bench_speed" --rows=slots \
	--vs="$VHOST_DEVICE_SPI --socket-path=SOCKET --socket-count=COUNT --device=DEVICE" \
	--json="$work/json" --svg="$work/svg" --markdown="$work/md" \
	> "$work/out" || fail "it failed"
if grep -q '^skipped' "$work/out"; then
	cat "$work/out"
	exit 0
fi
grep -q '^509 slots' "$work/out" || fail "a row is missing in the table"
grep -q 'fails' "$work/out" && fail "a peer failed"
grep -q '"row": "509 slots"' "$work/json" || fail "a row is missing in the JSON"
# 5 rows of two peers, a title and a line, each with 10 bars
[ "$(grep -c '^\(|[^|]*\)\{9\}|$' "$work/md")" = 12 ] ||
	fail "the table in Markdown is not whole"
# Each row begins and ends with a brace, as do the whole and "idle".
[ "$(tr -cd '{' < "$work/json" | wc -c)" = \
	"$(tr -cd '}' < "$work/json" | wc -c)" ] || fail "the JSON is not whole"
grep -q '>memory slots<' "$work/svg" || fail "the plot has no axis"
[ "$(grep -c '<polyline' "$work/svg")" = 3 ] || fail "not a line for each peer"
[ "$(tail -n 1 "$work/svg")" = '</svg>' ] || fail "the plot is not whole"
