#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A ChromeOS embedded controller, for sim:socket=SOCKET: packets of version 3,
and the few commands that Linux needs to take it. A request and its response are
one selection of the chip; what comes behind the response is not listened to."""
import struct

import spi_chip

RECEIVING, PROCESSING, FRAME_START, PAST_END = 0xF9, 0xFA, 0xEC, 0xED
HELLO, PROTOCOL_INFO, GET_WAKE_MASK = 0x0001, 0x000B, 0x008D
INVALID_COMMAND = 1


def execute(command, data):
    if command == HELLO:
        return 0, struct.pack("<I", struct.unpack("<I", data)[0] + 0x01020304 & 0xFFFFFFFF)
    if command == PROTOCOL_INFO:
        return 0, struct.pack("<IHHI", 1 << 3, 128, 128, 0)
    if command == GET_WAKE_MASK:
        return 0, bytes(4)
    return INVALID_COMMAND, b""


def answer(command, data):
    result, data = execute(command, data)
    packet = bytearray(struct.pack("<BBHHH", 3, 0, result, len(data), 0) + data)
    packet[1] = -sum(packet) & 0xFF
    return packet


class CrosEc(spi_chip.Chip):
    def message(self):
        header = bytearray()
        while len(header) < 8:
            header.append((yield RECEIVING))
        command, size = struct.unpack("<2xHxxH", header)
        data = bytearray()
        while len(data) < size:
            data.append((yield RECEIVING))
        yield PROCESSING
        yield FRAME_START
        for byte in answer(command, bytes(data)):
            yield byte
        while True:
            yield PAST_END


spi_chip.run(CrosEc())
