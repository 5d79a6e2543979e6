#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Completes in bash, and in zsh if that is there, and compares with --help.
#
#	completion.sh PROGRAM...

set -eu
cd -- "$(dirname -- "$0")/.."
files=$PWD/spi-daemon/init/completion
status=0

fail() {
	echo "$1"
	status=1
}

# Long options of --help, with "=" behind those that take a value
options() {
	"$1" --help | awk '/^  (-[A-Za-z], |    )--/ {
		for (i = 1; i <= 2; i++)
			if ($i ~ /^--/) {
				takes = $i ~ /=/ ||
					($(i + 1) ~ /^[A-Z][A-Z]*$/)
				sub(/=.*/, "", $i)
				print $i (takes ? "=" : "")
				break
			}
	}' | sort
}

# shellcheck disable=SC2016 # $, that of the inner shell
# What bash makes of the line $2 of the program $1
complete_bash() {
	bash -c '
		. "$1"
		COMP_LINE=$3 COMP_POINT=${#3}
		COMP_WORDS=($3) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_vhost_device_spi "$2"
		[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$files/vhost-device-spi.bash" "$1" "$2" | sort
}

expect() {
	[ "$(complete_bash "$1" "$2" | tr '\n' ' ')" = "$3 " ] ||
		fail "bash: $2: $(complete_bash "$1" "$2" | tr '\n' ' ')"
}

for program; do
	[ -n "$(options "$program")" ] || fail "$program: no options"
	[ "$(complete_bash "$program" "x --")" = "$(options "$program")" ] ||
		fail "bash completes other options of $program than --help has"
done
daemon=$1
expect "$daemon" "x --socket-c" "--socket-count="
expect "$daemon" "x --sandbox=l" "log"
expect "$daemon" "x --device=sim:ee" "eeprom"
expect "$daemon" "x --device=sim:nor,max-s" "nor,max-speed="
expect "$daemon" "x --guest=soc" "socket-group= socket-mode= socket="

# shellcheck disable=SC2016 # $, that of the inner shell
# Has a zsh complete lines: $2 $4 ... of programs in $1, and waits until it has
# made $3 $5 ... of them.
complete_zsh() {
	timeout 60 zsh -f -c '
		zmodload zsh/zpty
		zpty z "PATH=$1:\$PATH TERM=dumb zsh -f -i"
		zpty -w z "fpath=($2 \$fpath); autoload -U compinit"
		zpty -w z "compinit -u -D; echo BEG\"\"IN"
		zpty -r z out "*BEGIN*"
		shift 2
		while (( $# )); do
			print -r -- "$1"
			zpty -w -n z "$1"$'"'\\t'"'
			zpty -r z out "*$2*"
			zpty -w -n z $'"'\\x15'"'
			shift 2
		done
	' zsh "$@" > "$tmp/lines" || fail "zsh: $(tail -n 1 "$tmp/lines")"
}

if command -v zsh > /dev/null; then
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	cp "$files/vhost-device-spi.zsh" "$tmp/_vhost-device-spi"
	dir=$(CDPATH='' cd -- "$(dirname -- "$daemon")" && pwd)
	complete_zsh "$dir" "$tmp" \
		"vhost-device-spi --socket-c" "--socket-count" \
		"vhost-device-spi --sandbox=l" "--sandbox=log" \
		"vhost-device-spi --device=sim:ee" "sim:eeprom" \
		"spi-xfer --serpr" "--serprog"
fi
exit $status
