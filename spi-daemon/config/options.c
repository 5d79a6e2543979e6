/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/config/config_file.h"
#include "spi-daemon/config/guest/guest_check.h"
#include "spi-daemon/config/option_value.h"
#include "spi-daemon/config/options.h"
#include "spi-daemon/files/files.h"
#include "spi-daemon/framing/table/table_copy.h"
#include "spi-daemon/system/long_option.h"

/* Writes that there is no long option @word. */
static int refuse_name(struct option_parser *p, const char *word)
{
	snprintf(p->error, p->error_size,
		 "%.*s is not an option; --help lists them",
		 (int)strcspn(word, "="), word);
	return -EINVAL;
}

/* Writes why getopt_long() returned @verdict, which is '?' or ':'. */
static int explain_option(struct option_parser *p, int verdict, char **argv)
{
	const struct option *option = option_find(optopt);

	if (!option->name)
		snprintf(p->error, p->error_size,
			 "-%c is not an option; --help lists them", optopt);
	else if (verdict == ':' && optopt < OPTION_WITH)
		snprintf(p->error, p->error_size, "-%c, --%s needs a value",
			 optopt, option->name);
	else if (verdict == ':')
		snprintf(p->error, p->error_size, "--%s needs a value",
			 option->name);
	else
		snprintf(p->error, p->error_size, "%.64s: --%s takes no value",
			 argv[optind - 1], option->name);
	return -EINVAL;
}

/* Stores an option of the configuration file. */
static int take_line(void *arg, const char *name, const char *value,
		     char *error, size_t error_size)
{
	const struct option *option = option_table;
	struct option_parser *p = arg;

	while (option->name && strcmp(option->name, name) != 0)
		option++;
	if (!option->name || option->val == 'f' || option->val == 'V' ||
	    option->val == 'h' || option->val == OPTION_CHECK ||
	    option->val == OPTION_UPGRADE ||
	    option->val == OPTION_CAPABILITIES) {
		snprintf(error, error_size,
			 "\"%.64s\" is not an option of this file", name);
		return -EINVAL;
	}
	if (!value != (option->has_arg == no_argument)) {
		snprintf(error, error_size, "%s %s", option->name,
			 value ? "takes no value" : "needs a value");
		return -EINVAL;
	}
	p->error = error;
	p->error_size = error_size;
	return option_take(p, option->val, value);
}

static int read_config(struct option_parser *p)
{
	struct option_parser in_file = *p;
	int ret;

	p->options->config = strdup(p->config);
	if (!p->options->config)
		return -ENOMEM;
	in_file.ruled = p->given;
	in_file.given = 0;
	ret = config_file_read(p->config, p->copy, take_line, &in_file,
			       p->error, p->error_size);
	in_file.error = p->error;
	in_file.error_size = p->error_size;
	*p = in_file;
	return ret;
}

static int add_numbered(struct option_parser *p)
{
	int ret = numbered_check(&p->numbered, getenv(OPTIONS_FD_NAMES),
				 p->error, p->error_size);

	for (unsigned int i = 0; !ret && i < p->numbered.count; i++) {
		struct guest_spec *guest = option_new_guest(p);

		ret = guest ? numbered_guest(&p->numbered, i, guest, p->error,
					     p->error_size)
			    : -EINVAL;
		if (!ret)
			p->options->guest_count++;
	}
	return ret;
}

/* The second name of a socket gives way to a socket of that name. */
static void settle_alias(struct options *options, struct guest_spec *guest)
{
	for (unsigned int i = 0; guest->alias && i < options->guest_count; i++)
		if (!strcmp(options->guests[i].socket, guest->alias)) {
			free(guest->alias);
			guest->alias = NULL;
		}
}

/* Adds the settings of all guests to each. Returns 0 or -EINVAL. */
static int complete_guest(struct option_parser *p, struct guest_spec *guest)
{
	char why[128];

	offer_inherit(&guest->offer, &p->all.offer);
	guest->replay = p->all.replay;
	if (guest->poll_us == GUEST_ANY_POLL)
		guest->poll_us = p->all.poll_us;
	if (guest->poll_us == GUEST_ANY_POLL)
		guest->poll_us = 0;
	if (!guest->access.mode)
		guest->access.mode = p->all.access.mode;
	if (guest->access.group == GUEST_ANY_GROUP)
		guest->access.group = p->all.access.group;
	if (!offer_check(&guest->offer, why, sizeof(why)))
		return 0;
	snprintf(p->error, p->error_size, "guest %.100s: %s", guest->name, why);
	return -EINVAL;
}

