/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/config/option_value.h"
#include "spi-daemon/config/key/access_key.h"
#include "spi-daemon/config/trace_option.h"

const struct option option_table[] = {
	{ "socket-path", required_argument, NULL, 's' },
	{ "socket-count", required_argument, NULL, 'c' },
	{ "fd", required_argument, NULL, OPTION_FD },
	{ "connect", required_argument, NULL, OPTION_CONNECT },
	{ "device", required_argument, NULL, 'l' },
	{ "guest", required_argument, NULL, 'g' },
	{ "config", required_argument, NULL, 'f' },
	{ "with", required_argument, NULL, OPTION_WITH },
	{ "without", required_argument, NULL, 'x' },
	{ "replay", no_argument, NULL, OPTION_REPLAY },
	{ "poll", required_argument, NULL, OPTION_POLL },
	{ "socket-mode", required_argument, NULL, OPTION_SOCKET_MODE },
	{ "socket-group", required_argument, NULL, OPTION_SOCKET_GROUP },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "upgrade", no_argument, NULL, OPTION_UPGRADE },
	{ "keeper", no_argument, NULL, OPTION_KEEPER },
	{ "keeper-timeout", required_argument, NULL, OPTION_KEEPER_TIMEOUT },
	{ "daemon", no_argument, NULL, OPTION_DAEMON },
	{ "pidfile", required_argument, NULL, OPTION_PIDFILE },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "syslog", no_argument, NULL, OPTION_SYSLOG },
	{ "stats", required_argument, NULL, OPTION_STATS },
	{ "trace", required_argument, NULL, OPTION_TRACE },
	{ "trace-size", required_argument, NULL, OPTION_TRACE_SIZE },
	{ "sandbox", required_argument, NULL, OPTION_SANDBOX },
	{ "print-capabilities", no_argument, NULL, OPTION_CAPABILITIES },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

const struct option *option_find(int value)
{
	const struct option *option = option_table;

	while (option->name && option->val != value)
		option++;
	return option;
}

static int set_stats(struct option_parser *p, const char *path)
{
	if (!*path) {
		snprintf(p->error, p->error_size, "--stats= has no value");
		return -EINVAL;
	}
	p->options->stats = strdup(path);
	return p->options->stats ? 0 : -ENOMEM;
}

struct guest_spec *option_new_guest(struct option_parser *p)
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

