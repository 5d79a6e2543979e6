#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An SDHC card of 8 MiB in SPI mode, for sim:socket=SOCKET."""
import binascii

import spi_chip

BLOCK, BLOCKS = 512, 16384
IDLE, ILLEGAL, BAD_CRC = 0x01, 0x04, 0x08  # bits of R1
BEGIN, BEGIN_NEXT, STOP = 0xFE, 0xFC, 0xFD  # tokens
ACCEPTED, REFUSED = 0x05, 0x0B  # what becomes of a block
OCR = b"\xc0\xff\x80\x00"  # ready, of high capacity
CSD = bytes.fromhex("400e003211590000000f7f800a400001")  # 16 times 512 KiB
CID = b"\x03SPTEST8\x10\x00\x00\x00\x01\x01\xa1\x01"
SCR = bytes.fromhex("0005000000000000")


def crc7(data):
    crc = 0
    for byte in data:
        for bit in range(7, -1, -1):
            crc = crc << 1 ^ (0x09 if (crc >> 6 ^ byte >> bit) & 1 else 0)
            crc &= 0x7F
    return crc << 1 | 1


class SdCard(spi_chip.Chip):
    """A message is not a unit for the card: it goes on where it was."""

    def __init__(self):
        self.blocks = {}
        self.idle = IDLE
        self.is_application = False
        self.card = self.work()
        self.out = next(self.card)

    def message(self):
        while True:
            self.out = self.card.send((yield self.out))

    def send(self, data):
        for byte in data:
            received = yield byte
        return received

    def receive(self, count):
        data = bytearray()
        for _ in range(count):
            data.append((yield 0xFF))
        return bytes(data)

    def send_block(self, data):
        """Returns the byte received last: a command may begin meanwhile."""
        yield 0xFF
        crc = binascii.crc_hqx(data, 0).to_bytes(2, "big")
        for byte in bytes([BEGIN]) + data + crc:
            received = yield byte
            if received & 0xC0 == 0x40:
                return received
        return 0xFF

    def send_blocks(self, number):
        received = 0xFF
        while received & 0xC0 != 0x40:
            received = yield from self.send_block(self.block(number))
            number += 1
        return received

    def receive_block(self, number):
        data = yield from self.receive(BLOCK)
        crc = yield from self.receive(2)
        good = binascii.crc_hqx(data, 0).to_bytes(2, "big") == crc
        if good:
            self.blocks[number] = data
        yield from self.send([ACCEPTED if good else REFUSED, 0x00])

    def receive_blocks(self, number):
        while True:
            token = yield 0xFF
            if token == BEGIN_NEXT:
                yield from self.receive_block(number)
                number += 1
            elif token == STOP:
                yield from self.send([0xFF, 0x00])
                return

    def block(self, number):
        return self.blocks.get(number, bytes(BLOCK))

    def application(self, command):
        """Commands behind CMD55. Returns the byte received last."""
        if command == 13:  # the card's status
            yield from self.send([self.idle, 0])
            return (yield from self.send_block(bytes(64)))
        if command == 41:  # begin to work
            self.idle = 0
            return (yield 0)
        if command == 51:
            yield self.idle
            return (yield from self.send_block(SCR))
        return (yield self.idle | ILLEGAL)

    def execute(self, command, argument):
        """Returns the byte received last."""
        if command == 0:
            self.idle = IDLE
            return (yield self.idle)
        if command == 8:  # the voltage
            return (yield from self.send([self.idle, 0, 0, 1, argument & 0xFF]))
        if command in (9, 10):
            yield self.idle
            return (yield from self.send_block(CSD if command == 9 else CID))
        if command == 12:  # the end of a read of several blocks
            return (yield from self.send([0xFF, self.idle, 0x00]))
        if command == 13:
            return (yield from self.send([self.idle, 0]))
        if command == 17:
            yield self.idle
            return (yield from self.send_block(self.block(argument)))
        if command == 18:
            yield self.idle
            return (yield from self.send_blocks(argument))
        if command == 24:
            yield self.idle
            while (yield 0xFF) != BEGIN:
                pass
            return (yield from self.receive_block(argument))
        if command == 25:
            yield self.idle
            return (yield from self.receive_blocks(argument))
        if command == 58:
            return (yield from self.send(bytes([self.idle]) + OCR))
        if command in (16, 55, 59):
            self.is_application = command == 55
            return (yield self.idle)
        return (yield self.idle | ILLEGAL)

    def work(self):
        received = yield 0xFF
        while True:
            if received is None or received & 0xC0 != 0x40:
                received = yield 0xFF
                continue
            frame = bytes([received]) + (yield from self.receive(5))
            yield 0xFF
            if crc7(frame[:5]) != frame[5]:
                received = yield self.idle | BAD_CRC
                continue
            command, argument = frame[0] & 0x3F, int.from_bytes(frame[1:5], "big")
            if self.is_application:
                self.is_application = False
                received = yield from self.application(command)
            else:
                received = yield from self.execute(command, argument)


spi_chip.run(SdCard())