/* Completes @options after the command line was read. */
static int finish(struct option_parser *p)
{
	struct options *options = p->options;
	struct stat st;
	bool has_guest = numbered_is_given(&p->numbered) ||
			 options->guest_count;
	int ret = 0;

	if (!p->config && !has_guest &&
	    (p->copy >= 0 || !files_stat(OPTIONS_CONFIG_DEFAULT, &st)))
		p->config = OPTIONS_CONFIG_DEFAULT;
	if (p->config) {
		ret = read_config(p);
	} else if (!has_guest) {
		snprintf(p->error, p->error_size,
			 "--socket-path=PATH, --guest=GUEST or --config=FILE "
			 "is missing");
		ret = -EINVAL;
	}
	if (!ret)
		ret = add_numbered(p);
	for (unsigned int i = 0; !ret && i < options->guest_count; i++) {
		ret = complete_guest(p, &options->guests[i]);
		settle_alias(options, &options->guests[i]);
	}
	return ret ? ret
		   : guest_check(options->guests, options->guest_count,
				 p->error, p->error_size);
}

/* Frees @options, except for what launch_open_log() needs. */
static void give_up(struct options *options)
{
	struct launch_options launch = {
		.background = options->launch.background,
		.syslog = options->launch.syslog,
	};

	options_free(options);
	options->launch = launch;
}

/* Reads the command line. Returns an action or a negative errno. */
static int read_words(struct option_parser *p, int argc, char **argv)
{
	int ret = OPTIONS_RUN;

	opterr = 0; /* getopt_long() shall print no messages */
	optind = 0; /* restart, if this is not the first call */
	while (ret == OPTIONS_RUN) {
		const char *word =
			long_option_unknown(argc, argv, option_table);
		int found;

		if (word)
			return refuse_name(p, word);
		found = getopt_long(argc, argv, "+:s:c:l:g:f:x:vVh",
				    option_table, NULL);
		if (found == -1)
			break;
		if (found == '?' || found == ':')
			return explain_option(p, found, argv);
		ret = option_take(p, found, optarg);
	}
	if (ret == OPTIONS_RUN && optind < argc) {
		snprintf(p->error, p->error_size, "%.200s is not an option",
			 argv[optind]);
		ret = -EINVAL;
	}
	return ret;
}

/* Of --upgrade, which is for a daemon that runs. */
static int finish_upgrade(struct option_parser *p)
{
	if (p->options->launch.pid_file)
		return OPTIONS_UPGRADE;
	snprintf(p->error, p->error_size,
		 "--upgrade needs the --pidfile=FILE of the daemon");
	return -EINVAL;
}

/* This one counts wherever it is, even behind a mistake. */
static bool asks_capabilities(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--print-capabilities"))
			return true;
	return false;
}

int options_parse(int argc, char **argv, int copy, struct options *options,
		  char *error, size_t error_size)
{
	struct option_parser p = {
		.options = options,
		.numbered = { .max = OPTIONS_MAX_GUESTS },
		.all = guest_spec_default,
		.copy = copy,
		.error = error,
		.error_size = error_size,
	};
	int ret;

	memset(options, 0, sizeof(*options));
	if (asks_capabilities(argc, argv))
		return OPTIONS_CAPABILITIES;
	table_copy_use(copy);
	options->launch.keeper_timeout = KEEPER_TIMEOUT_DEFAULT;
	options->trace_size = OPTIONS_TRACE_SIZE_DEFAULT;
	options->sandbox = SANDBOX_DEFAULT;
	ret = read_words(&p, argc, argv);
	if (ret == OPTIONS_RUN && p.upgrade)
		ret = finish_upgrade(&p);
	else if (ret == OPTIONS_RUN)
		ret = finish(&p);
	if (ret == -ENOMEM)
		snprintf(error, error_size, "out of memory");
	table_copy_use(-1);
	numbered_fini(&p.numbered);
	if (ret < 0)
		give_up(options);
	return ret == OPTIONS_RUN && p.check ? OPTIONS_CHECK : ret;
}

void options_free(struct options *options)
{
	for (unsigned int i = 0; i < options->guest_count; i++)
		guest_spec_free(&options->guests[i]);
	free(options->guests);
	free(options->config);
	free(options->launch.pid_file);
	free(options->launch.user);
	free(options->stats);
	for (unsigned int i = 0; i < options->trace_count; i++)
		free(options->traces[i]);
	memset(options, 0, sizeof(*options));
}
