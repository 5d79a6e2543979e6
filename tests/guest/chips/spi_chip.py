# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A chip for sim:socket=SOCKET, one byte after the other: see chip-protocol.md.

    class Reverse(spi_chip.Chip):
        def message(self):
            sent = yield 0          # what goes out while the first byte comes in
            while True:
                sent = yield sent ^ 0xFF

    spi_chip.run(Reverse())
"""
import pathlib
import socketserver
import struct
import sys

HELLO, SELECT, TRANSFER, RESULT, DESELECT = range(1, 6)
SENDS, RECEIVES = 1, 2  # flags of a transfer


class Chip:
    modes = (0, 3)  # what SPI modes it understands

    def message(self):
        """A generator, for the time from select to release: it yields a byte to
        send, and gets the byte that is received meanwhile."""
        raise NotImplementedError

    def released(self):
        """The message is over: what was sent takes effect."""


class Connection(socketserver.StreamRequestHandler):
    chip = None
    bytes = None  # the generator of this message

    def end_message(self):
        if self.bytes:
            self.bytes.close()
            self.bytes = None
            self.chip.released()

    def clock(self, mode, sent):
        if self.bytes is None:
            self.bytes = self.chip.message()
            self.out = next(self.bytes)
        if mode & 3 not in self.chip.modes:
            return b"\xff" * len(sent)
        answer = bytearray()
        for byte in sent:
            answer.append(self.out & 0xFF)
            self.out = self.bytes.send(byte)
        return bytes(answer)

    def handle(self):
        while header := self.rfile.read(8):
            size, kind = struct.unpack("=IB3x", header)
            body = self.rfile.read(size - 8)
            if kind == HELLO:
                self.wfile.write(struct.pack("=IB3x4sHHI", 20, HELLO, b"SPIC", 1, 0, 0))
            elif kind in (SELECT, DESELECT):
                self.end_message()
            elif kind == TRANSFER:
                _, mode, _, _, _, flags, length = struct.unpack_from("=IIBBBBI", body)
                data = self.clock(mode, body[16:] if flags & SENDS else bytes(length))
                data = data if flags & RECEIVES else b""
                self.wfile.write(struct.pack("=IB3xI", 12 + len(data), RESULT, 0) + data)
        self.end_message()


def run(chip):
    """Serves the socket that the first argument names."""
    Connection.chip = chip
    pathlib.Path(sys.argv[1]).unlink(missing_ok=True)
    socketserver.UnixStreamServer(sys.argv[1], Connection).serve_forever()
