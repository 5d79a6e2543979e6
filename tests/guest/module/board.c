// SPDX-License-Identifier: GPL-2.0-only
/*
 * spi_board - put chips on the bus of every virtio SPI controller
 *
 * Nothing on a PC describes the chips behind a virtio SPI controller, so a
 * guest sees an empty bus. This module is that description:
 *
 *	insmod spi_board.ko chips=0:spi-nor,1:dh2228fv:1000000:3
 *
 * Each item is CHIP_SELECT:MODALIAS[:SPEED_HZ[:SPI_MODE[:PROPERTY...]]]. The
 * properties are what a devicetree says of such a chip:
 *
 *	NAME=NUMBER	a number, as size=32768
 *	NAME=TEXT	anything else
 *	NAME		a property that is there or not
 *	interrupts	an interrupt: see wires.h
 *	NAME-gpios=0|1	a GPIO that has this level, as reset-gpios=1
 *	NAME-supply=UV	a voltage, as vref-supply=2500000
 *
 * A dot in a name stands for a comma.
 *
 * Removing the module removes the chips. When a controller goes away its chips
 * go with it; load the module again once the controller is back.
 *
 * While it is loaded the controller's driver can be unbound: spi-virtio (6.18
 * to 7.3 at least) has no remove callback, and the virtio core calls it all
 * the same, through a null pointer. The module lends it an empty one.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spi/spi.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <uapi/linux/virtio_ids.h>

#include "item.h"
#include "wires.h"

#define VIRTIO_PCI_VENDOR	0x1af4
#define VIRTIO_PCI_DEVICE(id)	(0x1040 + (id))

#define BOARD_CHIPS		16

static char *chips;
module_param(chips, charp, 0444);
MODULE_PARM_DESC(chips, "CS:MODALIAS[:SPEED[:MODE[:PROPERTY...]]][,...]");

static char *board_text;	/* a copy of chips, which items point to */
static struct item board_items[BOARD_CHIPS];
static unsigned int board_count;

struct board_chip {
	struct list_head node;
	struct spi_device *spi;		/* NULL once it is unregistered */
	struct device *parent;		/* the virtio device; a reference */
	struct wires *wires;		/* NULL: none */
	char name[24];			/* of the device */
	struct spi_board_info info;
	struct software_node properties;
};

static LIST_HEAD(board_chips);
static DEFINE_MUTEX(board_lock);	/* board_chips and their spi members */

static struct virtio_driver *board_lent_to;	/* has board_remove */

/* All that spi-virtio has to release is device managed. */
static void board_remove(struct virtio_device *vdev)
{
}

/* Called under the lock of @dev, a virtio device, so its driver stays. */
static int board_lend_remove(struct device *dev)
{
	struct virtio_driver *drv;

	if (!dev->driver || board_lent_to)
		return 0;
	drv = container_of(dev->driver, struct virtio_driver, driver);
	if (drv->remove)
		return 0;
	/* It must not vanish before board_take_remove_back(). */
	if (!try_module_get(drv->driver.owner))
		return -ENODEV;
	drv->remove = board_remove;
	board_lent_to = drv;
	return 0;
}

static void board_take_remove_back(void)
{
	if (!board_lent_to)
		return;
	board_lent_to->remove = NULL;
	module_put(board_lent_to->driver.owner);
	board_lent_to = NULL;
}

static int board_parse(void)
{
	char *rest, *item;
	int err;

	board_text = kstrdup(chips ?: "", GFP_KERNEL);
	if (!board_text)
		return -ENOMEM;
	rest = board_text;

	while ((item = strsep(&rest, ","))) {
		if (!*item)
			continue;
		if (board_count == BOARD_CHIPS)
			return -E2BIG;
		err = item_parse(item, &board_items[board_count]);
		if (err) {
			pr_err("bad item %u in chips=%s\n", board_count,
			       chips);
			return err;
		}
		board_count++;
	}
	return board_count ? 0 : -EINVAL;
}

/*
 * Names the device of @item as the SPI core will: spi0.1, or spi-0.1 if there
 * are properties, after their node.
 */
static void board_describe(struct board_chip *chip, struct item *item,
			   const struct spi_controller *ctlr)
{
	bool has_node = item->property_count;

	snprintf(chip->name, sizeof(chip->name), "spi%s%d.%u",
		 has_node ? "-" : "", ctlr->bus_num, item->info.chip_select);
	chip->info = item->info;
	if (!has_node)
		return;
	chip->properties.name = chip->name + strlen("spi-");
	chip->properties.properties = item->properties;
	chip->info.swnode = &chip->properties;
}

