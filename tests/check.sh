#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Runs the stages of `make check`, also those after one that failed, and ends
# with a table: what each passed, failed and skipped, and how long it took.
#
#	check.sh STAGE...	each is a target of the Makefile
#
# A stage prints lines as run-tests.sh does, with at least one summary line,
# and fails by its exit status. What it skips is compared with the file
# tests/expected-skips.
#
# MAKE is the make to use, CHECK_LOGS a directory for the output of each stage.
# CHECK_SKIPS=fail makes a skip that is not expected a failure, which is right
# where all that the tests need is there. EXPECTED_SKIPS is another file.

set -u

logs=${CHECK_LOGS:-build/check}
expected=${EXPECTED_SKIPS:-$(dirname -- "$0")/expected-skips}
summary='^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed, \([0-9][0-9]*\) skipped$'
passed=0
failed=0
skipped=0
seconds=0
stages=$#
number=0

# How the stages build: on all CPUs, unless the user has said how.
jobs=
case " ${MAKEFLAGS:-} " in
*' -j'* | *--jobserver* | ' j'*) ;;
*) jobs=-j$(getconf _NPROCESSORS_ONLN 2> /dev/null || echo 1) ;;
esac

mkdir -p "$logs" || exit 1
rm -f "$logs"/*.log "$logs/status"
: > "$logs/table"
: > "$logs/notes"

# Returns true if tests/expected-skips has a skip of $2 in stage $1 for $3.
is_expected() {
	while read -r pattern; do
		# shellcheck disable=SC2254 # it is a pattern
		case "$1 $2 $3" in
		$pattern) return 0 ;;
		esac
	done < "$expected"
	return 1
}

# Writes a note for each line of stage $1 that tells of a skip.
note_skips() {
	sed -n 's/^skipped \([^ ]*\): \([0-9]* of [0-9]*\): \(.*\)/\1 \2 \3/p' \
		"$logs/$1.log" > "$logs/skips"
	while read -r program n of all reason; do
		if is_expected "$1" "$program" "$reason"; then
			kind=expected
		else
			kind=unexpected
		fi
		echo "$kind skip: $1: $program: $n $of $all: $reason"
	done < "$logs/skips" >> "$logs/notes"
	rm "$logs/skips"
}

# Sums up the stage $1, which took $3 seconds and had the exit status $2.
sum_up() {
	# shellcheck disable=SC2046 # four numbers
	set -- "$1" "$2" "$3" $(sed -n "s/$summary/\1 \2 \3/p" "$logs/$1.log" |
		awk '{ ok += $1; bad += $2; skip += $3 }
		END { print ok + 0, bad + 0, skip + 0, NR }')
	bad=$5
	if [ "$2" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
		echo "failed: $1: make ended with status $2" >> "$logs/notes"
	elif [ "$7" -eq 0 ]; then
		bad=1
		echo "failed: $1: it has not said what it did" >> "$logs/notes"
	elif [ "$bad" -ne 0 ]; then
		echo "failed: $1: $bad cases" >> "$logs/notes"
	fi
	note_skips "$1"
	[ "$6" -le $(($4 + bad)) ] ||
		echo "$1 skipped more than it ran" >> "$logs/notes"
	echo "$1 $4 $bad $6 $3" >> "$logs/table"
	passed=$((passed + $4))
	failed=$((failed + bad))
	skipped=$((skipped + $6))
	seconds=$((seconds + $3))
}

run_stage() {
	number=$((number + 1))
	echo "== $1 ($number of $stages)"
	start=$(date +%s)
	# shellcheck disable=SC2086 # an option or none
	{
		${MAKE:-make} $jobs "$1" 2>&1
		echo $? > "$logs/status"
	} | tee "$logs/$1.log"
	sum_up "$1" "$(cat "$logs/status")" $(($(date +%s) - start))
}

print_table() {
	echo
	{
		echo "stage passed failed skipped seconds"
		cat "$logs/table"
		echo "all $passed $failed $skipped $seconds"
	} | awk '{ printf "%-16s %7s %7s %7s %7s\n", $1, $2, $3, $4, $5 }'
	echo
	cat "$logs/notes"
	echo "$passed passed, $failed failed, $skipped skipped"
}

interrupted() {
	echo "interrupted in stage $number of $stages" >> "$logs/notes"
	print_table
	exit 130
}

trap interrupted HUP INT TERM
for stage; do
	run_stage "$stage"
done
if [ "${CHECK_SKIPS:-tell}" = fail ] &&
    grep -q '^unexpected skip: ' "$logs/notes"; then
	failed=$((failed + 1))
	echo "failed: unexpected skips, and CHECK_SKIPS=fail" >> "$logs/notes"
fi
print_table
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
