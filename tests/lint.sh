#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Checks the rules of the source that compilers do not: what a folder may
# include and how large it may be, lengths, licences, who may print, call ioctl
# or touch guest memory, and names in documents. Holds the man page to --help.
# Then runs each of mandoc, shellcheck, cppcheck, clang and clang-tidy that is
# installed.
#
#	lint.sh			all of it, in the tree that this file is in
#	lint.sh --rules [DIR]	only the rules, here or in another tree
#
# Prints one line for each finding, file:line: message, and fails if there is
# one. A "note:" is no finding. Without --rules, the last line is a summary as
# run-tests.sh prints it, where each rule and each tool is a case.

set -eu
LC_ALL=C
export LC_ALL

rules_only=false
root=$(dirname -- "$0")/..
if [ "${1:-}" = --rules ]; then
	rules_only=true
	root=${2:-$root}
fi
cd -- "$root"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# What there is, sources and others, without ./ before it.
find . \( -name .git -o -name build -o -name 'build-*' \) -prune -o \
	-type f ! -name '*.png' ! -name '*.[oa]' -print |
	sed 's,^\./,,' | sort > "$work/text"
grep '\.[ch]$' "$work/text" > "$work/c" || true
xargs awk 'FNR == 1 && (/^#!.*sh/ || FILENAME ~ /\.sh$/) { print FILENAME }' \
	< "$work/text" > "$work/sh"
grep '^\(docs/\)\{0,1\}[^/]*\.md$' "$work/text" > "$work/docs" || true
grep -E '(\.([1-9]|mk)|(^|/)(Makefile|Kbuild))$' "$work/text" |
	cat - "$work/c" "$work/sh" > "$work/licensed"
passed=0
failed=0
skipped=0

# Counts a rule or a tool by its exit status.
count() {
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
}

# Runs the awk program $1 over the files listed in $2, which fails if it prints
# anything but notes.
rule() {
	[ -s "$work/$2" ] || return 0
	xargs awk "$1" < "$work/$2" > "$work/out"
	cat "$work/out"
	found=0
	! grep -qv ': note: ' "$work/out" || found=1
	count "$found"
}