/* Adds the chip, and what leads to it. */
static int board_connect(struct spi_controller *ctlr, struct item *item,
			 struct board_chip *chip)
{
	board_describe(chip, item, ctlr);
	chip->wires = wires_add(item, chip->name, &ctlr->dev);
	if (IS_ERR(chip->wires))
		return PTR_ERR(chip->wires);
	chip->info.irq = wires_irq(chip->wires);
	chip->spi = spi_new_device(ctlr, &chip->info);
	if (!chip->spi) {
		pr_err("%s: no %s at chip select %u\n",
		       dev_name(&ctlr->dev), item->info.modalias,
		       item->info.chip_select);
		wires_remove(chip->wires);
		return -ENODEV;
	}
	return 0;
}

static int board_add_chip(struct spi_controller *ctlr, struct item *item)
{
	struct board_chip *chip = kzalloc(sizeof(*chip), GFP_KERNEL);
	int err;

	if (!chip)
		return -ENOMEM;

	err = board_connect(ctlr, item, chip);
	if (err) {
		kfree(chip);
		return err;
	}
	chip->parent = get_device(ctlr->dev.parent);
	mutex_lock(&board_lock);
	list_add_tail(&chip->node, &board_chips);
	mutex_unlock(&board_lock);
	return 0;
}

/* Called for each child of a virtio SPI device: the controller is one. */
static int board_add_controller(struct device *dev, void *data)
{
	unsigned int *found = data;
	struct spi_controller *ctlr;
	unsigned int i;
	int err;

	/* The class itself is private to the SPI core; its name is not. */
	if (!dev->class || strcmp(dev->class->name, "spi_master"))
		return 0;

	ctlr = container_of(dev, struct spi_controller, dev);
	for (i = 0; i < board_count; i++) {
		err = board_add_chip(ctlr, &board_items[i]);
		if (err)
			return err;
	}
	(*found)++;
	return 0;
}

/* Called for each child of the PCI function: the virtio device. */
static int board_add_virtio(struct device *dev, void *data)
{
	int err;

	/* Unbinding takes this lock too, so the controller stays meanwhile. */
	device_lock(dev);
	err = board_lend_remove(dev);
	if (!err)
		err = device_for_each_child(dev, data, board_add_controller);
	device_unlock(dev);
	return err;
}

static int board_add_all(void)
{
	struct pci_dev *pdev = NULL;
	unsigned int found = 0;
	int err;

	while ((pdev = pci_get_device(VIRTIO_PCI_VENDOR,
				      VIRTIO_PCI_DEVICE(VIRTIO_ID_SPI),
				      pdev))) {
		err = device_for_each_child(&pdev->dev, &found,
					    board_add_virtio);
		if (err) {
			pci_dev_put(pdev);
			return err;
		}
	}
	if (!found) {
		pr_err("no virtio SPI controller\n");
		return -ENODEV;
	}
	return 0;
}

static void board_remove_chip(struct board_chip *chip)
{
	struct spi_device *spi;

	/*
	 * The controller's removal unregisters the chip as well. It runs
	 * under this lock, so here the chip is either whole or gone.
	 */
	device_lock(chip->parent);
	mutex_lock(&board_lock);
	list_del(&chip->node);
	spi = chip->spi;
	chip->spi = NULL;
	mutex_unlock(&board_lock);
	if (spi)
		spi_unregister_device(spi);
	device_unlock(chip->parent);

	put_device(chip->parent);
	wires_remove(chip->wires);
	kfree(chip);
}

static void board_remove_all(void)
{
	struct board_chip *chip, *next;

	list_for_each_entry_safe_reverse(chip, next, &board_chips, node)
		board_remove_chip(chip);
}

/* Forget a chip that somebody else unregisters. */
static int board_notify(struct notifier_block *nb, unsigned long action,
			void *data)
{
	struct board_chip *chip;

	if (action != BUS_NOTIFY_DEL_DEVICE)
		return NOTIFY_DONE;

	mutex_lock(&board_lock);
	list_for_each_entry(chip, &board_chips, node)
		if (chip->spi && &chip->spi->dev == data)
			chip->spi = NULL;
	mutex_unlock(&board_lock);
	return NOTIFY_OK;
}

static struct notifier_block board_notifier = {
	.notifier_call = board_notify,
};

static int __init board_init(void)
{
	int err;

	err = board_parse();
	if (err)
		goto free_text;
	err = wires_init();
	if (err)
		goto free_text;
	err = bus_register_notifier(&spi_bus_type, &board_notifier);
	if (err)
		goto remove_wires;
	err = board_add_all();
	if (err)
		goto remove_chips;
	return 0;

remove_chips:
	board_remove_all();
	board_take_remove_back();
	bus_unregister_notifier(&spi_bus_type, &board_notifier);
remove_wires:
	wires_exit();
free_text:
	kfree(board_text);
	return err;
}
module_init(board_init);

static void __exit board_exit(void)
{
	board_remove_all();
	board_take_remove_back();
	bus_unregister_notifier(&spi_bus_type, &board_notifier);
	wires_exit();
	kfree(board_text);
}
module_exit(board_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The vhost-device-spi authors");
MODULE_DESCRIPTION("Chips on the bus of virtio SPI controllers");
