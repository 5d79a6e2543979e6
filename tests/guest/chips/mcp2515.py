#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An MCP2515 CAN controller with nothing but itself on its bus, for
sim:socket=SOCKET: what it sends in loopback mode it receives."""
import spi_chip

RESET, READ, WRITE, BIT_MODIFY, READ_STATUS = 0xC0, 0x03, 0x02, 0x05, 0xA0
CANSTAT, CANCTRL, CANINTF = 0x0E, 0x0F, 0x2C
LOOPBACK = 0x40


class Mcp2515(spi_chip.Chip):
    def __init__(self):
        self.reset()

    def reset(self):
        self.registers = bytearray(128)
        self.registers[CANSTAT] = 0x80
        self.registers[CANCTRL] = 0x87
        self.wake = False
        self.requests = 0

    def load(self, address, value):
        self.registers[address & 0x7F] = value
        if address == CANCTRL:
            self.registers[CANSTAT] = value & 0xE0

    def released(self):
        for n in range(3):
            if self.requests & 1 << n:
                self.send(n)
        self.requests = 0

    def send(self, n):
        at = 0x30 + 0x10 * n
        if self.registers[CANSTAT] & 0xE0 == LOOPBACK:
            # From TXBnSIDH to the last byte; EXIDE is where IDE is
            self.registers[0x61:0x6E] = self.registers[at + 1:at + 14]
            self.registers[CANINTF] |= 0x01
        self.registers[CANINTF] |= 0x04 << n

    def message(self):
        command = yield 0xFF
        if command == RESET:
            self.reset()
        elif command in (READ, WRITE, BIT_MODIFY):
            address = yield 0xFF
            mask = (yield 0xFF) if command == BIT_MODIFY else 0xFF
            while True:
                old = self.registers[address & 0x7F]
                value = yield old if command == READ else 0xFF
                if command != READ:
                    self.load(address, old & ~mask | value & mask)
                address += 1
        elif command & 0xF8 == 0x80:
            self.requests = command & 7
        elif command & 0xF8 == 0x40:
            address = 0x30 + 0x10 * (command >> 1 & 3) + (6 if command & 1 else 1)
            while True:
                self.load(address, (yield 0xFF))
                address += 1
        elif command & 0xF9 == 0x90:
            yield from self.read_buffer(command >> 2 & 1, 6 if command & 2 else 1)
        while True:
            yield 0xFF

    def read_buffer(self, n, offset):
        try:
            for byte in self.registers[0x60 + 0x10 * n + offset:0x6E + 0x10 * n]:
                yield byte
        finally:
            # The release clears the flag.
            self.registers[CANINTF] &= ~(1 << n)


spi_chip.run(Mcp2515())
