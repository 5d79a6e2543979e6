#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Finds circles among the units of the program: object files of which each
# needs a symbol that the next one defines, and the last one of the first.
#
#	circles.sh DIR		the objects below DIR, build/obj say, of the
#				sources in the working directory
#
# Prints a line for each circle, with its units, and below it what ties them;
# fails if there is one.

set -eu
LC_ALL=C
export LC_ALL

# A build directory also has the objects of sources that have gone.
objects=$(find virtio vhost spi-daemon -name '*.c' | sort | sed 's,c$,o,' |
	while read -r object; do
		[ ! -f "$1/$object" ] || echo "$1/$object"
	done)
[ -n "$objects" ] || {
	echo "circles.sh: no objects in $1" >&2
	exit 1
}

# "unit type symbol" of each global symbol, defined or needed
# shellcheck disable=SC2086 # no name has a space
nm -A -g $objects |
	sed "s,^$1/,,; s,\.o:[0-9a-f ]*, ," |
	awk '
$2 == "U" { needs[++need_count] = $1 " " $3; next }
$2 ~ /^[A-Z]$/ { home[$3] = $1 }

# Marks all units that @unit leads to as reached from @from.
function walk(from, unit,   list, count, i) {
	count = split(next_of[unit], list, " ")
	for (i = 1; i <= count; i++)
		if (!((from, list[i]) in leads)) {
			leads[from, list[i]] = 1
			walk(from, list[i])
		}
}

function print_ties(unit,   list, count, i) {
	count = split(next_of[unit], list, " ")
	for (i = 1; i <= count; i++)
		if ((list[i], unit) in leads)
			print "\t" unit " needs " list[i] ":" \
				symbols[unit, list[i]]
}

END {
	for (i = 1; i <= need_count; i++) {
		split(needs[i], need, " ")
		unit = need[1]
		to = home[need[2]]
		if (to == "" || to == unit)
			continue
		if (!((unit, to) in symbols))
			next_of[unit] = next_of[unit] " " to
		symbols[unit, to] = symbols[unit, to] " " need[2]
		if (!(unit in number)) {
			number[unit] = ++unit_count
			units[unit_count] = unit
		}
	}
	for (i = 1; i <= unit_count; i++)
		walk(units[i], units[i])
	for (i = 1; i <= unit_count; i++) {
		unit = units[i]
		if (!((unit, unit) in leads) || unit in told)
			continue
		circle = ""
		for (j = i; j <= unit_count; j++)
			if ((unit, units[j]) in leads && \
			    (units[j], unit) in leads) {
				circle = circle " " units[j]
				told[units[j]] = 1
			}
		print "circle:" circle
		for (j = i; j <= unit_count; j++)
			if (units[j] in told && (unit, units[j]) in leads)
				print_ties(units[j])
		found = 1
	}
	exit found
}'
