#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Looks at all states of the model bus.pml, once for what must never happen
# and once for what must happen in the end. Then checks the check: each of the
# model's faults must be found. Two checks run at a time. Prints one line for
# each, and a summary as run-tests.sh does.

set -eu
model=$(cd -- "$(dirname -- "$0")" && pwd)/bus.pml
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd -- "$work"

# The longest path that is looked at, in steps. It has to be long enough.
depth=16000000

faults=$(sed -n 's/^#ifn*def \(BROKEN_[A-Z]*\)$/\1/p' "$model" | sort -u)
[ -n "$faults" ]

die() {
	cat out >&2
	echo "FAILED  $*"
	exit 1
}

ok() {
	touch ok
	echo "ok      $*"
}

# run NAME SPIN-OPTIONS -- CC-OPTIONS -- PAN-OPTIONS
run() {
	name=$1
	shift
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # lists of options
	spin $options -a "$model" > out 2>&1 || die "$name: spin"
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# -w: what spin makes is not ours to mend. -DCOLLAPSE: each fits into 3 GB.
	# shellcheck disable=SC2086
	${CC:-cc} -w -O2 -DCOLLAPSE $options -o pan pan.c > out 2>&1 || die "$name: cc"
	./pan -m$depth "$@" > out 2>&1 || true
	grep -q 'errors: ' out || die "$name: it did not come to an end"
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' out)
	reached=$(sed -n 's/.*depth reached \([0-9]*\).*/\1/p' out)
}

# Nothing found, and nothing left out.
expect_none() {
	if grep -q 'search depth too small\|out of memory\|truncated' out ||
	    ! grep -q 'errors: 0$' out; then
		die "$name"
	fi
	ok "$name: $states states, depth $reached"
}

expect_error() {
	found=$(sed -n 's/^pan:1: \(.*\) (at depth .*/\1/p' out)
	[ -n "$found" ] || die "$name was not found"
	ok "$name is found: $found"
}

never() {
	run "what must never happen" -- -DSAFETY -DNOCLAIM --
	expect_none
}

always() {
	run "what must happen" -- -DNFAIR=3 -- -a -f
	expect_none
}

fault() {
	run "$1" "-D$1" -- -DSAFETY -DNOCLAIM --
	expect_error
}

# Runs a check in a directory of its own.
check() {
	mkdir "$*"
	(cd "$*" && "$@")
}

check never &
check always || true
for each in $faults; do
	check fault "$each" || true
done
wait
count=$(find . -mindepth 1 -type d | wc -l)
passed=$(find . -name ok | wc -l)
echo "$passed passed, $((count - passed)) failed, 0 skipped"
[ "$passed" -eq "$count" ]
