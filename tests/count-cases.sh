#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Prints a table of the folders of tests: the number of cmocka cases, which are
# TEST(NAME), TEST_WITH(NAME, ...) and the functions "void NAME(void **state)",
# and the lines of C and of scripts.
#
#	count-cases.sh [TREE]	in this tree, or in another
#
# A case that a table runs several times counts once here, and several times in
# the summary of `make check`.

set -eu
cd -- "${1:-$(dirname -- "$0")/..}"

# shellcheck disable=SC2016 # awk's $, not the shell's
find tests -type f \( -name '*.[ch]' -o -name '*.sh' \) -print | sort |
	xargs awk '
	FNR == 1 {
		folder = FILENAME
		sub(/\/[^\/]*$/, "", folder)
		if (!(folder in lines))
			order[++folders] = folder
		last = ""
	}
	{ lines[folder]++; all_lines++ }
	/^(static void )?[a-z0-9_]+\(void \*\*state\)$/ &&
	    (/^static void / || last == "static void" || last == "void") {
		cases[folder]++
		all_cases++
	}
	/^TEST(_WITH)?\([a-z]/ {
		cases[folder]++
		all_cases++
	}
	{ last = $0 }
	function row(name, n, m) { printf "%-32s %6d %6d\n", name, n, m }
	END {
		printf "%-32s %6s %6s\n", "folder", "cases", "lines"
		for (i = 1; i <= folders; i++)
			row(order[i], cases[order[i]], lines[order[i]])
		row("all", all_cases, all_lines)
	}'
