#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An AT45DB081D DataFlash with pages of 264 bytes, for sim:socket=SOCKET."""
import spi_chip

PAGE, PAGES = 264, 4096
READY, DENSITY_8M = 0x80, 0x24
READ, READ_ID, STATUS = 0xE8, 0x9F, 0xD7
PAGE_TO_BUFFER, PROGRAM, ERASE_PAGE, ERASE_BLOCK = 0x53, 0x82, 0x81, 0x50


class At45(spi_chip.Chip):
    def __init__(self):
        self.pages = [bytearray(b"\xff" * PAGE) for _ in range(PAGES)]
        self.buffer = bytearray(PAGE)
        self.effect = None

    def released(self):
        if self.effect:
            self.effect()
        self.effect = None

    def erase(self, first, count):
        for page in range(first, first + count):
            self.pages[page] = bytearray(b"\xff" * PAGE)

    def load(self, page):
        self.buffer = bytearray(self.pages[page])

    def program(self, page):
        self.pages[page] = bytearray(self.buffer)

    def send(self, data):
        for byte in data:
            yield byte
        while True:
            yield 0xFF

    def message(self):
        command = yield 0xFF
        if command == STATUS:
            while True:
                yield READY | DENSITY_8M
        if command == READ_ID:
            yield from self.send(b"\x1f\x25\x00\x00")
        address = 0
        for _ in range(3):
            address = address << 8 | (yield 0xFF)
        page, byte = address >> 9 & PAGES - 1, min(address & 0x1FF, PAGE - 1)
        if command == READ:
            for _ in range(4):
                yield 0xFF
            while True:
                yield self.pages[page][byte]
                byte = (byte + 1) % PAGE
                page = (page + (byte == 0)) % PAGES
        if command == PAGE_TO_BUFFER:
            self.effect = lambda: self.load(page)
        elif command == PROGRAM:
            self.effect = lambda: self.program(page)
            while True:
                self.buffer[byte] = yield 0xFF
                byte = (byte + 1) % PAGE
        elif command == ERASE_PAGE:
            self.effect = lambda: self.erase(page, 1)
        elif command == ERASE_BLOCK:
            self.effect = lambda: self.erase(page & ~7, 8)
        while True:
            yield 0xFF


spi_chip.run(At45())
