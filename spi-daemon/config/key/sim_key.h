/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The keys of simulated chips alone. Each parser stores @value in @spec, and
 * returns 0, -EINVAL if it is not what the key takes, or -ENOMEM.
 */
#ifndef SIM_KEY_H
#define SIM_KEY_H

#include "spi-daemon/config/guest/device_spec.h"

int sim_key_bus(struct device_spec *spec, const char *value);
int sim_key_timing(struct device_spec *spec, const char *value);
int sim_key_timeout(struct device_spec *spec, const char *value);
int sim_key_file(struct device_spec *spec, const char *value);
int sim_key_id(struct device_spec *spec, const char *value);
int sim_key_nor_size(struct device_spec *spec, const char *value);
int sim_key_eeprom_size(struct device_spec *spec, const char *value);
int sim_key_nand_size(struct device_spec *spec, const char *value);
int sim_key_bad(struct device_spec *spec, const char *value);
int sim_key_locked(struct device_spec *spec, const char *value);
int sim_key_page(struct device_spec *spec, const char *value);

/*
 * Sets what follows from other keys, once all keys were parsed, and checks what
 * depends on several. Returns 0; or -EINVAL, with one line (no newline) in
 * @error.
 */
int sim_key_finish(struct device_spec *spec, char *error, size_t error_size);

#endif
