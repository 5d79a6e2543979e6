#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Reads from the programs VHOST_DEVICE_SPI and SPI_XFER that they were built and
# linked so that a mistake in them is hard to use. HARDEN has those compiler
# and linker flags that not each one knows: what they do is looked for if they
# are there. CRTI is the C library's crti.o. Prints a line for each thing that is missing, and fails then.

set -eu
LC_ALL=C
export LC_ALL
status=0

# Prints that $program lacks $1.
lacks() {
	echo "$program: $1"
	status=1
}

# has TEXT PATTERN: does a line of the text match?
has() {
	printf '%s\n' "$1" | grep -Eq -e "$2"
}

# built_with FLAG
built_with() {
	case " ${HARDEN:-} " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

check() {
	segments=$(readelf -hlW "$program")
	dynamic=$(readelf -dW "$program")
	symbols=$(readelf -W --dyn-syms "$program")
	notes=$(readelf -nW "$program")

	has "$segments" '^  Type: +DYN ' || lacks 'no position-independent code'
	has "$segments" '^  GNU_RELRO ' || lacks 'its tables can be written'
	has "$dynamic" 'FLAGS_1.* NOW' || lacks 'it is bound lazily'
	has "$segments" '^  GNU_STACK .* RW +0x' ||
		lacks 'its stack can be executed'
	! has "$segments" '^  LOAD .* RWE' ||
		lacks 'memory can be written and executed'
	! has "$dynamic" 'TEXTREL|RPATH|RUNPATH' ||
		lacks 'a relocation of code, or a path for libraries'
	has "$symbols" ' __stack_chk_fail(@|$)' || lacks 'no stack protector'
	# Other C libraries have nothing for _FORTIFY_SOURCE.
	! has "$dynamic" 'NEEDED.*\[libc\.so\.6\]' ||
		has "$symbols" ' __[a-z]+_chk(@|$)' ||
		lacks 'no _FORTIFY_SOURCE'
	! built_with -Wl,-z,shstk || has "$notes" 'x86 feature:.* SHSTK' ||
		lacks 'no shadow stack, which its linker knows'
	# A program is marked if all of it is, with the C library's part.
	! built_with -fcf-protection || ! has "$crt" 'x86 feature: IBT' ||
		has "$notes" 'x86 feature: IBT' ||
		lacks 'no IBT, which its compiler and C library have'
	! built_with -mbranch-protection=standard ||
		! has "$crt" 'AArch64 feature: BTI' ||
		has "$notes" 'AArch64 feature: BTI' ||
		lacks 'no BTI, which its compiler and C library have'
}

crt=$(readelf -nW "$CRTI")

for program in "$VHOST_DEVICE_SPI" "$SPI_XFER"; do
	check
done
exit "$status"
