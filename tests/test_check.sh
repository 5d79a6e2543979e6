#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Tests the scripts behind `make check`: run-tests.sh, check.sh, and that
# install-deps.sh names the tools that lint.sh looks for.

set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
result=0

fail() {
	echo "tests/test_check.sh:1: $*"
	result=1
}

# Checks that the last output has a line that matches $2. $1 says what is tried.
line() {
	grep -q "$2" "$tree/output" ||
		fail "$1: no line '$2' in: $(cat "$tree/output")"
}

no_line() {
	! grep -q "$2" "$tree/output" ||
		fail "$1: a line '$2' in: $(cat "$tree/output")"
}

last_line() {
	[ "$(tail -n 1 "$tree/output")" = "$2" ] ||
		fail "$1: the last line is: $(tail -n 1 "$tree/output")"
}

# status NAME WANTED COMMAND...: runs a command that ends with this status.
status() {
	name=$1 wanted=$2
	shift 2
	got=0
	"$@" > "$tree/output" 2>&1 || got=$?
	[ "$got" -eq "$wanted" ] ||
		fail "$name: status $got, not $wanted: $(cat "$tree/output")"
}

# Makes the program $1 of standard input.
program() {
	{ echo '#!/bin/sh' && cat; } > "$tree/$1"
	chmod 755 "$tree/$1"
}

run_tests() {
	# shellcheck disable=SC2086 # a list of programs
	status "$1" "$2" env TEST_PROGRESS="${progress:-60}" \
		TEST_JOBS="${jobs:-1}" sh "$here/run-tests.sh" $3
}

# --- run-tests.sh ------------------------------------------------------------

program good << 'END'
echo '[==========] Running 2 test(s).'
echo '[  PASSED  ] 2 test(s).'
END
program bad << 'END'
echo '[  PASSED  ] 3 test(s).'
echo '[  FAILED  ] tests: 1 test(s), listed below:' # cmocka 1.1.8
exit 1
END
program crash << 'END'
echo 'last words'
kill -SEGV $$
END
program skips << 'END'
echo '[==========] Running 5 test(s).'
echo '[ RUN      ] one'
echo 'skipped: no moon'
echo '[  SKIPPED ] one'
echo '[ RUN      ] two'
echo '[       OK ] two'
echo '[ RUN      ] three'
echo 'skipped: no moon'
echo '[  SKIPPED ] three'
echo '[ RUN      ] four'
echo 'skipped: no sun: dark'
echo '[  SKIPPED ] four'
echo '[ RUN      ] five'
echo '[  SKIPPED ] five'
echo '[==========] 5 test(s) run.'
echo '[  PASSED  ] 1 test(s).'
echo '[  SKIPPED ] tests: 4 test(s), listed below:'
echo '[  SKIPPED ] one'
echo '[  SKIPPED ] three'
echo '[  SKIPPED ] four'
echo '[  SKIPPED ] five'
END
program slow << 'END'
echo '[       OK ] one'
sleep 4
echo '[  PASSED  ] 2 test(s).'
END
# Each needs the other to run at the same time.
program this << 'END'
: > "${0%/*}/this.runs"
n=0
until [ -e "${0%/*}/that.runs" ]; do
	[ $((n += 1)) -lt 100 ] || exit 1
	sleep 0.1
done
echo 'first line of this'
sleep 0.2
echo 'last line of this'
exit 2
END
sed 's/this/THIS/g; s/that/this/g; s/THIS/that/g' "$tree/this" > "$tree/that"
chmod 755 "$tree/that"
program alone << 'END'
mkdir "${0%/*}/lock" && sleep 0.2 && rmdir "${0%/*}/lock" || exit 1
echo '[  PASSED  ] 1 test(s).'
END
program signalled << 'END'
trap 'echo "[  PASSED  ] 1 test(s)."; exit 0' INT
kill -INT $$
END
program endless << 'END'
echo $$ > "${0%/*}/endless.pid"
exec sleep 100
END
program plain.sh << 'END'
echo 'anything'
END

run_tests 'programs that pass' 0 "$tree/good $tree/good"
line 'programs that pass' '^ok      good: 2 tests, [0-9]* s$'
last_line 'programs that pass' '4 passed, 0 failed, 0 skipped'

run_tests 'a case that fails' 1 "$tree/bad $tree/good"
line 'a case that fails' '^FAILED  bad: exit status 1$'
last_line 'a case that fails' '5 passed, 1 failed, 0 skipped'

run_tests 'a program that crashes' 1 "$tree/good $tree/crash"
line 'a program that crashes' '^last words$'
last_line 'a program that crashes' '2 passed, 1 failed, 0 skipped'

run_tests 'skips and their reasons' 0 "$tree/skips"
line 'skips of one reason' '^skipped skips: 2 of 5: no moon$'
line 'a skip of another' '^skipped skips: 1 of 5: no sun: dark$'
line 'a skip without one' '^skipped skips: 1 of 5: no reason is given$'
last_line 'skips' '1 passed, 0 failed, 4 skipped'

run_tests 'no program' 1 ''
last_line 'no program' '0 passed, 0 failed, 0 skipped'

run_tests 'plain programs' 0 "--plain $tree/plain.sh $tree/good"
line 'plain programs' '^ok      plain.sh$'
last_line 'plain programs' '2 passed, 0 failed, 0 skipped'
run_tests 'a plain program that crashes' 1 "--plain $tree/crash"
last_line 'a plain program that crashes' '0 passed, 1 failed, 0 skipped'

progress=1
run_tests 'a slow program' 0 "$tree/slow"
line 'a slow program' '^ *slow runs for more than [1-4] s, 1 cases so far$'

