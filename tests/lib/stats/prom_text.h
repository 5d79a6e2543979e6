/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A strict reader of Prometheus' text format, version 0.0.4, written from its
 * description and not from our writer. What is wrong fails the running cmocka
 * test.
 */
#ifndef TEST_PROM_TEXT_H
#define TEST_PROM_TEXT_H

#include <stdbool.h>

/*
 * Checks all of @text: each family has its HELP, its TYPE and then all of its
 * samples; names, labels and values are well-formed, and the former as
 * Prometheus wants them; no sample comes twice; buckets add up.
 */
void prom_text_check(const char *text);

/* Returns true if @text has the sample @sample, a name with its {labels}. */
bool prom_text_has(const char *text, const char *sample);

/* Returns the value of sample @sample, which must be there. */
double prom_text_value(const char *text, const char *sample);

#endif
