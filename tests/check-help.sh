#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Checks that --help and the man page have the same options, keys and framings,
# with the same arguments, that README.md has the options, and that the man page
# has the features that can be named. The texts are read from the source.
# tests/completion.sh compares what shells complete with --help.

set -eu
cd -- "$(dirname -- "$0")/.."

# Prints the names of help[] and man[], which hold their places, that only one
# of them has, counts those of help[] in "count", and returns how many it prints.
# shellcheck disable=SC2016 # awk's $, not the shell's
compare='
function compare(name, found) {
	found = 0
	for (name in help) {
		count++
		if (!(name in man)) {
			print help[name] name " of --help is not in the man page"
			found++
		}
	}
	for (name in man) {
		if (!(name in help)) {
			print man[name] name " of the man page is not in --help"
			found++
		}
	}
	return found
}
'

# spi-xfer: the names of its options, and no more.
# shellcheck disable=SC2016 # awk's $, not the shell's
awk "$compare"'
/^\t"  (-[A-Za-z], )?--/ {
	for (i = 1; i <= NF; i++)
		if ($i ~ /^--/) {
			help[$i] = FILENAME ":" FNR ": "
			break
		}
}
/^\.It Fl / {
	for (i = 3; i <= NF; i++)
		if ($(i - 1) == "Fl" && $i ~ /^-[a-z]/)
			man["-" $i] = FILENAME ":" FNR ": "
}
END {
	bad += compare()
	if (!count) {
		print "spi-daemon/xfer/options/xfer_help.c:1: found no option"
		bad = 1
	}
	exit bad > 0
}' spi-daemon/xfer/options/xfer_help.c docs/spi-xfer.1

# README.md: the names of the daemon's options, in the section of that name
# shellcheck disable=SC2016 # awk's $, not the shell's
differences=$(awk "$compare"'
function note(names) {
	for (i = 1; i <= 2; i++)
		if ($i ~ /^--/) {
			sub(/=.*/, "", $i)
			names[$i] = FILENAME ":" FNR ": "
			return
		}
}
/^## / { options = $2 == "Options" }
/^"  (-[A-Za-z], |    )--/ { sub(/^"/, ""); note(help) }
options && /^    (-[A-Za-z], |    )--/ { note(man) }
END { compare() }
' spi-daemon/config/options_help.c README.md | sed 's/the man page/README.md/')
if [ -n "$differences" ]; then
	echo "$differences"
	exit 1
fi

# shellcheck disable=SC2016 # awk's $, not the shell's
exec awk "$compare"'
function note(name) {
	if (FILENAME ~ /options_help/)
		help[name] = FILENAME ":" FNR ": "
	else
		man[name] = FILENAME ":" FNR ": "
}

# --help: "  -s, --socket-path=PATH  ...", "      --replay  ...", "  cs=FRAMING  ...", and far to the
# right, followed by more than one blank, "linux     ..." or "table:FILE  ..."
/^"  -[A-Za-z], --/ { note(substr($2, 1, 2)); note($3) }
/^"      --/ { note($2) }
/^"  [a-z-]+=/ { note($2) }
/^"                          [a-z]+[0-9]*(:[A-Z]+)?  / { note($2) }

# mdoc: .It Fl s , Fl -socket-path Ns = Ns Ar PATH
/^\.It (Fl|Cm) / {
	name = ""
	for (i = 2; i <= NF; i++) {
		if ($i == ",") {
			note(name)
			name = ""
		} else if ($i == "Fl") {
			name = name "-"
		} else if ($i !~ /^(Ns|Ar|Cm)$/) {
			name = name $i
		}
	}
	note(name)
}

# features.c: { "in-order", BIT(VIRTIO_F_IN_ORDER), 0 }; mdoc: .Ql in-order ,
/^\t\{ "[a-z-]+", (BIT|0)/ {
	gsub(/[^a-z-]/, "", $2)
	feature[$2] = FILENAME ":" FNR ": "
}

/^\.(It )?Ql / {
	for (i = 2; i <= NF; i++)
		described[$i] = 1
}

END {
	for (name in feature) {
		features++
		if (!(name in described)) {
			print feature[name] name " is not in the man page"
			bad = 1
		}
	}
	if (!features) {
		print "vhost/request/features.c:1: found no feature"
		bad = 1
	}
	bad += compare()
	if (!count) {
		print "spi-daemon/config/options_help.c:1: found no option in --help"
		bad = 1
	}
	exit bad > 0
}' spi-daemon/config/options_help.c vhost/request/features.c docs/vhost-device-spi.8