jobs=2
run_tests 'two programs at a time' 1 "$tree/this $tree/that"
rm "$tree/this.runs" "$tree/that.runs"
last_line 'two programs at a time' '0 passed, 2 failed, 0 skipped'
for name in this that; do
	grep -A 1 "^first line of $name\$" "$tree/output" |
		grep -q "^last line of $name\$" ||
		fail "two programs at a time: output apart: $(cat "$tree/output")"
done
jobs=1
run_tests 'one program at a time' 0 "$tree/alone $tree/alone $tree/alone"
last_line 'one program at a time' '3 passed, 0 failed, 0 skipped'
jobs=3
run_tests 'more jobs than programs' 0 "$tree/good $tree/good"
last_line 'more jobs than programs' '4 passed, 0 failed, 0 skipped'
run_tests 'a program that is interrupted' 0 "$tree/signalled"

sh "$here/run-tests.sh" "$tree/endless" > "$tree/output" 2>&1 &
runner=$!
n=0
until [ -s "$tree/endless.pid" ] || [ $((n += 1)) -gt 100 ]; do
	sleep 0.1
done
kill "$runner"
wait "$runner" && fail 'a run that is ended: status 0'
n=0
while kill -0 "$(cat "$tree/endless.pid")" 2> /dev/null; do
	[ $((n += 1)) -lt 100 ] || break
	sleep 0.1
done
[ "$n" -lt 100 ] || fail 'a run that is ended leaves its programs'

# --- check.sh ----------------------------------------------------------------

# Stands for make: each stage is a program.
program make << 'END'
case $1 in
-j*) shift ;;
esac
exec "${0%/*}/$1"
END

check() {
	name=$1 wanted=$2
	shift 2
	status "$name" "$wanted" env MAKE="$tree/make" CHECK_LOGS="$tree/logs" \
		EXPECTED_SKIPS="$tree/expected" CHECK_SKIPS="${skips:-tell}" \
		sh "$here/check.sh" "$@"
}

# Checks the columns of the line of the table that begins with $2.
row() {
	sed 's/  */ /g' "$tree/output" | grep -qx "$2 [0-9]*" ||
		fail "$1: no row '$2' in: $(cat "$tree/output")"
}

echo '* test_moon no m??n' > "$tree/expected"
program lint << 'END'
echo '2 passed, 0 failed, 0 skipped'
echo '10 passed, 0 failed, 0 skipped'
END
program check-expected << 'END'
echo 'skipped test_moon: 1 of 5: no moon'
echo '4 passed, 0 failed, 1 skipped'
END
program check-little << 'END'
echo 'skipped test_sun: 3 of 5: no sun'
echo '2 passed, 0 failed, 3 skipped'
END
program check-bad << 'END'
echo '4 passed, 2 failed, 0 skipped'
exit 2
END
program check-broken << 'END'
echo 'cc: error'
exit 2
END
program check-silent << 'END'
echo 'all is well'
END

check 'stages that pass' 0 lint check-expected
line 'the heading' '^stage  *passed  *failed  *skipped  *seconds$'
row 'the sum of two summaries' 'lint 12 0 0'
row 'an expected skip' 'check-expected 4 0 1'
row 'the sum' 'all 16 0 1'
line 'an expected skip' \
	'^expected skip: check-expected: test_moon: 1 of 5: no moon$'
last_line 'stages that pass' '16 passed, 0 failed, 1 skipped'

check 'a stage after one that fails' 1 check-bad lint
row 'a stage that fails' 'check-bad 4 2 0'
row 'a stage after one that fails' 'lint 12 0 0'
line 'a stage that fails' '^failed: check-bad: 2 cases$'
last_line 'a stage that fails' '16 passed, 2 failed, 0 skipped'

check 'a stage that does not build' 1 lint check-broken
row 'a stage that does not build' 'check-broken 0 1 0'
line 'a stage that does not build' '^failed: check-broken: make ended with '
check 'a stage without a summary' 1 lint check-silent
row 'a stage without a summary' 'check-silent 0 1 0'

check 'a stage that skips much' 0 lint check-little
line 'a stage that skips much' '^check-little skipped more than it ran$'
line 'an unexpected skip' \
	'^unexpected skip: check-little: test_sun: 3 of 5: no sun$'
last_line 'a stage that skips much' '14 passed, 0 failed, 3 skipped'
check 'a stage that skips little' 0 check-expected
no_line 'a stage that skips little' 'skipped more'

skips=fail
check 'an unexpected skip in CI' 1 lint check-little
last_line 'an unexpected skip in CI' '14 passed, 1 failed, 3 skipped'
check 'an expected skip in CI' 0 lint check-expected

# --- install-deps.sh ---------------------------------------------------------

sed -n 's/^[a-z]* installed \([a-z-]*\); then$/\1/p' "$here/lint.sh" \
	> "$tree/tools"
[ -s "$tree/tools" ] || fail 'lint.sh looks for no tool'
sh "$here/install-deps.sh" --list lint > "$tree/output"
while read -r tool; do
	line 'what make lint installs' "^$tool\$"
done < "$tree/tools"
# The purposes that the targets of the Makefile name, but for those of no stage
# shellcheck disable=SC2016 # the variable of make
purposes=$(sed -n 's/^[[:blank:]]*-*$(deps) //p' "$here/../Makefile" | tr ' ' '\n' |
	grep -vxE 'all|develop' | sort -u)
# shellcheck disable=SC2086 # a list of purposes
sh "$here/install-deps.sh" --list $purposes > "$tree/stages"
status 'what make check installs' 0 sh "$here/install-deps.sh" --list all
cmp -s "$tree/stages" "$tree/output" ||
	fail 'make check does not install what its stages need'

exit "$result"
