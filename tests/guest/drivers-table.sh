#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
#	drivers-table.sh test_drivers PROGRAM
#	drivers-table.sh test_answers PROGRAM
#
# Writes one of the tables of docs/drivers.md anew, with what that PROGRAM finds
# out.

set -eu
page=$(dirname -- "$0")/../../docs/drivers.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

drivers_table() {
	awk -F '|' '
	{
		key = $1 "|" $2
		if (!(key in seen)) {
			seen[key] = 1
			keys[++count] = key
		}
		# More is sent with a framing that lets the driver go on.
		if ($4 + 0 > messages[key] + 0) {
			messages[key] = $4
			several[key] = $5
			failed[key] = $6
		}
		verdict[key, $3] = $7
	}
	END {
		print "| driver | chip | messages | of several transfers | failed in the guest | `cs=linux` | `cs=auto` | `cs=spec`, patched |"
		print "| --- | --- | --- | --- | --- | --- | --- | --- |"
		for (i = 1; i <= count; i++) {
			key = keys[i]
			if (verdict[key, "linux"] == "faults")
				faults = faults ", " substr(key, 1, index(key, "|") - 1)
			else if (messages[key] + 0 == 0)
				silent = silent ", " substr(key, 1, index(key, "|") - 1)
			else
				printf "| %s | %s | %d | %d | %d | %s | %s | %s |\n",
					substr(key, 1, index(key, "|") - 1),
					substr(key, index(key, "|") + 1), messages[key],
					several[key], failed[key],
					verdict[key, "linux"],
					verdict[key, "auto"],
					verdict[key, "patched"]
		}
		print ""
		print "Drivers that send nothing to a chip that answers nonsense: " \
			substr(silent, 3) "."
		print ""
		print "Drivers that need a description of the board, and fault without one: " \
			substr(faults, 3) "."
	}
	' "$work/rows"
}

answers_table() {
	awk -F '|' '
	{
		gsub(/docs\/chips\//, "")
		key = $1 "|" $2
		if (!(key in job)) {
			keys[++count] = key
			job[key] = $3
			remark[key] = $4 $5
		}
		framing = $6
		verdict[key, framing] = $9 ? $10 ? "works" : "works, cut" : "fails"
		if ($7 + 0 > messages[key] + 0) {
			messages[key] = $7
			several[key] = $8
		}
		if (framing !~ /^(linux|auto|spec|transfer|patched)$/)
			own[key] = "`" framing "`: " verdict[key, framing]
	}
	END {
		print "| driver | chip | what it does | messages | of several transfers | `cs=linux` | `auto` | `spec` | `transfer` | another | `spec`, patched | remark |"
		print "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
		for (i = 1; i <= count; i++) {
			key = keys[i]
			split(key, part, "|")
			printf "| %s | %s | %s | %d | %d | %s | %s | %s | %s | %s | %s | %s |\n",
				part[1], part[2], job[key], messages[key],
				several[key], verdict[key, "linux"],
				verdict[key, "auto"], verdict[key, "spec"], verdict[key, "transfer"],
				own[key], verdict[key, "patched"], remark[key]
		}
	}
	' "$work/rows"
}

case $1 in
test_drivers)
	DRIVERS_TABLE=$work/rows "$2"
	drivers_table > "$work/table"
	;;
test_answers)
	ANSWERS_TABLE=$work/rows "$2"
	answers_table > "$work/table"
	;;
esac

awk -v table="$work/table" -v mark="$1" '
/^<!-- end of the table -->/ { inside = 0 }
!inside { print }
$0 == "<!-- table: " mark " -->" {
	inside = 1
	while ((getline line < table) > 0)
		print line
}
' "$page" > "$work/page"
cat "$work/page" > "$page"
