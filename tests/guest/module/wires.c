// SPDX-License-Identifier: GPL-2.0-only
#include "wires.h"

#include <linux/err.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/regulator/driver.h>
#include <linux/regulator/machine.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>

#define WIRES_PERIOD_MS	10

struct wires_supply {
	char name[32];			/* of the regulator */
	struct regulator_desc desc;
	struct regulator_consumer_supply consumer;
	struct regulator_init_data init;
	struct regulator_dev *regulator;
};

struct wires {
	int irq;			/* 0: none */
	struct timer_list timer;
	struct gpiod_lookup_table *lines;	/* NULL: none */
	unsigned int supply_count;
	struct wires_supply supplies[ITEM_PROPERTIES];
};

static const struct regulator_ops wires_supply_ops = { };

/* Line 0 is low, line 1 high. */
static int wires_get_line(struct gpio_chip *chip, unsigned int offset)
{
	return offset;
}

static int wires_get_direction(struct gpio_chip *chip, unsigned int offset)
{
	return GPIO_LINE_DIRECTION_IN;
}

static int wires_stay_input(struct gpio_chip *chip, unsigned int offset)
{
	return 0;
}

/* A driver may set what it thinks is an output, to no effect. */
static int wires_set_line(struct gpio_chip *chip, unsigned int offset,
			  int value)
{
	return 0;
}

/* No owner: chips that use its lines must not keep the module loaded. */
static struct gpio_chip wires_chip = {
	.label = "spi_board",
	.base = -1,
	.ngpio = 2,
	.get = wires_get_line,
	.set = wires_set_line,
	.get_direction = wires_get_direction,
	.direction_input = wires_stay_input,
	.direction_output = wires_set_line,
};

static void wires_interrupt(struct timer_list *timer)
{
	struct wires *wires = container_of(timer, struct wires, timer);

	generic_handle_irq_safe(wires->irq);
	mod_timer(timer, jiffies + msecs_to_jiffies(WIRES_PERIOD_MS));
}

static int wires_add_interrupt(struct wires *wires)
{
	/* No owner either */
	int irq = __irq_alloc_descs(-1, 0, 1, NUMA_NO_NODE, NULL, NULL);

	if (irq < 0)
		return irq;
	irq_set_chip_and_handler_name(irq, &dummy_irq_chip, handle_simple_irq,
				      "spi_board");
	irq_modify_status(irq, IRQ_NOREQUEST, IRQ_NOPROBE);
	wires->irq = irq;
	timer_setup(&wires->timer, wires_interrupt, 0);
	mod_timer(&wires->timer, jiffies + msecs_to_jiffies(WIRES_PERIOD_MS));
	return 0;
}

/* Entries of the table are unmoved, so it comes in one piece. */
static int wires_add_lines(struct wires *wires, const struct item *item,
			   const char *device)
{
	struct gpiod_lookup_table *table;
	unsigned int i;

	table = kzalloc(struct_size(table, table, item->line_count + 1),
			GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	table->dev_id = device;
	for (i = 0; i < item->line_count; i++)
		table->table[i] = (struct gpiod_lookup)
			GPIO_LOOKUP(wires_chip.label, item->lines[i].level,
				    item->lines[i].name, GPIO_ACTIVE_HIGH);
	gpiod_add_lookup_table(table);
	wires->lines = table;
	return 0;
}

static int wires_add_supply(struct wires *wires, const struct item_supply *item,
			    const char *device, struct device *parent)
{
	struct wires_supply *s = &wires->supplies[wires->supply_count];
	struct regulator_config config = { .dev = parent,
					   .init_data = &s->init };

	snprintf(s->name, sizeof(s->name), "%s-%s", device, item->name);
	/* No owner either */
	s->desc = (struct regulator_desc){
		.name = s->name,
		.type = REGULATOR_VOLTAGE,
		.ops = &wires_supply_ops,
		.n_voltages = 1,
		.fixed_uV = item->microvolts,
	};
	s->consumer.dev_name = device;
	s->consumer.supply = item->name;
	s->init.constraints.always_on = true;
	s->init.consumer_supplies = &s->consumer;
	s->init.num_consumer_supplies = 1;
	s->regulator = regulator_register(parent, &s->desc, &config);
	if (IS_ERR(s->regulator))
		return PTR_ERR(s->regulator);
	wires->supply_count++;
	return 0;
}

static int wires_add_supplies(struct wires *wires, const struct item *item,
			      const char *device, struct device *parent)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < item->supply_count && !err; i++)
		err = wires_add_supply(wires, &item->supplies[i], device,
				       parent);
	return err;
}

struct wires *wires_add(const struct item *item, const char *device,
			struct device *parent)
{
	struct wires *wires;
	int err = 0;

	if (!item->has_interrupt && !item->line_count && !item->supply_count)
		return NULL;
	wires = kzalloc(sizeof(*wires), GFP_KERNEL);
	if (!wires)
		return ERR_PTR(-ENOMEM);
	if (item->line_count)
		err = wires_add_lines(wires, item, device);
	if (!err)
		err = wires_add_supplies(wires, item, device, parent);
	if (!err && item->has_interrupt)
		err = wires_add_interrupt(wires);
	if (err) {
		wires_remove(wires);
		return ERR_PTR(err);
	}
	return wires;
}

int wires_irq(const struct wires *wires)
{
	return wires ? wires->irq : 0;
}

void wires_remove(struct wires *wires)
{
	if (!wires)
		return;
	if (wires->irq) {
		timer_shutdown_sync(&wires->timer);
		irq_free_desc(wires->irq);
	}
	if (wires->lines)
		gpiod_remove_lookup_table(wires->lines);
	kfree(wires->lines);
	while (wires->supply_count)
		regulator_unregister(
			wires->supplies[--wires->supply_count].regulator);
	kfree(wires);
}

int wires_init(void)
{
	return gpiochip_add_data(&wires_chip, NULL);
}

void wires_exit(void)
{
	gpiochip_remove(&wires_chip);
}
