/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "spi-daemon/options.h"

/* Bytes in a socket address, without the NUL. */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* tests/check-help.sh holds docs/vhost-device-spi.8 to this text. */
/* clang-format off */
const char options_help[] =
"Usage: vhost-device-spi --socket-path=PATH [--socket-count=INT] --device=SPEC...\n"
"Gives SPI devices of this host to virtual machines, over vhost-user sockets.\n"
"\n"
"  -s, --socket-path=PATH  serve the sockets PATH0, PATH1, ..., one guest each\n"
"  -c, --socket-count=INT  number of sockets, 1..256 (default 1)\n"
"  -l, --device=SPEC       a device (see below); the first is the guests' chip\n"
"                          select 0, the next 1, and so on\n"
"  -x, --without=FEATURES  do not offer these features (see the man page), to\n"
"                          find out what a front end or a driver stumbles over\n"
"      --replay            run requests again that may have been run already when\n"
"                          a daemon before this one crashed (default: fail them)\n"
"  -v, --verbose           log more\n"
"  -V, --version           print the version and exit\n"
"  -h, --help              print this text and exit\n"
"\n"
"SPEC is PATH[,key=value...]. PATH is a SPI device of the host, as\n"
"/dev/spidev0.0, or sim:loopback, which returns what it is sent, or sim:nor, a\n"
"simulated flash. The keys:\n"
"\n"
"  cs=FRAMING              which transfers of a guest make up one SPI message:\n"
"                          linux     Linux drivers, ordinary chips (default)\n"
"                          nor       Linux's spi-nor flash driver\n"
"                          nand      Linux's spi-nand flash driver\n"
"                          spec      Zephyr; cs_change as virtio defines it\n"
"                          transfer  cs_change as spidev takes it\n"
"  cs-hold=MS              longest wait, with the chip selected, for the rest\n"
"                          of a message, 1..10000 (default 10)\n"
"  max-speed=HZ            fastest clock, 1000..4000000000; k, M, G are allowed\n"
"                          (default: the device's own)\n"
"  cs-high=yes|no          let guests ask for an active-high chip select\n"
"                          (default: what the device says)\n"
"  max-request=BYTES       longest transfer, 4096..1G (default 16M)\n"
"\n"
"And for sim:nor:\n"
"\n"
"  size=BYTES              a power of two, 64K..256M (default 16M)\n"
"  file=PATH               keep the contents in this file, made if missing\n"
"  id=HEX                  JEDEC ID, 3 to 6 bytes, as ef4018 (default: fits size)\n"
"\n"
"Example:\n"
"  vhost-device-spi --socket-path=vspi.sock --device=/dev/spidev0.0,cs=nor\n";
/* clang-format on */

/* Options without a short form, beyond all characters. */
enum {
	OPTION_REPLAY = 256,
};

static const struct option long_options[] = {
	{ "socket-path", required_argument, NULL, 's' },
	{ "socket-count", required_argument, NULL, 'c' },
	{ "device", required_argument, NULL, 'l' },
	{ "without", required_argument, NULL, 'x' },
	{ "replay", no_argument, NULL, OPTION_REPLAY },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int set_socket_path(struct options *options, const char *path,
			   char *error, size_t error_size)
{
	if (options->socket_path) {
		snprintf(error, error_size,
			 "--socket-path=%.200s is the second --socket-path",
			 path);
		return -EINVAL;
	}
	if (!*path) {
		snprintf(error, error_size, "--socket-path= has no value");
		return -EINVAL;
	}
	options->socket_path = strdup(path);
	return options->socket_path ? 0 : -ENOMEM;
}

static int set_socket_count(struct options *options, const char *count,
			    char *error, size_t error_size)
{
	const char *problem;

	if (options->socket_count) {
		snprintf(error, error_size,
			 "--socket-count=%.64s is the second --socket-count",
			 count);
		return -EINVAL;
	}
	options->socket_count =
		(unsigned int)strtonum(count, 1, OPTIONS_MAX_SOCKETS, &problem);
	if (problem) {
		snprintf(error, error_size,
			 "--socket-count=%.64s is not a number from 1 to %d",
			 count, OPTIONS_MAX_SOCKETS);
		return -EINVAL;
	}
	return 0;
}

static int add_device(struct options *options, const char *text, char *error,
		      size_t error_size)
{
	struct device_spec *devices;
	char reason[256];
	int ret;

	if (options->device_count == OPTIONS_MAX_DEVICES) {
		snprintf(error, error_size,
			 "--device=%.200s: there are more than %d devices",
			 text, OPTIONS_MAX_DEVICES);
		return -EINVAL;
	}
	devices = reallocarray(options->devices, options->device_count + 1,
			       sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	options->devices = devices;
	ret = device_spec_parse(text, &devices[options->device_count], reason,
				sizeof(reason));
	if (ret)
		snprintf(error, error_size, "--device=%.200s: %s", text,
			 reason);
	else
		options->device_count++;
	return ret;
}

static int add_without(struct options *options, const char *list, char *error,
		       size_t error_size)
{
	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)len, at);
		if (len >= sizeof(name) ||
		    !vhost_feature_find(name, &options->without)) {
			snprintf(error, error_size,
				 "--without=%.100s: there is no feature \"%s\"",
				 list, name);
			return -EINVAL;
		}
		at += len;
		if (!*at)
			return 0;
	}
}

