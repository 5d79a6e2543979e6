#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An MCP2518FD CAN controller without a bus, for sim:socket=SOCKET: its
registers, its memory, and the modes that its driver asks for."""
import spi_chip

RESET, WRITE, READ, WRITE_CRC, READ_CRC, WRITE_SAFE = 0x0, 0x2, 0x3, 0xA, 0xB, 0xC
C1CON, OSC, MEMORY, SIZE = 0x000, 0xE00, range(0x400, 0xC00), 0x1000
READY = 0x04  # of the second byte of OSC: the oscillator is


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x8005 if crc & 0x8000 else 0)) & 0xFFFF
    return crc.to_bytes(2, "big")


class Mcp2518fd(spi_chip.Chip):
    def __init__(self):
        self.reset()

    def reset(self):
        self.bytes = bytearray(SIZE)
        self.bytes[C1CON:C1CON + 4] = b"\x60\x07\x98\x04"
        self.bytes[OSC:OSC + 2] = bytes((0x60, READY))

    def store(self, address, value):
        address %= SIZE
        if address == OSC + 1:
            return
        if address == C1CON + 2:
            value = value & 0x1F | self.bytes[address] & 0xE0
        self.bytes[address] = value
        if address == C1CON + 3:
            # The mode is the one that is asked for, at once.
            mode = self.bytes[C1CON + 2] & 0x1F | (value & 7) << 5
            self.bytes[C1CON + 2] = mode

    def message(self):
        first = yield 0xFF
        second = yield 0xFF
        command, address = first >> 4, (first & 0x0F) << 8 | second
        if command == RESET:
            self.reset()
        elif command == READ:
            while True:
                yield self.bytes[address % SIZE]
                address += 1
        elif command == WRITE:
            while True:
                self.store(address, (yield 0xFF))
                address += 1
        elif command == READ_CRC:
            count = yield 0xFF
            end = address + count * (4 if address in MEMORY else 1)
            data = self.bytes[address:end]
            for byte in data + crc16(bytes((first, second, count)) + data):
                yield byte
        elif command in (WRITE_CRC, WRITE_SAFE):
            count = (yield 0xFF) if command == WRITE_CRC else 4
            for n in range(count * (4 if address in MEMORY else 1)):
                self.store(address + n, (yield 0xFF))
        while True:
            yield 0xFF


spi_chip.run(Mcp2518fd())
