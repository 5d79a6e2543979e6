/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/stdlib.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/config/config_file.h"
#include "spi-daemon/config/guest/guest_check.h"
#include "spi-daemon/config/guest/numbered.h"
#include "spi-daemon/config/options.h"
#include "spi-daemon/system/long_option.h"

/* Options without a short form: their numbers are no characters. */
enum {
	OPTION_WITH = 256,
	OPTION_REPLAY,
	OPTION_DAEMON,
	OPTION_PIDFILE,
	OPTION_USER,
	OPTION_SYSLOG,
	OPTION_SOCKET_MODE,
	OPTION_SOCKET_GROUP,
	OPTION_CHECK,
	OPTION_STATS,
	OPTION_KEEPER,
	OPTION_KEEPER_TIMEOUT,
};

static const struct option long_options[] = {
	{ "socket-path", required_argument, NULL, 's' },
	{ "socket-count", required_argument, NULL, 'c' },
	{ "device", required_argument, NULL, 'l' },
	{ "guest", required_argument, NULL, 'g' },
	{ "config", required_argument, NULL, 'f' },
	{ "with", required_argument, NULL, OPTION_WITH },
	{ "without", required_argument, NULL, 'x' },
	{ "replay", no_argument, NULL, OPTION_REPLAY },
	{ "socket-mode", required_argument, NULL, OPTION_SOCKET_MODE },
	{ "socket-group", required_argument, NULL, OPTION_SOCKET_GROUP },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "keeper", no_argument, NULL, OPTION_KEEPER },
	{ "keeper-timeout", required_argument, NULL, OPTION_KEEPER_TIMEOUT },
	{ "daemon", no_argument, NULL, OPTION_DAEMON },
	{ "pidfile", required_argument, NULL, OPTION_PIDFILE },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "syslog", no_argument, NULL, OPTION_SYSLOG },
	{ "stats", required_argument, NULL, OPTION_STATS },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* What was read, until the guests are made from it. */
struct parser {
	struct options *options;
	struct numbered numbered;
	struct guest_spec all; /* settings of all guests */
	const char *config;
	bool check;
	uint32_t given; /* bit i: this source has given long_options[i] */
	uint32_t ruled; /* the same of the command line, which has precedence */
	char *error;
	size_t error_size;
};

static const struct option *find_option(int value)
{
	const struct option *option = long_options;

	while (option->name && option->val != value)
		option++;
	return option;
}

static int set_stats(struct parser *p, const char *path)
{
	if (!*path) {
		snprintf(p->error, p->error_size, "--stats= has no value");
		return -EINVAL;
	}
	p->options->stats = strdup(path);
	return p->options->stats ? 0 : -ENOMEM;
}

/* Makes room for one more guest. Returns NULL with a reason on errors. */
static struct guest_spec *new_guest(struct parser *p)
{
	struct options *options = p->options;
	struct guest_spec *guests;

	if (options->guest_count == OPTIONS_MAX_GUESTS) {
		snprintf(p->error, p->error_size,
			 "there are more than %d guests", OPTIONS_MAX_GUESTS);
		return NULL;
	}
	guests = reallocarray(options->guests, options->guest_count + 1,
			      sizeof(*guests));
	if (!guests) {
		snprintf(p->error, p->error_size, "out of memory");
		return NULL;
	}
	options->guests = guests;
	return &guests[options->guest_count];
}

static int add_guest(struct parser *p, const char *text)
{
	struct guest_spec *guest = new_guest(p);
	char reason[512];
	int ret;

	if (!guest)
		return -EINVAL;
	ret = guest_spec_parse(text, guest, reason, sizeof(reason));
	if (ret)
		snprintf(p->error, p->error_size, "--guest=%.100s: %s", text,
			 reason);
	else
		p->options->guest_count++;
	return ret;
}

static int add_features(struct parser *p, int found, const char *list)
{
	struct offer *all = &p->all.offer;
	const char *twice;
	char bad[32];

	if (offer_add_names(found == OPTION_WITH ? &all->with : &all->without,
			    list, bad, sizeof(bad))) {
		snprintf(p->error, p->error_size,
			 "--%s=%.100s: there is no feature \"%s\"",
			 find_option(found)->name, list, bad);
		return -EINVAL;
	}
	twice = offer_contradiction(all);
	if (twice) {
		snprintf(p->error, p->error_size,
			 "--with and --without both name \"%s\"", twice);
		return -EINVAL;
	}
	return 0;
}

