#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Checks that --help and the man page have the same options, keys and framings,
# with the same arguments, and that the man page has the features that can be
# named. The texts are read from the source.

set -eu
cd -- "$(dirname -- "$0")/.."

# shellcheck disable=SC2016 # awk's $, not the shell's
exec awk '
function note(name) {
	if (FILENAME ~ /options_help/)
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
}' spi-daemon/config/options_help.c vhost/request/features.c docs/vhost-device-spi.8
