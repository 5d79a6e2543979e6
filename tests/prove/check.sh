#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Proves with cbmc what the *.c files here say, each for all that a guest or a
# front end can do within the bounds that it names. Then checks the checks: the
# mistakes listed in faults are planted, each into a copy of the source, and must
# be found. Prints one line for each, and a summary as run-tests.sh does.
#
#	check.sh		all of them
#	check.sh NAME...	those of NAME.c
#
# PROVE_JOBS run at the same time, one for each CPU if it is not set, for
# PROVE_TIMEOUT seconds at most. A proof has a line "cbmc: OPTIONS".

set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd -- "$here/../.." || exit 1
kit=$(sh tests/prove/kit.sh --print) || {
	echo "run tests/prove/kit.sh first" >&2
	exit 1
}

# By itself cbmc checks bounds, pointers, signed overflow, division by zero,
# shifts, and what a proof asserts.
checks="--pointer-overflow-check --unwinding-assertions --no-malloc-may-fail
	--drop-unused-functions"

# Runs cbmc on the file $1, with the source in $2 before the other.
# shellcheck disable=SC2046,SC2086 # lists of options
run() {
	file=tests/prove/$1.c
	top=$2
	shift 2
	timeout "${PROVE_TIMEOUT:-900}" "$kit/cbmc" "$file" -I "$top" -I . \
		-D_GNU_SOURCE $checks $(sed -n 's/^ \* cbmc: //p' "$file") \
		"$@" > "$work/out" 2>&1
}

say() {
	echo "$1	$2" | expand -t 8
}

fail() {
	tail -n 20 "$work/out"
	say FAILED "$1"
}

# A function without a body does nothing, so there must be none.
prove() {
	begin=$(date +%s)
	run "$1" . || true
	if grep -q '^VERIFICATION SUCCESSFUL' "$work/out" &&
	    ! grep -q 'no body for function\|no-body' "$work/out"; then
		say ok "$1: $(sed -n 's/^\*\* 0 of \([0-9]*\) failed.*/\1/p' \
			"$work/out") properties, $(($(date +%s) - begin)) s"
	else
		grep ': FAILURE$' "$work/out"
		fail "$1"
	fi
}

faults_of() {
	sed -n "s/^$1 //p" tests/prove/faults
}

# Plants fault number $2 of the proof $1 into a copy, in $work.
plant() {
	faults_of "$1" | sed -n "${2}p" | {
		read -r source expression
		mkdir -p "$work/${source%/*}"
		sed "$expression" "$source" > "$work/$source"
		! cmp -s "$source" "$work/$source"
	}
}

find_fault() {
	if ! plant "$1" "$2"; then
		say FAILED "$1: fault $2 changes nothing"
		return
	fi
	begin=$(date +%s)
	run "$1" "$work" --stop-on-fail || true
	what=$(awk '/^Violated property:/ { n = NR }
		n && NR == n + 1 { at = $4 ", line " $6 }
		n && NR == n + 2 { sub(/^ */, ""); print at ": " $0; exit }' \
		"$work/out")
	if [ -n "$what" ]; then
		say ok "$1: fault $2 is found: $what, $(($(date +%s) - begin)) s"
	else
		fail "$1: fault $2 was not found"
	fi
}

# One line for each proof and each fault: NAME NUMBER, where 0 is the proof.
jobs_of() {
	for name; do
		echo "$name 0"
		seq "$(faults_of "$name" | wc -l)" | sed "s/^/$name /"
	done
}

if [ "${1:-}" = --one ]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	if [ "$3" -eq 0 ]; then
		prove "$2"
	else
		find_fault "$2" "$3"
	fi
	exit
fi

if [ $# -eq 0 ]; then
	for file in tests/prove/*.c; do
		name=${file##*/}
		set -- "$@" "${name%.c}"
	done
fi
out=$(mktemp)
trap 'rm -f "$out"' EXIT
trap 'exit 1' HUP INT TERM
jobs_of "$@" | xargs -n 2 -P "${PROVE_JOBS:-$(getconf _NPROCESSORS_ONLN)}" \
	sh tests/prove/check.sh --one | tee "$out"
failed=$(grep -c '^FAILED' "$out")
passed=$(grep -c '^ok' "$out")
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