/* Writes that there is no long option @word. */
static int refuse_name(struct parser *p, const char *word)
{
	snprintf(p->error, p->error_size,
		 "%.*s is not an option; --help lists them",
		 (int)strcspn(word, "="), word);
	return -EINVAL;
}

/* Writes why getopt_long() returned @verdict, which is '?' or ':'. */
static int explain_option(struct parser *p, int verdict, char **argv)
{
	const struct option *option = find_option(optopt);

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

/*
 * Checks for an option that was given already. Returns 1 if it can be used, 0
 * if the command line has set it and the file does not count, or -EINVAL if it
 * is given twice.
 */
static int check_repeated(struct parser *p, int found, const char *value)
{
	const struct option *option = find_option(found);
	uint32_t bit = UINT32_C(1) << (option - long_options);

	if (found != 's' && found != 'c' && found != 'f' &&
	    found != OPTION_PIDFILE && found != OPTION_USER &&
	    found != OPTION_SOCKET_MODE && found != OPTION_SOCKET_GROUP &&
	    found != OPTION_STATS && found != OPTION_KEEPER_TIMEOUT)
		return 1;
	if (p->ruled & bit)
		return 0;
	if (p->given & bit) {
		snprintf(p->error, p->error_size,
			 "--%s=%.200s is the second --%s", option->name, value,
			 option->name);
		return -EINVAL;
	}
	p->given |= bit;
	return 1;
}

/* A file or a user that has to have a name. */
static int check_not_empty(struct parser *p, int found, const char *value)
{
	if (found != 'f' && found != OPTION_PIDFILE && found != OPTION_USER &&
	    found != OPTION_STATS)
		return 0;
	if (*value)
		return 0;
	snprintf(p->error, p->error_size, "--%s= has no value",
		 find_option(found)->name);
	return -EINVAL;
}

static int take_access(struct parser *p, int found, const char *value)
{
	bool is_mode = found == OPTION_SOCKET_MODE;
	struct vhost_access *access = &p->all.access;
	int ret = is_mode ? guest_spec_parse_mode(value, &access->mode)
			  : guest_spec_parse_group(value, &access->group);

	if (ret)
		snprintf(p->error, p->error_size,
			 is_mode ? "--socket-mode=%.64s is not a mode, as 0660"
				 : "--socket-group=%.64s is not a group",
			 value);
	return ret;
}

static int set_keeper_timeout(struct parser *p, const char *value)
{
	const char *error;
	long long seconds = strtonum(value, 0, 3600, &error);

	if (error) {
		snprintf(p->error, p->error_size,
			 "--keeper-timeout=%.64s is not a number of seconds, "
			 "0..3600",
			 value);
		return -EINVAL;
	}
	p->options->launch.keeper_timeout = (unsigned int)seconds;
	return OPTIONS_RUN;
}

static int take_launch_option(struct launch_options *launch, int found,
			      const char *value)
{
	char **text = &launch->pid_file;

	switch (found) {
	case OPTION_DAEMON:
		launch->background = true;
		return OPTIONS_RUN;
	case OPTION_SYSLOG:
		launch->syslog = true;
		return OPTIONS_RUN;
	case OPTION_KEEPER:
		launch->keeper = true;
		return OPTIONS_RUN;
	case OPTION_USER:
		text = &launch->user;
		break;
	default: /* OPTION_PIDFILE */
		break;
	}
	*text = strdup(value);
	return *text ? OPTIONS_RUN : -ENOMEM;
}

/* Stores one option. Returns an action or a negative errno. */
static int take_option(struct parser *p, int found, const char *value)
{
	int ret = check_repeated(p, found, value);

	if (ret <= 0)
		return ret;
	ret = check_not_empty(p, found, value);
	if (ret < 0)
		return ret;
	switch (found) {
	case 's':
		return numbered_set_path(&p->numbered, value, p->error,
					 p->error_size);
	case 'c':
		return numbered_set_count(&p->numbered, value, p->error,
					  p->error_size);
	case 'l':
		return numbered_add_device(&p->numbered, value, p->error,
					   p->error_size);
	case 'g':
		return add_guest(p, value);
	case 'f':
		p->config = value;
		return OPTIONS_RUN;
	case OPTION_WITH:
	case 'x':
		return add_features(p, found, value);
	case OPTION_REPLAY:
		p->all.replay = true;
		return OPTIONS_RUN;
	case OPTION_SOCKET_MODE:
	case OPTION_SOCKET_GROUP:
		return take_access(p, found, value);
	case OPTION_CHECK:
		p->check = true;
		return OPTIONS_RUN;
	case OPTION_DAEMON:
	case OPTION_PIDFILE:
	case OPTION_USER:
	case OPTION_SYSLOG:
	case OPTION_KEEPER:
		return take_launch_option(&p->options->launch, found, value);
	case OPTION_KEEPER_TIMEOUT:
		return set_keeper_timeout(p, value);
	case OPTION_STATS:
		return set_stats(p, value);
	case 'v':
		p->options->verbose = true;
		return OPTIONS_RUN;
	case 'V':
		return OPTIONS_VERSION;
	default:
		return OPTIONS_HELP;
	}
}

/* Stores an option of the configuration file. */
static int take_line(void *arg, const char *name, const char *value,
		     char *error, size_t error_size)
{
	const struct option *option = long_options;
	struct parser *p = arg;

	while (option->name && strcmp(option->name, name) != 0)
		option++;
	if (!option->name || option->val == 'f' || option->val == 'V' ||
	    option->val == 'h' || option->val == OPTION_CHECK) {
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
	return take_option(p, option->val, value);
}

static int read_config(struct parser *p)
{
	struct parser in_file = *p;
	int ret;

	p->options->config = strdup(p->config);
	if (!p->options->config)
		return -ENOMEM;
	in_file.ruled = p->given;
	in_file.given = 0;
	ret = config_file_read(p->config, take_line, &in_file, p->error,
			       p->error_size);
	in_file.error = p->error;
	in_file.error_size = p->error_size;
	*p = in_file;
	return ret;
}

static int add_numbered(struct parser *p)
{
	int ret = numbered_check(&p->numbered, p->error, p->error_size);

	for (unsigned int i = 0; !ret && i < p->numbered.count; i++) {
		struct guest_spec *guest = new_guest(p);

		ret = guest ? numbered_guest(&p->numbered, i, guest) : -EINVAL;
		if (!ret)
			p->options->guest_count++;
	}
	return ret;
}

/* Adds the settings of all guests to each. Returns 0 or -EINVAL. */
static int complete_guest(struct parser *p, struct guest_spec *guest)
{
	char why[128];

	offer_inherit(&guest->offer, &p->all.offer);
	guest->replay = p->all.replay;
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
static int finish(struct parser *p)
{
	struct options *options = p->options;
	bool has_guest = numbered_is_given(&p->numbered) ||
			 options->guest_count;
	int ret = 0;

	if (!p->config && !has_guest && !access(OPTIONS_CONFIG_DEFAULT, F_OK))
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
	for (unsigned int i = 0; !ret && i < options->guest_count; i++)
		ret = complete_guest(p, &options->guests[i]);
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
static int read_words(struct parser *p, int argc, char **argv)
{
	int ret = OPTIONS_RUN;

	opterr = 0; /* getopt_long() shall print no messages */
	optind = 0; /* restart, if this is not the first call */
	while (ret == OPTIONS_RUN) {
		const char *word =
			long_option_unknown(argc, argv, long_options);
		int found;

		if (word)
			return refuse_name(p, word);
		found = getopt_long(argc, argv, "+:s:c:l:g:f:x:vVh",
				    long_options, NULL);
		if (found == -1)
			break;
		if (found == '?' || found == ':')
			return explain_option(p, found, argv);
		ret = take_option(p, found, optarg);
	}
	if (ret == OPTIONS_RUN && optind < argc) {
		snprintf(p->error, p->error_size, "%.200s is not an option",
			 argv[optind]);
		ret = -EINVAL;
	}
	return ret;
}

int options_parse(int argc, char **argv, struct options *options, char *error,
		  size_t error_size)
{
	struct parser p = {
		.options = options,
		.numbered = { .max = OPTIONS_MAX_GUESTS },
		.all = guest_spec_default,
		.error = error,
		.error_size = error_size,
	};
	int ret;

	memset(options, 0, sizeof(*options));
	options->launch.keeper_timeout = KEEPER_TIMEOUT_DEFAULT;
	ret = read_words(&p, argc, argv);
	if (ret == OPTIONS_RUN)
		ret = finish(&p);
	if (ret == -ENOMEM)
		snprintf(error, error_size, "out of memory");
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
	memset(options, 0, sizeof(*options));
}
