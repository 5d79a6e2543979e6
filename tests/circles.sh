#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Finds circles among the units of the program: object files of which each
# needs a symbol that the next one defines, round to the first.
#
#	circles.sh DIR		the objects below DIR, build/obj say, of the
#				sources in the working directory
#
# Prints a line for each circle, with its units, and below it what ties it;
# fails if there is one. Circles in $known are printed and forgiven.

set -eu
LC_ALL=C
export LC_ALL

# A line for each: its units in order, with a space between them. To be empty.
known=''

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
	awk -v known="$known" '
BEGIN {
	count = split(known, lines, "\n")
	for (i = 1; i <= count; i++)
		forgiven[lines[i]] = 1
}

$2 == "U" { needs[++need_count] = $1 " " $3; next }
$2 ~ /^[A-Z]$/ { home[$3] = $1 }

# Marks all that @unit leads to.
function walk(from, unit,   list, i, n, to) {
	n = split(next_of[unit], list, " ")
	for (i = 1; i <= n; i++) {
		to = list[i]
		if ((from, to) in leads)
			continue
		leads[from, to] = 1
		walk(from, to)
	}
}

END {
	for (i = 1; i <= need_count; i++) {
		split(needs[i], part, " ")
		unit = part[1]
		to = home[part[2]]
		if (to == "" || to == unit)
			continue
		units[unit] = units[to] = 1
		if (!((unit, to) in symbol))
			next_of[unit] = next_of[unit] " " to
		symbol[unit, to] = symbol[unit, to] " " part[2]
	}
	for (unit in units)
		walk(unit, unit)
	bad = 0
	for (unit in units) {
		if (!((unit, unit) in leads) || seen[unit])
			continue
		n = 0
		for (other in units)
			if ((unit, other) in leads && (other, unit) in leads)
				circle[++n] = other
		# In order, so that it can be named.
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && circle[j] < circle[j - 1]; j--) {
				t = circle[j]
				circle[j] = circle[j - 1]
				circle[j - 1] = t
			}
		name = circle[1]
		for (i = 2; i <= n; i++)
			name = name " " circle[i]
		if (name in forgiven)
			print "circle, known: " name
		else
			print "circle: " name
		bad += !(name in forgiven)
		for (i = 1; i <= n; i++) {
			seen[circle[i]] = 1
			for (j = 1; j <= n; j++)
				if ((circle[i], circle[j]) in symbol)
					print "\t" circle[i] " needs " \
						circle[j] ":" \
						symbol[circle[i], circle[j]]
		}
	}
	exit bad > 0
}'