static int add_guest(struct option_parser *p, const char *text)
{
	struct guest_spec *guest = option_new_guest(p);
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

static int add_features(struct option_parser *p, int found, const char *list)
{
	struct offer *all = &p->all.offer;
	const char *twice;
	char bad[32];

	if (offer_add_names(found == OPTION_WITH ? &all->with : &all->without,
			    list, bad, sizeof(bad))) {
		snprintf(p->error, p->error_size,
			 "--%s=%.100s: there is no feature \"%s\"",
			 option_find(found)->name, list, bad);
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

/*
 * Checks for an option that was given already. Returns 1 if it can be used, 0
 * if the command line has set it and the file does not count, or -EINVAL if it
 * is given twice.
 */
static int check_repeated(struct option_parser *p, int found, const char *value)
{
	const struct option *option = option_find(found);
	uint64_t bit = UINT64_C(1) << (option - option_table);

	if (found != 's' && found != 'c' && found != 'f' &&
	    found != OPTION_PIDFILE && found != OPTION_USER &&
	    found != OPTION_SOCKET_MODE && found != OPTION_SOCKET_GROUP &&
	    found != OPTION_STATS && found != OPTION_KEEPER_TIMEOUT &&
	    found != OPTION_TRACE_SIZE && found != OPTION_SANDBOX)
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
static int check_not_empty(struct option_parser *p, int found,
			   const char *value)
{
	if (found != 'f' && found != OPTION_PIDFILE && found != OPTION_USER &&
	    found != OPTION_STATS)
		return 0;
	if (*value)
		return 0;
	snprintf(p->error, p->error_size, "--%s= has no value",
		 option_find(found)->name);
	return -EINVAL;
}

static int take_access(struct option_parser *p, int found, const char *value)
{
	bool is_mode = found == OPTION_SOCKET_MODE;
	struct vhost_access *access = &p->all.access;
	int ret = is_mode ? access_key_mode(value, &access->mode)
			  : access_key_group(value, &access->group);

	if (ret)
		snprintf(p->error, p->error_size,
			 is_mode ? "--socket-mode=%.64s is not a mode, as 0660"
				 : "--socket-group=%.64s is not a group",
			 value);
	return ret;
}

static int set_poll(struct option_parser *p, const char *value)
{
	if (!guest_spec_parse_poll(value, &p->all.poll_us))
		return OPTIONS_RUN;
	snprintf(p->error, p->error_size,
		 "--poll=%.64s is not a number of microseconds, 0..%d", value,
		 GUEST_POLL_MAX);
	return -EINVAL;
}

static int set_keeper_timeout(struct option_parser *p, const char *value)
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

static int set_sandbox(struct option_parser *p, const char *value)
{
	static const char *const modes[] = {
		[SANDBOX_ON] = "on",
		[SANDBOX_LOG] = "log",
		[SANDBOX_OFF] = "off",
	};

	for (int i = SANDBOX_ON; i <= SANDBOX_OFF; i++)
		if (!strcmp(value, modes[i])) {
			p->options->sandbox = i;
			return OPTIONS_RUN;
		}
	snprintf(p->error, p->error_size,
		 "--sandbox=%.64s is not on, log or off", value);
	return -EINVAL;
}

/* What the daemon is as a process */
static int take_process_option(struct option_parser *p, int found,
			       const char *value)
{
	struct launch_options *launch = &p->options->launch;
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
	case OPTION_KEEPER_TIMEOUT:
		return set_keeper_timeout(p, value);
	case OPTION_SANDBOX:
		return set_sandbox(p, value);
	case OPTION_USER:
		text = &launch->user;
		break;
	default: /* OPTION_PIDFILE */
		break;
	}
	*text = strdup(value);
	return *text ? OPTIONS_RUN : -ENOMEM;
}

/* Options without a value */
static int take_flag(struct option_parser *p, int found)
{
	switch (found) {
	case OPTION_REPLAY:
		p->all.replay = true;
		return OPTIONS_RUN;
	case OPTION_CHECK:
		p->check = true;
		return OPTIONS_RUN;
	case OPTION_UPGRADE:
		p->upgrade = true;
		return OPTIONS_RUN;
	case 'v':
		p->options->verbose = true;
		return OPTIONS_RUN;
	case 'V':
		return OPTIONS_VERSION;
	case OPTION_CAPABILITIES:
		return OPTIONS_CAPABILITIES;
	default:
		return OPTIONS_HELP;
	}
}

int option_take(struct option_parser *p, int found, const char *value)
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
	case OPTION_FD:
		return numbered_add_source(&p->numbered, VHOST_FROM_DESCRIPTOR,
					   value, p->error, p->error_size);
	case OPTION_CONNECT:
		return numbered_add_source(&p->numbered, VHOST_FROM_LISTENER,
					   value, p->error, p->error_size);
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
	case OPTION_POLL:
		return set_poll(p, value);
	case OPTION_SOCKET_MODE:
	case OPTION_SOCKET_GROUP:
		return take_access(p, found, value);
	case OPTION_DAEMON:
	case OPTION_PIDFILE:
	case OPTION_USER:
	case OPTION_SYSLOG:
	case OPTION_KEEPER:
	case OPTION_KEEPER_TIMEOUT:
	case OPTION_SANDBOX:
		return take_process_option(p, found, value);
	case OPTION_STATS:
		return set_stats(p, value);
	case OPTION_TRACE:
		return trace_option_add(p, value);
	case OPTION_TRACE_SIZE:
		return trace_option_set_size(p, value);
	default:
		return take_flag(p, found);
	}
}