# Code without its comments, strings and character constants.
# shellcheck disable=SC2016 # awk's $, not the shell's
strip='
function strip(s,   out, at) {
	out = ""
	while (s != "") {
		if (in_comment) {
			at = index(s, "*/")
			if (!at)
				return out
			s = substr(s, at + 2)
			in_comment = 0
		} else if (match(s, /^("([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047)/)) {
			out = out "\"\""
			s = substr(s, RLENGTH + 1)
		} else if (substr(s, 1, 2) == "/*") {
			in_comment = 1
			s = substr(s, 3)
		} else if (substr(s, 1, 2) == "//") {
			return out
		} else {
			out = out substr(s, 1, 1)
			s = substr(s, 2)
		}
	}
	return out
}
FNR == 1 { in_comment = 0 }
function found(message) { print FILENAME ":" FNR ": " message }
'

# The rooms, from the table in docs/architecture.md: "folder header-folder" for
# each pair that the table allows. "every folder but X" is "folder * !X".
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
rooms=$(awk -F '|' '
/^\| `/ {
	gsub(/[` ]+/, " ", $2)
	text = $4
	every = text ~ /every folder/
	sign = every ? "!" : ""
	if (every)
		print $2, "*"
	while (match(text, /`[^`]+`/)) {
		print $2, sign substr(text, RSTART + 1, RLENGTH - 2)
		text = substr(text, RSTART + RLENGTH)
	}
	print $2, "."
}' "$here/../docs/architecture.md")

# Which header may be included by which file.
# shellcheck disable=SC2016
layers='
BEGIN {
	n = split(ENVIRON["rooms"], line, "\n")
	for (i = 1; i <= n; i++) {
		split(line[i], word, " ")
		allowed[word[1], word[2]] = 1
		if (word[2] == ".")
			room[word[1]] = 1
	}
}
function folder(path) {
	sub(/\/[^\/]*$/, "", path)
	return path
}
# The room of a folder: itself, or the tree that it is in (tests).
function room_of(dir) {
	return dir ~ /^tests(\/|$)/ ? "tests" : dir
}
# The kernel builds a module in a directory of its own.
function is_beside(file, header) {
	return file ~ /^tests\/guest\/module\// && header !~ /\//
}
function may(file, header,   from, to) {
	if (is_beside(file, header))
		return 1
	from = room_of(folder(file))
	to = room_of(folder(header))
	if (from == to)
		return 1
	if (allowed[from, "*"])
		return (to in room) && !((from, "!" to) in allowed) &&
			(to != "tests")
	return (from, to) in allowed
}
FNR == 1 && !(room_of(folder(FILENAME)) in room) {
	found("the folder has no row in docs/architecture.md")
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	if (part[2] ~ /\.\./ || !may(FILENAME, part[2]))
		found("includes \"" part[2] "\", which docs/architecture.md does not allow")
}
'

# What a layer must not know or do.
# shellcheck disable=SC2016
limits='
FILENAME ~ /^vhost\// &&
    tolower($0) ~ /(^|[^a-z])spi(dev)?([^a-z]|$)/ {
	found("vhost/ must not know of SPI")
}
{ code = strip($0) }
code ~ /(^|[^A-Za-z0-9_])skip[ \t]*\([ \t]*\)/ &&
    FILENAME ~ /^tests\// && FILENAME != "tests/lib/skip.c" {
	found("say why: skip_because()")
}
FILENAME ~ /^tests\// { next }
code ~ /SPI_IOC_|(^|[^A-Za-z0-9_])ioctl[ \t]*\(/ &&
    FILENAME !~ /^spi-daemon\/device\/spidev[^\/]*\.c$/ {
	found("ioctls belong in spi-daemon/device/spidev*.c")
}
code ~ /(^|[^A-Za-z0-9_])guest_mem_(at|at_user|dma|translate)[ \t]*\(/ &&
    FILENAME !~ /^(virtio\/(mem|ring)|vhost)\// {
	found("guest memory is reached through virtio/ring/chain.h")
}
FILENAME ~ /^(virtio|vhost)\// &&
    code ~ /(^|[^A-Za-z0-9_])(v?f?d?printf|f?puts|f?putc|putchar|perror|v?syslog|v?(err|warn)x?|_?exit|_Exit|quick_exit|abort)[ \t]*\(/ {
	found("virtio/ and vhost/ never print or exit")
}
'

# A subject has a folder, and a folder has a subject. tests/ mirrors the rest, and
# its programs are many; what they share, and those of the daemon, are counted.
# shellcheck disable=SC2016
folders='
function folder(path) {
	sub(/\/[^\/]*$/, "", path)
	return path
}
FNR == 1 && (FILENAME !~ /^tests\// || FILENAME ~ /^tests\/(lib|daemon)\//) {
	count[folder(FILENAME)]++
}
END {
	for (dir in count) {
		if (count[dir] > 14)
			print dir ": " count[dir] " sources, more than 14"
		if (count[dir] == 1 && dir !~ /^(tests|docs)/)
			print dir ": one source only: it needs no folder"
	}
}
'

# A document that names a file of the source, or a function, in backquotes.
# shellcheck disable=SC2016
names='
BEGIN {
	while ((getline path < ENVIRON["paths"]) > 0)
		while (path != "") {
			there[path] = 1
			if (!sub(/\/[^\/]*$/, "", path))
				path = ""
		}
	while ((getline name < ENVIRON["functions"]) > 0)
		there[name] = 1
}
{
	text = $0
	while (match(text, /`[^`]+`/)) {
		name = substr(text, RSTART + 1, RLENGTH - 2)
		text = substr(text, RSTART + RLENGTH)
		sub(/\/$/, "", name)
		if (name ~ /^(virtio|vhost|spi-daemon|tests|docs)(\/[A-Za-z0-9_.-]+)*$/ &&
		    !(name in there))
			print FILENAME ":" FNR ": there is no " name
		if (name ~ /^[a-z][a-z0-9]*(_[a-z0-9]+)+\(\)$/ && !(name in there))
			print FILENAME ":" FNR ": there is no " name
	}
}
'

