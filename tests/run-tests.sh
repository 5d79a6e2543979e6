#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Runs test programs, some at a time, and sums up.
#
#	run-tests.sh PROGRAM...		cmocka programs, which count their cases
#	run-tests.sh --plain PROGRAM...	other programs and scripts: a case each
#
# TEST_JOBS programs run at the same time: one for each CPU if it is not set.
# TEST_WRAPPER is put before each program (valgrind and its options, say), and
# TEST_TIMEOUT, in seconds, ends one that hangs. Prints the output of programs
# that fail, and what was skipped, for which reason, when a program ends:
#
#	ok      PROGRAM: N tests, S s
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
jobs=${TEST_JOBS:-$(getconf _NPROCESSORS_ONLN 2> /dev/null || echo 1)}
children=
# Each job has a slot: a directory with the program's name, the time at which
# it began, its output and its exit status.
work=$(mktemp -d)
# shellcheck disable=SC2086 # a list of processes
trap '[ -z "$children" ] || kill $children 2> /dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

passed=0
failed=0
skipped=0

# The sum over cmocka's closing lines "[  $1  ] N test(s)", one for a group, whose
# name a newer cmocka puts before the number.
count() {
	sed -n "s/^\[  $1 *\] \(.*: \)\{0,1\}\([0-9]*\) test(s).*/\2/p" "$slot/out" |
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
	}' "$slot/out"
}

# Names the programs that run for long. What is printed goes through a pipe,
# which a sleep that outlives us must not keep open.
tick() {
	while sleep "${TEST_PROGRESS:-60}" > /dev/null 2>&1; do
		for slot in "$work"/slot*; do
			read -r name begin < "$slot/name" || continue
			seconds=$(($(date +%s) - begin))
			[ "$seconds" -lt "${TEST_PROGRESS:-60}" ] ||
				echo "        $name runs for more than" \
					"$((seconds - 1)) s," \
					"$(grep -c '^\[       OK' "$slot/out")" \
					"cases so far"
		done
	done
}

# Runs the program $1, then says through descriptor 3 that the slot is free.
# What a shell runs in the background ignores SIGINT; timeout does not pass that
# on.
run_in_slot() {
	trap 'kill "$child"' TERM
	case $1 in
	*.sh) set -- sh "$1" ;;
	esac
	# shellcheck disable=SC2086 # a command and its options
	timeout "${TEST_TIMEOUT:-600}" ${TEST_WRAPPER:-} "$@" \
		> "$slot/out" 2>&1 3>&- &
	child=$!
	wait "$child"
	echo $? > "$slot/status"
	echo "$slot" >&3
}

# Counts and prints what the program of the slot did.
report() {
	read -r name begin < "$slot/name" || return
	: > "$slot/name"
	status=$(cat "$slot/status")
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
		cat "$slot/out"
		echo "FAILED  $name: exit status $status"
	elif $plain; then
		echo "ok      $name"
	else
		echo "ok      $name: $ok tests, $(($(date +%s) - begin)) s"
	fi
}

# The slots that are free go through a pipe.
mkfifo "$work/free"
exec 3<> "$work/free"
i=0
while [ $((i += 1)) -le "$jobs" ]; do
	mkdir "$work/slot$i"
	: > "$work/slot$i/name"
	echo "$work/slot$i" >&3
done
tick 2> /dev/null 3>&- &
ticker=$!
children=$ticker

for program; do
	read -r slot <&3
	report
	echo "${program##*/} $(date +%s)" > "$slot/name"
	run_in_slot "$program" < /dev/null &
	echo $! > "$slot/pid"
	children="$ticker $(cat "$work"/slot*/pid)"
done
i=0
while [ $((i += 1)) -le "$jobs" ]; do
	read -r slot <&3
	report
done
children=$ticker

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
