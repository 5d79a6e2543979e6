#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A KS8851SNL Ethernet controller, for sim:socket=SOCKET: its cable is plugged
in, what it sends is lost, and nothing is received. A frame that is cut ends the
link, so that the guest sees it."""
import spi_chip

READ, WRITE, SEND_FRAME = 0, 1, 3
RESET, EVENTS, LINK, SIZE = 0x26, 0x92, 0xE6, 0x100
HAS_LINK, LINK_CHANGES = 0x04, 0x80  # of the lower, and the upper byte
FIRST = {
    0x08: 0x0200,                              # an EEPROM had the address:
    0x10: 0x8851, 0x12: 0x0000, 0x14: 0x0200,  # that, backwards
    0x24: 0x1010,                              # both memories were tested
    0x78: 0x1FF8,                              # bytes for frames to send
    0xC0: 0x8872,                              # who it is
    LINK: 0x782D,                              # there is one
}


class Ks8851(spi_chip.Chip):
    def __init__(self):
        self.lacks = 0  # bytes of the frame that is being sent
        self.reset()

    def reset(self):
        self.bytes = bytearray(SIZE)
        for address, value in FIRST.items():
            self.bytes[address:address + 2] = value.to_bytes(2, "little")

    def released(self):
        if self.lacks:
            self.bytes[LINK] &= ~HAS_LINK
            self.bytes[EVENTS + 1] |= LINK_CHANGES
        self.lacks = 0

    def store(self, address, value):
        if address in (EVENTS, EVENTS + 1):
            self.bytes[address] &= ~value
        elif address not in FIRST:
            self.bytes[address] = value
        if address == RESET and value & 1:
            self.reset()

    def take_frame(self):
        self.lacks = 1
        header = []
        for _ in range(4):
            header.append((yield 0xFF))
        self.lacks = header[2] | header[3] << 8
        while True:
            yield 0xFF
            self.lacks = max(self.lacks - 1, 0)

    def message(self):
        first = yield 0xFF
        command = first >> 6
        if command == SEND_FRAME:
            yield from self.take_frame()
        while command not in (READ, WRITE):
            yield 0xFF
        second = yield 0xFF
        address = ((first & 3) << 6 | second >> 2) & ~3
        for n in range(4):
            if not first >> 2 & 1 << n:
                continue
            byte = yield self.bytes[address + n] if command == READ else 0xFF
            if command == WRITE:
                self.store(address + n, byte)
        while True:
            yield 0xFF


spi_chip.run(Ks8851())
