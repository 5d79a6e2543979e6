// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver of one's own, for try.sh: a chip that answers a command of one byte
 * with its id. The property "command" is that byte; sysfs has the answer:
 *
 *	cat /sys/bus/spi/devices/spi-0.0/id
 */

#include <linux/device.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/spi/spi.h>
#include <linux/sysfs.h>

static ssize_t id_show(struct device *dev, struct device_attribute *attr,
		       char *buf)
{
	u32 command;
	int id;

	id = device_property_read_u32(dev, "command", &command);
	if (!id)
		id = spi_w8r8(to_spi_device(dev), command);
	return id < 0 ? id : sysfs_emit(buf, "%#x\n", id);
}
static DEVICE_ATTR_RO(id);

static struct attribute *spi_id_attrs[] = {
	&dev_attr_id.attr,
	NULL
};
ATTRIBUTE_GROUPS(spi_id);

static const struct spi_device_id spi_id_ids[] = {
	{ "spi-id" },
	{ }
};
MODULE_DEVICE_TABLE(spi, spi_id_ids);

static int spi_id_probe(struct spi_device *spi)
{
	return 0;
}

static struct spi_driver spi_id_driver = {
	.driver = {
		.name = "spi-id",
		.dev_groups = spi_id_groups,
	},
	.id_table = spi_id_ids,
	.probe = spi_id_probe,
};
module_spi_driver(spi_id_driver);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The vhost-device-spi authors");
MODULE_DESCRIPTION("Reads the id of a chip");
