#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An MCP2518FD CAN controller with nothing but itself on its bus, for
sim:socket=SOCKET: what it sends in loopback mode it receives."""
import time

import spi_chip

RESET, WRITE, READ, WRITE_CRC, READ_CRC, WRITE_SAFE = 0x0, 0x2, 0x3, 0xA, 0xB, 0xC
CON, TBC, INT, RXIF, TEFCON, FIFOCON = 0x000, 0x010, 0x01C, 0x020, 0x040, 0x05C
FILTER, OSC, RAM, MEMORY, SIZE = 0x1D0, 0xE00, 0x400, range(0x400, 0xC00), 0x1000
READY = 0x04  # of the second byte of OSC: the oscillator is
LOOPBACK = 2  # a mode
TRANSMIT, NOT_EMPTY_IE = 0x80, 0x01  # of a queue's first byte
NEXT, REQUEST, CLEAR = 0x01, 0x02, 0x04  # of its second
NOT_EMPTY, FULL = 0x01, 0x04  # of its status
RX, TEF = 0x02, 0x10  # interrupts
PAYLOAD = (8, 12, 16, 20, 24, 32, 48, 64)


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x8005 if crc & 0x8000 else 0)) & 0xFFFF
    return crc.to_bytes(2, "big")


def ticks():
    """The time stamp, at 40 MHz."""
    return (time.monotonic_ns() // 25 & 0xFFFFFFFF).to_bytes(4, "little")


class Queue:
    """Objects in the memory, as the register at @con says. What was sent or
    received has a time stamp."""

    def __init__(self, chip, con):
        self.chip, self.con = chip, con
        self.clear()

    def clear(self):
        self.head = self.tail = self.used = 0

    def flag(self, bit):
        return bool(self.chip.bytes[self.con] & bit)

    def transmits(self):
        return self.con != TEFCON and self.flag(TRANSMIT)

    def depth(self):
        return (self.chip.bytes[self.con + 3] & 0x1F) + 1

    def size(self):
        payload = PAYLOAD[self.chip.bytes[self.con + 3] >> 5]
        if self.transmits():
            return 8 + payload
        return 12 + (0 if self.con == TEFCON else payload)

    def base(self):
        """Queues are one behind the other."""
        address = RAM
        for queue in self.chip.queues:
            if queue is self:
                return address
            address += queue.depth() * queue.size()

    def at(self, index):
        start = self.base() + index * self.size()
        return slice(start, start + self.size())

    def put(self, data):
        if self.used == self.depth():
            return
        where = self.at(self.head)
        self.chip.bytes[where] = data.ljust(self.size(), b"\0")[:self.size()]
        self.append()

    def append(self):
        self.head = (self.head + 1) % self.depth()
        self.used += 1

    def take(self):
        data = bytes(self.chip.bytes[self.at(self.tail)])
        self.tail = (self.tail + 1) % self.depth()
        self.used -= 1
        return data

    def refresh(self):
        """The registers of its status and of the address that is next."""
        empty, full = self.used == 0, self.used == self.depth()
        if self.transmits():
            status = (0 if full else NOT_EMPTY) | (FULL if empty else 0)
            index, address = self.tail, self.at(self.head).start
        else:
            status = (0 if empty else NOT_EMPTY) | (FULL if full else 0)
            index, address = self.head, self.at(self.tail).start
        self.chip.bytes[self.con + 4:self.con + 6] = bytes((status, index))
        self.chip.bytes[self.con + 8:self.con + 10] = (
            (address - RAM).to_bytes(2, "little"))


class Mcp2518fd(spi_chip.Chip):
    def __init__(self):
        self.reset()

    def reset(self):
        self.bytes = bytearray(SIZE)
        self.bytes[CON:CON + 4] = b"\x60\x07\x98\x04"
        self.bytes[OSC:OSC + 2] = bytes((0x60, READY))
        self.queues = [Queue(self, TEFCON)]
        self.queues += [Queue(self, FIFOCON + 12 * n) for n in range(31)]
        self.refresh()

    def refresh(self):
        pending = interrupts = 0
        for number, queue in enumerate(self.queues):
            queue.refresh()
            if queue.transmits() or not queue.used or not queue.flag(NOT_EMPTY_IE):
                continue
            interrupts |= RX if number else TEF
            pending |= 1 << number if number else 0
        self.bytes[INT] = self.bytes[INT] & ~(RX | TEF) | interrupts
        self.bytes[TBC:TBC + 4] = ticks()
        self.bytes[RXIF:RXIF + 4] = pending.to_bytes(4, "little")

    def send(self, queue):
        receiver = self.bytes[FILTER]  # of the first filter: 80h is on
        while queue.used and self.bytes[CON + 2] >> 5 == LOOPBACK:
            frame = queue.take()
            stamp = ticks()
            self.queues[0].put(frame[:8] + stamp)
            if receiver & 0x80:
                to = self.queues[receiver & 0x1F]
                to.put(frame[:5] + bytes(3) + stamp + frame[8:])

    def command(self, queue, value):
        if value & CLEAR:
            queue.clear()
        if value & NEXT:
            queue.append() if queue.transmits() else queue.take()
        if value & REQUEST:
            self.send(queue)

    def store(self, address, value):
        address %= SIZE
        if address == OSC + 1:
            return
        if address == CON + 2:
            value = value & 0x1F | self.bytes[address] & 0xE0
        self.bytes[address] = value
        if address == CON + 3:
            # The mode is the one that is asked for, at once.
            mode = self.bytes[CON + 2] & 0x1F | (value & 7) << 5
            self.bytes[CON + 2] = mode
        for queue in self.queues:
            if address == queue.con + 1:
                self.bytes[address] = 0
                self.command(queue, value)

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

    def released(self):
        self.refresh()


spi_chip.run(Mcp2518fd())
