#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An ADXL345 accelerometer for sim:socket=SOCKET: see ../chip-protocol.md.
Usage: adxl345.py SOCKET [X Y Z]      what it measures, in units of 3.9 mg
"""
import pathlib
import socketserver
import struct
import sys

HELLO, SELECT, TRANSFER, RESULT, DESELECT = range(1, 6)
SENDS, RECEIVES = 1, 2  # flags of a transfer
READ, MULTIPLE = 0x80, 0x40  # bits of the first byte of a message


class Adxl345:
    def __init__(self, axes):
        self.registers = bytearray(64)
        self.registers[0x00] = 0xE5  # DEVID
        self.registers[0x2C] = 0x0A  # BW_RATE: 100 Hz
        self.registers[0x32:0x38] = struct.pack("<3h", *axes)

    def select(self):
        self.command = None

    def clock(self, byte):
        if self.command is None:
            self.command, self.address = byte, byte & 0x3F
            return 0
        answer = self.registers[self.address] if self.command & READ else 0
        if not self.command & READ and 0x1D <= self.address < 0x30:
            self.registers[self.address] = byte
        if self.command & MULTIPLE:
            self.address = (self.address + 1) & 0x3F
        return answer

    def transfer(self, mode, sent):
        mode_is_right = mode & 3 == 3  # CPOL and CPHA
        return bytes(map(self.clock, sent)) if mode_is_right else b"\xff" * len(sent)


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        while header := self.rfile.read(8):
            size, kind = struct.unpack("=IB3x", header)
            body = self.rfile.read(size - 8)
            if kind == HELLO:
                self.wfile.write(struct.pack("=IB3x4sHHI", 20, HELLO, b"SPIC", 1, 0, 0))
            elif kind == SELECT:
                chip.select()
            elif kind == TRANSFER:
                _, mode, _, _, _, flags, length = struct.unpack_from("=IIBBBBI", body)
                data = chip.transfer(mode, body[16:] if flags & SENDS else bytes(length))
                data = data if flags & RECEIVES else b""
                self.wfile.write(struct.pack("=IB3xI", 12 + len(data), RESULT, 0) + data)


chip = Adxl345([int(axis) for axis in sys.argv[2:5]] or [0, 0, 256])
pathlib.Path(sys.argv[1]).unlink(missing_ok=True)
socketserver.UnixStreamServer(sys.argv[1], Connection).serve_forever()
