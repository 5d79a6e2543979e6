/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The texts of the built-in tables, which the build makes of *.table */
#ifndef BUILTIN_H
#define BUILTIN_H

extern const char cs_table_text_at45[];
extern const char cs_table_text_nor[];
extern const char cs_table_text_nand[];
extern const char cs_table_text_eeprom[];

#endif
