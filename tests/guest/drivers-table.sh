#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
#	drivers-table.sh PROGRAM
#
# Writes the table of docs/drivers.md anew, with what PROGRAM, test_drivers,
# finds out.

set -eu
page=$(dirname -- "$0")/../../docs/drivers.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

DRIVERS_TABLE=$work/rows "$1"
awk -F '|' '
NF == 1 { framing = $1; next }
{
	key = $1 "|" $2
	if (!(key in seen)) {
		seen[key] = 1
		keys[++count] = key
	}
	# More is sent with a framing that lets the driver go on.
	if ($3 + 0 > messages[key] + 0) {
		messages[key] = $3
		several[key] = $4
		failed[key] = $5
	}
	verdict[key, framing] = $6
}
END {
	print "| driver | chip | messages | of several transfers | failed in the guest | `cs=linux` | `cs=spec`, patched |"
	print "| --- | --- | --- | --- | --- | --- | --- |"
	for (i = 1; i <= count; i++) {
		key = keys[i]
		if (verdict[key, "cs=linux"] == "faults")
			faults = faults ", " substr(key, 1, index(key, "|") - 1)
		else if (messages[key] + 0 == 0)
			silent = silent ", " substr(key, 1, index(key, "|") - 1)
		else
			printf "| %s | %s | %d | %d | %d | %s | %s |\n",
				substr(key, 1, index(key, "|") - 1),
				substr(key, index(key, "|") + 1), messages[key],
				several[key], failed[key],
				verdict[key, "cs=linux"],
				verdict[key, "cs=spec patched"]
	}
	print ""
	print "Drivers that send nothing to a chip that answers nonsense: " \
		substr(silent, 3) "."
	print ""
	print "Drivers that need a description of the board, and fault without one: " \
		substr(faults, 3) "."
}
' "$work/rows" > "$work/table"

awk -v table="$work/table" '
/^<!-- end of the table -->/ { inside = 0 }
!inside { print }
/^<!-- table: / {
	inside = 1
	while ((getline line < table) > 0)
		print line
}
' "$page" > "$work/page"
cat "$work/page" > "$page"