/* A long option that getopt_long() does not know, or not well enough. */
static void explain_name(const char *word, char *error, size_t error_size)
{
	const char *name = word + strlen("--");
	const char *separator = "";
	const struct option *option;

	snprintf(error, error_size, "%.64s is ambiguous: ", word);
	for (option = long_options; option->name; option++) {
		if (strncmp(option->name, name, strcspn(name, "=")) != 0)
			continue;
		strlcat(error, separator, error_size);
		strlcat(error, "--", error_size);
		strlcat(error, option->name, error_size);
		separator = " or ";
	}
	if (!*separator)
		snprintf(error, error_size,
			 "%.64s is not an option; --help lists them", word);
}

/* Says what getopt_long() returned @verdict for: '?' or ':'. */
static void explain_option(int verdict, char **argv, char *error,
			   size_t error_size)
{
	const struct option *option = long_options;

	if (!optopt) {
		explain_name(argv[optind - 1], error, error_size);
		return;
	}
	while (option->name && option->val != optopt)
		option++;
	if (!option->name)
		snprintf(error, error_size,
			 "-%c is not an option; --help lists them", optopt);
	else if (verdict == ':')
		snprintf(error, error_size, "-%c, --%s needs a value", optopt,
			 option->name);
	else
		snprintf(error, error_size, "%.64s: --%s takes no value",
			 argv[optind - 1], option->name);
}

/* What can only be told when the whole command line has been read. */
static int check_whole(struct options *options, char *error, size_t error_size)
{
	int len;

	if (!options->socket_path) {
		snprintf(error, error_size, "--socket-path=PATH is missing");
		return -EINVAL;
	}
	if (!options->device_count) {
		snprintf(error, error_size, "--device=SPEC is missing");
		return -EINVAL;
	}
	if (!options->socket_count)
		options->socket_count = 1;
	len = snprintf(NULL, 0, "%s%u", options->socket_path,
		       options->socket_count - 1);
	if (len < 0 || (size_t)len > SOCKET_PATH_MAX) {
		snprintf(error, error_size,
			 "--socket-path=%.200s: with the socket's number this "
			 "is %d bytes, more than the %zu that fit",
			 options->socket_path, len, SOCKET_PATH_MAX);
		return -EINVAL;
	}
	return 0;
}

/* Takes in what getopt_long() found. Returns an action or a negative errno. */
static int take_option(struct options *options, int found, char **argv,
		       char *error, size_t error_size)
{
	switch (found) {
	case 's':
		return set_socket_path(options, optarg, error, error_size);
	case 'c':
		return set_socket_count(options, optarg, error, error_size);
	case 'l':
		return add_device(options, optarg, error, error_size);
	case 'x':
		return add_without(options, optarg, error, error_size);
	case OPTION_REPLAY:
		options->replay = true;
		return OPTIONS_RUN;
	case 'v':
		options->verbose = true;
		return OPTIONS_RUN;
	case 'V':
		return OPTIONS_VERSION;
	case 'h':
		return OPTIONS_HELP;
	default:
		explain_option(found, argv, error, error_size);
		return -EINVAL;
	}
}

int options_parse(int argc, char **argv, struct options *options, char *error,
		  size_t error_size)
{
	int ret = OPTIONS_RUN;
	int found;

	memset(options, 0, sizeof(*options));
	opterr = 0; /* the messages are ours */
	optind = 0; /* start over, should this not be the first call */
	while (ret == OPTIONS_RUN &&
	       (found = getopt_long(argc, argv, ":s:c:l:x:vVh", long_options,
				    NULL)) != -1)
		ret = take_option(options, found, argv, error, error_size);
	if (ret == OPTIONS_RUN && optind < argc) {
		snprintf(error, error_size, "%.200s is not an option",
			 argv[optind]);
		ret = -EINVAL;
	}
	if (ret == OPTIONS_RUN)
		ret = check_whole(options, error, error_size);
	if (ret == -ENOMEM)
		snprintf(error, error_size, "out of memory");
	if (ret < 0)
		options_free(options);
	return ret;
}

void options_free(struct options *options)
{
	for (unsigned int i = 0; i < options->device_count; i++)
		device_spec_free(&options->devices[i]);
	free(options->devices);
	free(options->socket_path);
	memset(options, 0, sizeof(*options));
}