# A string that has its line to itself may be longer than 80 columns.
# shellcheck disable=SC2016
columns='
{
	width = 0
	text = $0
	gsub(/[\200-\277]/, "", text) # UTF-8: count characters
	n = split(text, part, "\t")
	for (i = 1; i <= n; i++) {
		width += length(part[i])
		if (i < n)
			width += 8 - width % 8
	}
}
width > 80 && $0 !~ /^[ \t]*"([^"\\]|\\.)*"[ \t]*[,;)]*( \\)?$/ {
	found(width " columns, more than 80")
}
'

# A function starts at the first line after a blank line, a comment, a
# preprocessor line or the end of another declaration, and its braces are in
# the first column.
# shellcheck disable=SC2016
lengths='
function judge(path, at, what, lines, most, wanted) {
	if (lines > wanted)
		print path ":" at ": " (lines > most ? "" : "note: ") what \
			" has " lines " lines, more than " \
			(lines > most ? most : wanted)
}
function end_file() {
	if (file)
		judge(file, last, "the file", last, 600, 400)
}
FNR == 1 { end_file(); file = FILENAME; start = 1; body = 0 }
{ last = FNR; code = strip($0) }
/^[A-Za-z_].*\(/ {
	name = $0
	sub(/^TEST(_WITH)?\(/, "", name)
	sub(/[(),].*/, "", name)
	sub(/.*[ \t*]/, "", name)
}
/^[}]/ && body {
	judge(FILENAME, start, name "()", FNR - start + 1, 60, 40)
	body = 0
}
/^[{]/ { body = 1 }
!body && (code ~ /^[ \t]*$/ || /^#/ || /[;}]$/) { start = FNR + 1 }
END { end_file() }
'

# shellcheck disable=SC2016
licences='
FNR == 1 { end_file(); file = FILENAME; seen = 0 }
FNR <= 5 && /SPDX-License-Identifier: / { seen = 1 }
function end_file() {
	if (file && !seen)
		print file ":1: no SPDX-License-Identifier"
}
END { end_file() }
'

# Names that only mean something on one machine or in one network.
# shellcheck disable=SC2016
private='
/(^|[^A-Za-z0-9_.$})-])\/[w]ork(\/|[^A-Za-z0-9_.-]|$)/ {
	found("a path of one machine")
}
/:\/\/([^\/ ]*@)?(10|192\.168|172\.(1[6-9]|2[0-9]|3[01]))\.[0-9]/ ||
/:\/\/[^\/ ]*(artifactory|nexus|registry|proxy)[^\/ ]*([\/:]|$)/ ||
/:\/\/[^\/ ]*\.(internal|local|corp|lan)([\/:]|$)/ {
	found("a host of one network")
}
'

export rooms
rule "$strip $layers" c
rule "$strip $limits" c
rule "$strip $columns" c
rule "$strip $lengths" c
rule "$licences" licensed
rule "$strip $private" text
rule "$folders" c
paths=$work/text
functions=$work/functions
export paths functions
xargs cat < "$work/c" | grep -oE '[a-z][a-z0-9]*(_[a-z0-9]+)+\(' |
	sed 's/$/)/' | sort -u > "$functions" || true
rule "$names" docs
if $rules_only; then
	exit $((failed > 0))
fi

echo "What each folder may include (docs/architecture.md):"
echo "$rooms" | awk '
$2 == "." { printf "  %-24s%s\n", $1, list[$1] ? list[$1] : " itself only" }
{ list[$1] = list[$1] " " ($2 == "*" ? "all" : $2) }'

# Runs a command, and counts it.
check() {
	found=0
	"$@" || found=1
	count "$found"
}

# Counts a tool that cannot run as skipped, for the reason $1.
skip() {
	skipped=$((skipped + 1))
	echo "skipped lint.sh: 1 of 1: $1"
}

installed() {
	command -v "$1" > /dev/null || {
		skip "$1 is not installed"
		false
	}
}

check sh tests/check-help.sh

# The tools know nothing of the kernel's headers, so modules are left out, and so
# are proofs, which are in the language of cbmc.
grep '\.c$' "$work/c" | grep -v '^tests/\(guest/module\|prove\)/' |
	xargs grep -L '<linux/module\.h>' > "$work/programs"
jobs=$(getconf _NPROCESSORS_ONLN 2> /dev/null || echo 1)

if installed shellcheck; then
	check xargs shellcheck -f gcc < "$work/sh"
fi

if installed mandoc; then
	# All that it has to say but for pages that are not installed here
	mandoc -Tlint docs/*.[1-8] 2>&1 |
		grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' |
		sed 's/^mandoc: //' > "$work/pages"
	# shellcheck disable=SC2016 # $, that of the inner shell
	check sh -c '! grep . "$1"' sh "$work/pages"
fi

if installed cppcheck; then
	check cppcheck --enable=warning,performance,portability \
		--inline-suppr --error-exitcode=1 -q --template=gcc \
		-j "$jobs" -D_GNU_SOURCE -DWITH_SECCOMP -DVERSION='"lint"' -I. \
		--file-list="$work/programs"
fi

# The second compiler has warnings of its own. `make lint` says which we want.
if [ -z "${WARNINGS:-}" ]; then
	skip "clang: WARNINGS is not set (make lint sets it)"
elif installed clang; then
	# shellcheck disable=SC2086 # a list of options
	check xargs -n 8 -P "$jobs" clang -fsyntax-only -std=c11 \
		-D_GNU_SOURCE -DWITH_SECCOMP -DVERSION='"lint"' -I. $WARNINGS \
		< "$work/programs"
fi

# Named one by one, because each version of clang-tidy brings new ones.
checks='-*,clang-analyzer-core.*,clang-analyzer-deadcode.*,
	clang-analyzer-unix.*,bugprone-infinite-loop,
	bugprone-misplaced-widening-cast,bugprone-not-null-terminated-result,
	bugprone-posix-return,bugprone-redundant-branch-condition,
	bugprone-signal-handler,bugprone-signed-char-misuse,
	bugprone-sizeof-expression,bugprone-suspicious-memset-usage,
	bugprone-suspicious-semicolon,bugprone-too-small-loop-variable,
	misc-redundant-expression'
checks=$(echo "$checks" | tr -d '\n\t')

# The stream of errors tells how many warnings there were in system headers.
# The exit status counts, also if no finding was printed.
# shellcheck disable=SC2317 # check() calls it
tidy() {
	found=0
	# shellcheck disable=SC2016 # expanded by the inner shell
	xargs -n 4 -P "$jobs" sh -c '
		checks=$1
		shift
		clang-tidy --quiet --warnings-as-errors="*" --checks="$checks" \
			"$@" -- -std=c11 -D_GNU_SOURCE -DWITH_SECCOMP -DVERSION=\"lint\" -I. \
			2> /dev/null' sh "$checks" > "$work/out" || found=1
	sed -n "s,^$PWD/,,; /: \\(warning\\|error\\): /p" "$work/out" | sort -u
	return "$found"
}

# Not on the tests: it does not know that cmocka's assertions do not return.
if installed clang-tidy; then
	grep -v '^tests/' "$work/programs" > "$work/product"
	check tidy < "$work/product"
fi

echo "$passed passed, $failed failed, $skipped skipped"
exit $((failed > 0))
