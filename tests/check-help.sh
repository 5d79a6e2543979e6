#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Checks that --help and the man page have the same options, keys and framings,
# with the same arguments. The text of --help is read from its source.

set -eu
cd -- "$(dirname -- "$0")/.."

# shellcheck disable=SC2016 # awk's $, not the shell's
exec awk '
function note(name) {
	if (FILENAME ~ /\.c$/)
		help[name] = FILENAME ":" FNR ": "
	else
		man[name] = FILENAME ":" FNR ": "
}

# --help: "  -s, --socket-path=PATH  ...", "      --replay  ...", "  cs=FRAMING  ...", and far to the
# right, followed by more than one blank, "linux     ..."
/^"  -[A-Za-z], --/ { note(substr($2, 1, 2)); note($3) }
/^"      --/ { note($2) }
/^"  [a-z-]+=/ { note($2) }
/^"                          [a-z]+  / { note($2) }

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

END {
	for (name in help) {
		count++
		if (!(name in man)) {
			print help[name] name " of --help is not in the man page"
			bad = 1
		}
	}
	for (name in man) {
		if (!(name in help)) {
			print man[name] name " of the man page is not in --help"
			bad = 1
		}
	}
	if (!count) {
		print "spi-daemon/config/options_help.c:1: found no option in --help"
		bad = 1
	}
	exit bad
}' spi-daemon/config/options_help.c docs/vhost-device-spi.8
