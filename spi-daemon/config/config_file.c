/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "spi-daemon/config/config_file.h"
#include "spi-daemon/files/files.h"

#define BLANKS " \t\r"

/* In bytes. It bounds what is read from a path like /dev/zero. */
#define FILE_SIZE_MAX (1u << 20)

struct reader {
	const char *path;
	config_file_take *take;
	void *arg;
	bool is_copy;	    /* something else follows behind a byte 0 */
	char *option;	    /* the option as far as read; NULL: none */
	unsigned int line;  /* number of the current line */
	unsigned int began; /* number of the line where ->option begins */
	char *error;
	size_t error_size;
};

static int explain(struct reader *r, unsigned int line, int ret,
		   const char *why)
{
	if (line)
		snprintf(r->error, r->error_size, "%.200s:%u: %s", r->path,
			 line, why);
	else
		snprintf(r->error, r->error_size, "--config=%.200s: %s",
			 r->path, why);
	return ret;
}

/* Removes the comment, and blanks at the end. */
static void strip(char *line)
{
	char *end = line;

	for (char *c = line; *c; c++) {
		if (*c == '#' && (c == line || strchr(BLANKS, c[-1])))
			break;
		if (!strchr(BLANKS, *c))
			end = c + 1;
	}
	*end = '\0';
}

/* Removes blanks around commas. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == ',') {
			while (to > text && strchr(BLANKS, to[-1]))
				to--;
			from += strspn(from + 1, BLANKS);
			*to++ = ',';
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

/* Passes the complete option to ->take. */
static int end_option(struct reader *r)
{
	char why[400] = "out of memory";
	char *value;
	int ret;

	if (!r->option)
		return 0;
	squeeze(r->option);
	value = r->option + strcspn(r->option, BLANKS "=");
	if (*value) {
		char *end = value;

		value += strspn(value, BLANKS);
		value += *value == '=';
		value += strspn(value, BLANKS);
		*end = '\0';
	} else {
		value = NULL;
	}
	ret = r->take(r->arg, r->option, value, why, sizeof(why));
	free(r->option);
	r->option = NULL;
	return ret ? explain(r, r->began, ret, why) : 0;
}

/* Appends a continuation line to the option. */
static int continue_option(struct reader *r, const char *line)
{
	char *longer;

	line += strspn(line, BLANKS ",");
	if (!r->option)
		return explain(r, r->line, -EINVAL,
			       "begins with a blank, but there is no line "
			       "before it to continue");
	if (asprintf(&longer, "%s%s%s", r->option,
		     r->option[strlen(r->option) - 1] == ',' ? "" : ",",
		     line) < 0)
		return explain(r, r->line, -ENOMEM, "out of memory");
	free(r->option);
	r->option = longer;
	return 0;
}

static int take_line(struct reader *r, char *line)
{
	bool goes_on = line[0] && strchr(BLANKS, line[0]);
	int ret;

	strip(line);
	if (!*line)
		return 0;
	if (goes_on)
		return continue_option(r, line);
	ret = end_option(r);
	if (ret)
		return ret;
	r->began = r->line;
	r->option = strdup(line);
	return r->option ? 0 : explain(r, r->line, -ENOMEM, "out of memory");
}

/* Reads the whole file into @text, a string that the caller frees. */
static int read_text(struct reader *r, FILE *file, char **text)
{
	size_t len;

	*text = malloc(FILE_SIZE_MAX + 1);
	if (!*text)
		return explain(r, 0, -ENOMEM, "out of memory");
	len = fread(*text, 1, FILE_SIZE_MAX, file);
	(*text)[len] = '\0';
	if (ferror(file))
		return explain(r, 0, -errno, strerror(errno));
	if (r->is_copy && strlen(*text) != len)
		return 0;
	if (!feof(file) || strlen(*text) != len)
		return explain(r, 0, -EINVAL, "is not a configuration file");
	return 0;
}

static int read_lines(struct reader *r, char *text)
{
	char *line;
	int ret = 0;

	while (!ret && (line = strsep(&text, "\n"))) {
		r->line++;
		ret = take_line(r, line);
	}
	return ret ? ret : end_option(r);
}

int config_file_copy(const char *path)
{
	int from = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	int to = memfd_create("configuration", MFD_CLOEXEC);
	ssize_t n = path ? 1 : 0;
	int ret = to < 0 ? -errno : 0;

	/* Who reads more than that from the copy refuses it. */
	for (size_t len = 0; n > 0 && len <= FILE_SIZE_MAX; len += (size_t)n)
		n = sendfile(to, from, NULL, FILE_SIZE_MAX);
	if (n < 0)
		ret = -errno;
	if (from >= 0)
		close(from);
	if (!ret)
		return to;
	if (to >= 0)
		close(to);
	return ret;
}

static FILE *open_copy(int copy)
{
	int fd = fcntl(copy, F_DUPFD_CLOEXEC, 0);
	FILE *file = NULL;

	if (fd < 0)
		return NULL;
	if (!lseek(fd, 0, SEEK_SET))
		file = fdopen(fd, "re");
	if (!file)
		close(fd);
	return file;
}

int config_file_read(const char *path, int copy, config_file_take *take,
		     void *arg, char *error, size_t error_size)
{
	struct reader r = {
		.path = path,
		.is_copy = copy >= 0,
		.take = take,
		.arg = arg,
		.error = error,
		.error_size = error_size,
	};
	FILE *file = copy < 0 ? files_read(path) : open_copy(copy);
	char *text;
	int ret;

	if (!file)
		return explain(&r, 0, -errno, strerror(errno));
	ret = read_text(&r, file, &text);
	if (!ret)
		ret = read_lines(&r, text);
	free(r.option);
	free(text);
	fclose(file);
	return ret;
}
