#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An ENC28J60 Ethernet controller, for sim:socket=SOCKET: its cable is plugged
in, what it sends is lost, and nothing is received."""
import spi_chip

READ, READ_BUFFER, WRITE, WRITE_BUFFER, SET, CLEAR, RESET = 0, 1, 2, 3, 4, 5, 7
EIR, ESTAT, ECON1, COMMON = 0x1C, 0x1D, 0x1F, 0x1B  # those from here on
READ_POINTER, WRITE_POINTER = 0x00, 0x02  # of bank 0
CLOCK_READY, SENT, SEND = 0x01, 0x08, 0x08
MEMORY = 0x2000


class Enc28j60(spi_chip.Chip):
    modes = (0,)

    def __init__(self):
        self.memory = bytearray(MEMORY)
        self.reset()

    def reset(self):
        self.banks = [bytearray(32) for _ in range(4)]
        self.banks[0][ESTAT] = CLOCK_READY
        self.banks[2][0x19] = 0x04  # of any register of the PHY: there is a link
        self.banks[3][0x12] = 6     # the revision

    def bank(self, address):
        return self.banks[0 if address >= COMMON else self.banks[0][ECON1] & 3]

    def has_dummy(self, address):
        number = self.banks[0][ECON1] & 3
        mac = number == 2 or number == 3 and (address < 6 or address == 0x0A)
        return mac and address < COMMON

    def store(self, address, value):
        self.bank(address)[address] = value
        if address == ECON1 and value & SEND:
            self.banks[0][ECON1] &= ~SEND
            self.banks[0][EIR] |= SENT

    def next_byte(self, pointer):
        low, high = self.banks[0][pointer:pointer + 2]
        at = (high << 8 | low) % MEMORY
        self.banks[0][pointer:pointer + 2] = ((at + 1) % MEMORY).to_bytes(2, "little")
        return at

    def message(self):
        first = yield 0xFF
        command, address = first >> 5, first & 0x1F
        if command == READ:
            if self.has_dummy(address):
                yield 0
            while True:
                yield self.bank(address)[address]
        elif command == READ_BUFFER:
            while True:
                yield self.memory[self.next_byte(READ_POINTER)]
        elif command == WRITE_BUFFER:
            while True:
                byte = yield 0xFF
                self.memory[self.next_byte(WRITE_POINTER)] = byte
        elif command == RESET:
            self.reset()
        else:
            value, old = (yield 0xFF), self.bank(address)[address]
            if command == SET:
                value |= old
            elif command == CLEAR:
                value = old & ~value
            self.store(address, value)
        while True:
            yield 0xFF


spi_chip.run(Enc28j60())
