#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Runs test programs, one after the other, and sums up.
#
#	run-tests.sh PROGRAM...
#
# TEST_WRAPPER is put before each program (valgrind and its options, say), and
# TEST_TIMEOUT, in seconds, ends one that hangs. Prints the output of programs
# that fail, and why tests were skipped. Fails if a test does, or if none ran.

set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

passed=0
failed=0
skipped=0

# The sum over cmocka's closing lines "[  $1  ] N test(s)", one for a group.
count() {
	sed -n "s/^\[  $1 *\] \([0-9]*\) test(s).*/\1/p" "$work/out" |
		awk '{ n += $1 } END { print n + 0 }'
}

for program; do
	name=${program##*/}
	# shellcheck disable=SC2086 # a command and its options
	timeout "${TEST_TIMEOUT:-600}" ${TEST_WRAPPER:-} "$program" \
		> "$work/out" 2>&1
	status=$?
	ok=$(count PASSED)
	bad=$(count FAILED)
	skip=$(count SKIPPED)
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
	if [ "$status" -eq 0 ]; then
		echo "ok      $name: $ok tests"
		grep -h '^skipped: ' "$work/out" | sort -u
	else
		cat "$work/out"
		echo "FAILED  $name: exit status $status"
	fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
