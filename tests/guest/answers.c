// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/answers.h"

#define CHIPS "tests/guest/chips/"
#define IIO   "$CHIP/iio:device0/"
#define TPM   "/sys/class/tpm/tpm0/"

/* Shell commands in the guest: @file says @value. */
#define SAYS(file, value)                                                 \
	"{ x=$(cat " file "); echo \"" file ": $x\"; [ \"$x\" = \"" value \
	"\" ]; }"

/* Bytes come back from a file of @device, of @size each, at number @at. */
#define KEEPS(device, size, at)                                     \
	"head -c " size " /dev/urandom >/run/a; "                   \
	"dd if=/run/a of=" device " bs=" size " seek=" at " 2>&1; " \
	"dd if=" device " of=/run/b bs=" size " skip=" at           \
	" count=1 2>&1; cmp /run/a /run/b"

/* SPI_TX_DUAL, SPI_RX_DUAL and so on: what the lines of the board can do */
#define DUAL "0x500"
#define QUAD "0xa00"

#define MTD  "/dev/$(ls $CHIP/mtd | grep -v ro)"

/*
 * UBI takes 4 MiB of the flash, which it finds empty, and what it has written
 * there when it begins anew: its log tells the number of both.
 */
#define UBI_BEGINS \
	"modprobe ubi mtd=ubi && [ -e /sys/class/ubi/ubi0 ] && rmmod ubi"
#define UBI                                                              \
	"guest-spi mtdpart " MTD " ubi 0x400000 0x400000 && " UBI_BEGINS \
	" && " UBI_BEGINS " && [ $(dmesg | "                             \
	"sed -n 's/.*image sequence number: //p' | tail -n 2 | "         \
	"uniq | wc -l) = 1 ]"

/* A network interface that is up, and sends what the kernel does then. */
#define SENDS                                                            \
	"n=$(ls $CHIP/net); net=$CHIP/net/$n; ip link set $n up; "       \
	"ip addr add 192.0.2.1/24 dev $n; "                              \
	"ping -c 1 -W 1 192.0.2.2 >/dev/null; "                          \
	"x=$(cat $net/statistics/tx_packets) link=$(cat $net/carrier); " \
	"ip link set $n down; "                                          \
	"echo \"$x sent, link $link\"; [ $x -gt 0 ] && [ \"$link\" = 1 ]"

