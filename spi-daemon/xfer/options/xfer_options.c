/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/options/xfer_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/long_option.h"
#include "spi-daemon/xfer/options/xfer_option_value.h"

static const char *option_name(int opt)
{
	const struct option *option = xfer_long_options;

	while (option->name && option->val != opt)
		option++;
	return option->name;
}

/* @word is a long option that does not exist. */
static int refuse_name(const char *word, char *error, size_t error_size)
{
	snprintf(error, error_size, "%.*s: no such option",
		 (int)strcspn(word, "="), word);
	return -EINVAL;
}

/* Writes the line for an option that getopt_long() refused. */
static int refuse_option(int opt, char *error, size_t error_size)
{
	const char *name = option_name(optopt);

	if (name)
		snprintf(error, error_size, "--%s: %s", name,
			 opt == ':' ? "needs a value" : "takes no value");
	else
		snprintf(error, error_size, "-%c: no such option", optopt);
	return -EINVAL;
}

/*
 * Reads the options up to a word that is none. Returns XFER_HELP, XFER_VERSION,
 * XFER_MESSAGE if it is neither, or a negative errno.
 */
static int parse_options(struct xfer_options *options, int argc, char **argv,
			 char *error, size_t error_size)
{
	const char *why;
	int opt, err;

	for (;;) {
		const char *word =
			long_option_unknown(argc, argv, xfer_long_options);

		if (word)
			return refuse_name(word, error, error_size);
		opt = getopt_long(argc, argv, XFER_SHORT_OPTIONS,
				  xfer_long_options, NULL);
		if (opt == -1)
			break;
		if (opt == 'h')
			return XFER_HELP;
		if (opt == 'V')
			return XFER_VERSION;
		if (opt == '?' || opt == ':')
			return refuse_option(opt, error, error_size);
		err = xfer_option_value(options, opt, optarg, &why);
		if (err) {
			snprintf(error, error_size, "--%s%s%s: %s",
				 option_name(opt), optarg ? "=" : "",
				 optarg ? optarg : "", why);
			return err;
		}
	}
	return XFER_MESSAGE;
}

/* Reads all words; one that is no option is the file of --flash. */
static int parse_words(struct xfer_options *options, int argc, char **argv,
		       char *error, size_t error_size)
{
	int action;

	optind = 0; /* start anew, whoever used getopt before */
	opterr = 0;
	for (;;) {
		action = parse_options(options, argc, argv, error, error_size);
		if (action != XFER_MESSAGE || optind >= argc)
			return action;
		if (options->action != XFER_FLASH || options->file) {
			snprintf(error, error_size, "%s: not an option",
				 argv[optind]);
			return -EINVAL;
		}
		options->file = argv[optind++];
	}
}

/* What can only be said when all words are known: the mistake, or NULL */
static const char *find_mistake(const struct xfer_options *options)
{
	bool needs_file = options->flash != XFER_FLASH_ID &&
			  options->flash != XFER_FLASH_ERASE;

	if (!options->link.socket_path && options->action != XFER_WATCH &&
	    options->action != XFER_QEMU_ARGS &&
	    options->action != XFER_CLOUD_HYPERVISOR_ARGS)
		return "--socket is missing";
	if (options->period_ns && options->repeat == 1)
		return "--rate: --repeat is missing";
	if (options->action == XFER_MESSAGE)
		return options->info || options->part_count > 0
			       ? NULL
			       : "nothing to do: give --tx, --rx, --duplex, "
				 "--tx-file, --info, --flash, --serprog, --script, "
				 "--interactive or --watch";
	if (options->info || options->part_count > 0 || options->rx_file ||
	    options->repeat != 1)
		return "parts, --info, --rx-file and --repeat are for a "
		       "message";
	if (options->cs_count > 1)
		return "--cs: several are for a message";
	if (options->action == XFER_FLASH && needs_file != !!options->file)
		return needs_file ? "--flash: the file is missing"
				  : "--flash: id and erase have no file";
	return NULL;
}

int xfer_options_parse(int argc, char **argv, struct xfer_options *options,
		       char *error, size_t error_size)
{
	const char *mistake = NULL;
	int action;

	*options = (struct xfer_options){
		.link = {
			.head = {
				.bits_per_word = 8,
				.tx_nbits = 1,
				.rx_nbits = 1,
			},
			.timeout_ms = 10000,
		},
		.cs_count = 1,
		.repeat = 1,
		.chunk = 4096,
	};
	action = parse_words(options, argc, argv, error, error_size);
	if (action == XFER_MESSAGE) {
		mistake = find_mistake(options);
		action = options->action;
	}
	if (mistake) {
		snprintf(error, error_size, "%s", mistake);
		action = -EINVAL;
	}
	if (action < 0)
		xfer_options_free(options);
	return action;
}

void xfer_options_free(struct xfer_options *options)
{
	for (unsigned int i = 0; i < options->part_count; i++)
		free(options->parts[i].tx);
	options->part_count = 0;
}
