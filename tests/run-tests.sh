#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Runs test programs, one after the other, and sums up.
#
#	run-tests.sh PROGRAM...		cmocka programs, which count their cases
#	run-tests.sh --plain PROGRAM...	other programs and scripts: a case each
#
# TEST_WRAPPER is put before each program (valgrind and its options, say), and
# TEST_TIMEOUT, in seconds, ends one that hangs. Prints the output of programs
# that fail, and what was skipped, for which reason:
#
#	ok      PROGRAM: N tests
#	skipped PROGRAM: N of M: REASON
#	FAILED  PROGRAM: exit status N
#	N passed, N failed, N skipped
#
# A program that runs for long is named every TEST_PROGRESS seconds (60). The
# exit status is 0 if no case failed and one passed.

set -u
plain=false
if [ "${1:-}" = --plain ]; then
	plain=true
	shift
fi
work=$(mktemp -d)
ticker=
trap 'rm -rf "$work"; [ -z "$ticker" ] || kill "$ticker"' EXIT
trap 'exit 1' HUP INT TERM

passed=0
failed=0
skipped=0

# The sum over cmocka's closing lines "[  $1  ] N test(s)", one for a group.
count() {
	sed -n "s/^\[  $1 *\] \([0-9]*\) test(s).*/\1/p" "$work/out" |
		awk '{ n += $1 } END { print n + 0 }'
}

# Prints a line for each reason for which cases of $1 were skipped: $2 of $3.
tell_skipped() {
	awk -v name="$1" -v left="$2" -v all="$3" '
	/^\[ RUN / { reason = "no reason is given" }
	/^skipped: / { reason = substr($0, 10) }
	/^\[==========\]/ { running = /Running/ }
	/^\[  SKIPPED \]/ && running {
		if (!count[reason]++)
			order[++reasons] = reason
		left--
	}
	function tell(n, why) {
		print "skipped " name ": " n " of " all ": " why
	}
	END {
		for (i = 1; i <= reasons; i++)
			tell(count[order[i]], order[i])
		if (left > 0)
			tell(left, "no reason is given")
	}' "$work/out"
}

# Names the program that was already running a while ago. What is printed goes
# through a pipe, which a sleep that outlives us must not keep open.
tick() {
	before=
	seconds=0
	while sleep "${TEST_PROGRESS:-60}" > /dev/null 2>&1; do
		seconds=$((seconds + ${TEST_PROGRESS:-60}))
		now=$(cat "$work/name")
		if [ "$now" = "$before" ]; then
			echo "        $now runs for more than $seconds s," \
				"$(grep -c '^\[       OK' "$work/out") cases so far"
		else
			before=$now
			seconds=0
		fi
	done
}

run() {
	case $1 in
	*.sh) set -- sh "$1" ;;
	esac
	# shellcheck disable=SC2086 # a command and its options
	timeout "${TEST_TIMEOUT:-600}" ${TEST_WRAPPER:-} "$@" \
		> "$work/out" 2>&1
}

: > "$work/name"
: > "$work/out"
tick 2> /dev/null &
ticker=$!

for program; do
	name=${program##*/}
	echo "$name" > "$work/name"
	run "$program"
	status=$?
	if $plain; then
		ok=$((status == 0))
		bad=0
		skip=0
	else
		ok=$(count PASSED)
		bad=$(count FAILED)
		skip=$(count SKIPPED)
	fi
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
	[ "$skip" -eq 0 ] ||
		tell_skipped "$name" "$skip" $((ok + bad + skip))
	if [ "$status" -ne 0 ]; then
		cat "$work/out"
		echo "FAILED  $name: exit status $status"
	elif $plain; then
		echo "ok      $name"
	else
		echo "ok      $name: $ok tests"
	fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
