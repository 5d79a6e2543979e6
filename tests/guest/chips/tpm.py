#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A TPM 2.0 with the register interface of the TCG's PC client profile, for
sim:socket=SOCKET. It knows the few commands that Linux needs to take it, and
gives random numbers, which are 4, 4, 4..."""
import struct

import spi_chip

ACCESS, INTF_CAPS, STS, FIFO, DID_VID, RID = 0x00, 0x14, 0x18, 0x24, 0xF00, 0xF04
VALID, READY, GO, AVAILABLE, EXPECT = 0x80, 0x40, 0x20, 0x10, 0x08
SELF_TEST, STARTUP, GET_CAPABILITY, GET_RANDOM, PCR_READ = 0x143, 0x144, 0x17A, 0x17B, 0x17E
COMMANDS = (SELF_TEST, STARTUP, GET_CAPABILITY, GET_RANDOM, PCR_READ)
CAP_COMMANDS, CAP_PCRS, CAP_PROPERTIES = 2, 5, 6
SHA256, ALL_PCRS = 0x0B, b"\xff\xff\xff"


def capability(what, first, count):
    head = struct.pack(">BI", 0, what)
    if what == CAP_COMMANDS:
        codes = [code for code in COMMANDS if code >= first][:count]
        return head + struct.pack(f">I{len(codes)}I", len(codes), *codes)
    if what == CAP_PCRS:
        return head + struct.pack(">IHB", 1, SHA256, 3) + ALL_PCRS
    values = {0x100: 0x322E3000, 0x105: 0x53494D00, 0x129: len(COMMANDS)}
    found = [(name, value) for name, value in values.items() if name >= first][:count]
    return head + struct.pack(">I", len(found)) + b"".join(
        struct.pack(">II", *pair) for pair in found)


def answer(command):
    code, parameters = struct.unpack_from(">I", command, 6)[0], command[10:]
    data = b""
    error = 0
    if code == GET_CAPABILITY:
        data = capability(*struct.unpack(">III", parameters[:12]))
    elif code == GET_RANDOM:
        count = min(struct.unpack(">H", parameters[:2])[0], 32)
        data = struct.pack(">H", count) + b"\x04" * count
    elif code == PCR_READ:
        data = struct.pack(">I", 1) + parameters[:10] + struct.pack(">IH", 1, 32) + bytes(32)
    elif code not in COMMANDS:
        error = 0x143  # TPM_RC_COMMAND_CODE
    return struct.pack(">HII", 0x8001, 10 + len(data), error) + data


class Tpm(spi_chip.Chip):
    def __init__(self):
        self.active = False  # locality 0 is
        self.command = bytearray()
        self.response = b""
        self.ready = False

    def status(self):
        bits = VALID | (READY if self.ready and not self.command else 0)
        if self.ready and (len(self.command) < 6 or len(self.command) < self.wanted()):
            bits |= EXPECT if self.command else 0
        return bits | (AVAILABLE if self.response else 0)

    def wanted(self):
        return struct.unpack_from(">I", self.command, 2)[0]

    def read(self, address):
        register = address & 0xFFC
        if register == FIFO:
            byte, self.response = self.response[:1] or b"\xff", self.response[1:]
            return byte[0]
        value = {
            ACCESS: 0x81 | (0x20 if self.active else 0),
            INTF_CAPS: 0x30000697,
            STS: 0x04000000 | 64 << 8 | self.status(),  # TPM 2.0, bursts of 64
            DID_VID: 0x00011014,
            RID: 1,
        }.get(register, 0)
        return value >> 8 * (address & 3) & 0xFF

    def write(self, address, byte):
        if address == ACCESS:
            self.active = bool(byte & 0x02) or self.active and not byte & 0x20
        elif address == STS and byte & READY:
            self.command, self.response, self.ready = bytearray(), b"", True
        elif address == STS and byte & GO:
            self.response, self.ready = answer(bytes(self.command)), False
            self.command = bytearray()
        elif address & 0xFFC == FIFO and self.ready:
            self.command.append(byte)

    def message(self):
        header = [(yield 0)]
        for i in range(3):
            # The lowest bit of the last one: the data may follow at once.
            header.append((yield 1 if i == 2 else 0))
        address = header[2] << 8 | header[3]
        for i in range((header[0] & 0x3F) + 1):
            at = address if address & 0xFFC == FIFO else address + i
            if header[0] & 0x80:
                yield self.read(at & 0xFFF)
            else:
                self.write(at & 0xFFF, (yield 0))
        while True:
            yield 0xFF


spi_chip.run(Tpm())
