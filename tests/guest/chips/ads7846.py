#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An ADS7846 touch screen controller, for sim:socket=SOCKET.

Input N, of those that bits 6 to 4 of a command select, measures 256 * N + 52.
"""
import spi_chip


class Ads7846(spi_chip.Chip):
    def message(self):
        # A command starts a conversion: 12 bits come out behind one clock of
        # BUSY. The next command may come in with the last of them.
        coming = []
        while True:
            command = yield coming.pop(0) if coming else 0
            if command & 0x80:
                value = 256 * (command >> 4 & 7) + 52
                coming = [value >> 5, value << 3 & 0xFF]


spi_chip.run(Ads7846())
