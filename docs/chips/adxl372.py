#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An ADXL372 accelerometer for sim:socket=SOCKET: see ../chip-protocol.md.

Usage: adxl372.py SOCKET [X Y Z]      what it measures, in units of 100 mg
"""
import pathlib
import socketserver
import struct
import sys

HELLO, SELECT, TRANSFER, RESULT, DESELECT = range(1, 6)
SENDS, RECEIVES = 1, 2  # flags of a transfer


class Adxl372:
    def __init__(self, axes):
        self.registers = bytearray(128)
        self.registers[0x00:0x04] = b"\xad\x1d\xfa\x03"  # DEVID, PARTID, REVID
        self.registers[0x04] = 0x01  # STATUS: DATA_RDY
        # 12 bits each, the highest first
        self.registers[0x08:0x0E] = struct.pack(">3h", *(axis << 4 for axis in axes))

    def select(self):
        self.address = None

    def clock(self, byte):
        if self.address is None:
            self.address, self.reads = byte >> 1, byte & 1
            return 0
        answer = self.registers[self.address] if self.reads else 0
        if not self.reads and 0x20 <= self.address < 0x48:
            self.registers[self.address] = byte
        self.address = (self.address + 1) & 0x7F
        return answer

    def transfer(self, mode, sent):
        return bytes(map(self.clock, sent)) if mode & 3 == 0 else b"\xff" * len(sent)


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


chip = Adxl372([int(axis) for axis in sys.argv[2:5]] or [0, 0, 10])
pathlib.Path(sys.argv[1]).unlink(missing_ok=True)
socketserver.UnixStreamServer(sys.argv[1], Connection).serve_forever()
