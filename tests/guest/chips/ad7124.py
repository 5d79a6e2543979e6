#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An AD7124-4 converter that measures 0x812345, for sim:socket=SOCKET.

After each access it takes the next command, whether it was released or not. A
conversion is done as soon as it is asked for.
"""
import spi_chip

SIZES = {0x00: 1, 0x01: 2, 0x02: 3, 0x03: 3, 0x04: 2, 0x05: 1, 0x06: 3, 0x07: 3, 0x08: 1}
SIZES.update({channel: 2 for channel in range(0x09, 0x21)})  # and configurations
SIZES.update({filter_: 3 for filter_ in range(0x21, 0x39)})  # offset, gain
RESET = {0x01: 0x0000, 0x02: 0x812345, 0x05: 0x04, 0x09: 0x8001}
RESET.update({gain: 0x500000 for gain in range(0x31, 0x39)})
RESET.update({offset: 0x800000 for offset in range(0x29, 0x31)})
READ_ONLY = (0x00, 0x02, 0x05, 0x06)


class Ad7124(spi_chip.Chip):
    modes = (3,)

    def __init__(self):
        self.registers = dict(RESET)

    def message(self):
        ones = 0
        command = yield 0
        while True:
            # 64 ones reset it.
            ones = ones + 1 if command == 0xFF else 0
            address = command & 0x3F
            if command & 0x80 or address not in SIZES:
                if ones == 8:
                    self.registers = dict(RESET)
                command = yield 0
                continue
            size, value = SIZES[address], 0
            stored = self.registers.get(address, 0).to_bytes(size, "big")
            for byte in stored:
                value = value << 8 | (yield byte if command & 0x40 else 0)
            if not command & 0x40 and address not in READ_ONLY:
                self.registers[address] = value
            command = yield 0


spi_chip.run(Ad7124())