const struct answer answers[] = {
	{
		.part = "AT25256",
		.job = "300 bytes, written and read",
		.framing = "eeprom",
		.trial = {
			.module = "at25",
			.board = "at25:1000000:0:size=32768:pagesize=64:"
				 "address-width=16",
			.chip = "sim:eeprom",
			.check = KEEPS("$(echo $CHIP/*/nvmem)", "300", "1"),
		},
	},
	{
		.part = "BMP280",
		.job = "temperature and pressure",
		.framing = "linux",
		.trial = {
			.module = "bmp280_spi",
			.board = "bmp280:1000000",
			.chip = "sim:regs,file=docs/chips/bmp280.regs",
			.check = SAYS(IIO "in_temp_input", "25080.000000000")
			" && " SAYS(IIO "in_pressure_input", "100.653253906"),
		},
	},
	{
		.part = "LIS3DH",
		.job = "two axes",
		.framing = "linux",
		.trial = {
			.module = "st_accel_spi",
			.board = "lis3dh:1000000",
			.chip = "sim:regs,file=" CHIPS "lis3dh.regs",
			.check = SAYS(IIO "in_accel_x_raw", "-3")
			" && " SAYS(IIO "in_accel_z_raw", "250"),
		},
	},
	{
		.part = "MAX31856",
		.job = "a temperature",
		.framing = "linux",
		.broken = "its buffer is on the stack",
		.trial = {
			.module = "max31856",
			.board = "max31856:1000000:1",
			.chip = "sim:regs,file=" CHIPS "max31856.regs",
			.check = SAYS(IIO "in_temp_raw", "32000"),
		},
	},
	{
		.part = "BMI160",
		.job = "two axes",
		.framing = "linux",
		.trial = {
			.module = "bmi160_spi",
			.board = "bmi160:1000000",
			.chip = "sim:regs,file=" CHIPS "bmi160.regs",
			.check = SAYS(IIO "in_accel_y_raw", "-1000")
			" && " SAYS(IIO "in_anglvel_z_raw", "-3"),
		},
	},
	{
		.part = "AD7124-4",
		.job = "a conversion",
		.framing = "linux",
		.but = "it holds the chip over messages, which is not needed",
		.trial = {
			.module = "ad7124",
			.board = "ad7124-4:1000000:3:interrupts:"
				 "refin1-supply=2500000",
			.chip = CHIPS "ad7124.py",
			.check = SAYS(IIO "in_temp_raw", "8463173"),
		},
	},
	{
		.part = "MCP2515",
		.job = "a CAN frame, looped back",
		.framing = "linux",
		.trial = {
			.module = "mcp251x",
			.board = "mcp2515:1000000:0:interrupts:"
				 "clock-frequency=16000000",
			.chip = CHIPS "mcp2515.py",
			.check = "guest-spi can $(ls $CHIP/net) 0x123 "
				 "0102030405060708",
		},
	},
	{
		.part = "ChromeOS EC",
		.job = "the protocol of the EC",
		.framing = "transfer",
		.broken = "the guest does not send the end of its messages",
		.trial = {
			.module = "cros_ec_spi",
			.board = "cros-ec-spi:1000000",
			.chip = CHIPS "cros_ec.py",
			.check = "ls $CHIP | grep cros-ec-dev",
		},
	},
	{
		.part = "ADS7846",
		.job = "a temperature",
		.framing = "linux",
		.but = "each conversion is a message, which is fine",
		.trial = {
			.module = "ads7846",
			.board = "ads7846:1000000:0:interrupts:pendown-gpios=0",
			.chip = CHIPS "ads7846.py",
			.check = SAYS("$CHIP/hwmon/hwmon*/temp1", "1844"),
		},
	},
	{
		.part = "TPM 2.0",
		.job = "/dev/tpm0, a PCR",
		.framing = "transfer",
		.by_auto = true,
		.trial = {
			.module = "tpm_tis_spi",
			.board = "tpm_tis_spi:1000000",
			.chip = CHIPS "tpm.py",
			.check = "[ -c /dev/tpm0 ] && "
			SAYS(TPM "tpm_version_major", "2") " && "
			SAYS(TPM "pcr-sha256/0",
			     "00000000000000000000000000000000"
			     "00000000000000000000000000000000"),
		},
	},
	{
		.part = "AT45DB081D",
		.job = "11 bytes, written and read",
		.framing = "at45",
		.by_auto = true,
		.trial = {
			.module = "mtd_dataflash",
			.board = "at45:1000000",
			.chip = CHIPS "at45.py",
			.check = KEEPS(MTD, "11", "70"),
		},
	},
	{
		.part = "W25N512GW",
		.job = "128 KiB, erased, written and read; UBI on 4 MiB",
		.framing = "nand",
		.by_auto = true,
		.auto_is_late = true,
		.trial = {
			.module = "spinand",
			.board = "spi-nand:1000000",
			.chip = "sim:nand,size=64M,bad=3",
			.check = "guest-spi mtd " MTD " 0x20000 0x20000 1 && "
				UBI,
		},
	},
	{
		.part = "MCP2518FD",
		.job = "a CAN frame, looped back",
		.framing = "linux",
		.trial = {
			.module = "mcp251xfd",
			.board = "mcp2518fd:1000000:0:interrupts:"
				 "clock-frequency=40000000",
			.chip = CHIPS "mcp2518fd.py",
			.check = "guest-spi can $(ls $CHIP/net) 0x123 "
				 "0102030405060708",
		},
	},
	{
		.part = "an SD card",
		.job = "4 KiB, written and read",
		.framing = "transfer",
		.but = "it releases the chip without a message: the daemon is "
		       "not told",
		.but_patched = true,
		.trial = {
			.module = "mmc_spi",
			.board = "mmc-spi-slot:1000000",
			.chip = CHIPS "sd_card.py",
			.check = "modprobe mmc_block; "
				 "until [ -b /dev/mmcblk0 ]; do sleep 0.1; "
				 "done; head -c 4096 /dev/urandom >/run/a; "
				 "dd if=/run/a of=/dev/mmcblk0 seek=3 bs=4096 "
				 "conv=fsync 2>&1; "
				 "echo 3 >/proc/sys/vm/drop_caches; "
				 "dd if=/dev/mmcblk0 of=/run/b skip=3 bs=4096 "
				 "count=1 2>&1; cmp /run/a /run/b",
		},
	},
	{
		.part = "ENC28J60",
		.job = "frames sent",
		.framing = "linux",
		.trial = {
			.module = "enc28j60",
			.board = "enc28j60:1000000:0:interrupts",
			.chip = CHIPS "enc28j60.py",
			.check = SENDS,
		},
	},
	{
		.part = "KS8851SNL",
		.job = "its address, frames sent; writes of registers fail, "
		       "as their buffer is on the stack",
		.framing = "table:docs/chips/ks8851.table",
		.trial = {
			.module = "ks8851_spi",
			.board = "ks8851:1000000:0:interrupts:"
				 "vdd-supply=3300000:vdd-io-supply=1800000",
			.chip = CHIPS "ks8851.py",
			.check = SAYS("$CHIP/net/*/address",
				      "02:00:00:00:88:51") " && { " SENDS "; }",
		},
	},
	{
		.part = "a NOR flash of 32 MiB",
		.job = "4 KiB behind 16 MiB, erased, written and read",
		.framing = "nor",
		.trial = {
			.module = "spi_nor",
			.board = "spi-nor:1000000",
			.chip = "sim:nor,size=32M",
			.check = "guest-spi mtd " MTD " 0x1800000 0x1000 1",
		},
	},
	{
		.part = "a NOR flash that only SFDP describes",
		.job = "4 KiB, erased, written and read",
		.framing = "auto",
		.trial = {
			.module = "spi_nor",
			.board = "spi-nor:1000000",
			.chip = "sim:nor,size=8M,id=253144",
			.check = "guest-spi mtd " MTD " 0x10000 0x1000 1",
		},
	},
	{
		.part = "a NOR flash with two lines",
		.job = "4 KiB, erased, written and read",
		.framing = "auto",
		.trial = {
			.module = "spi_nor",
			.board = "spi-nor:1000000:" DUAL,
			.chip = "sim:nor,size=16M",
			.check = "guest-spi mtd " MTD " 0x10000 0x1000 1",
		},
	},
	{
		.part = "a NOR flash with four lines",
		.job = "4 KiB, erased, written and read",
		.framing = "auto",
		.trial = {
			.module = "spi_nor",
			.board = "spi-nor:1000000:" QUAD,
			.chip = "sim:nor,size=16M",
			.check = "guest-spi mtd " MTD " 0x10000 0x1000 1",
		},
	},
};

const size_t answer_count = sizeof(answers) / sizeof(*answers);
