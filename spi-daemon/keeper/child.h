/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The process that serves the guests, which a keeper starts. */
#ifndef KEEPER_CHILD_H
#define KEEPER_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* What is run. Both are descriptors; owned, or -1. */
struct child_program {
	int exe;    /* the binary */
	int config; /* a copy of the configuration; -1: there is none */
};

struct child {
	pid_t pid; /* 0: none runs */
	struct child_program program;
	char *path; /* where the binary was when this process began */
	int looker; /* of the sandbox: sandbox_looker(); not owned */
	char **argv;
};

/*
 * Prepares for children with the command line @argv, which must outlive
 * @child, and the binary of this process, even if it is replaced or deleted
 * meanwhile. Takes over @config. Returns 0 or a negative errno.
 */
int child_init(struct child *child, char **argv, int config);

void child_fini(struct child *child);

/* Closes both descriptors. */
void child_close_program(struct child_program *program);

/*
 * Starts a process, which must not be running. It blocks the signals that this
 * process blocks, and gets SIGTERM when this process ends. Stores in @link this
 * end of the link to it. Returns 0 or a negative errno.
 */
int child_start(struct child *child, int *link);

/* Opens the binary that is at ->path now. Returns a descriptor or -errno. */
int child_open_binary(const struct child *child);

/*
 * Runs @program with the command line of @child and --check, and with @image
 * unless that is -1: see struct child_legacy. Returns its process id, which the
 * caller reaps, and in @output a descriptor from which its messages can be
 * read; or a negative errno.
 */
pid_t child_check(const struct child *child,
		  const struct child_program *program, int image, int *output);

/*
 * Returns 1, with the wait status in @status, if the process has ended, or has
 * been stopped or continued, since the last call; else 0.
 */
int child_reap(struct child *child, int *status);

/* Describes how the process ended, in a few words. */
void child_describe(int status, char *text, size_t size);

/*
 * What a process gets from the keeper that has started it, or in whose place it
 * runs. Owned, or -1.
 */
struct child_legacy {
	int link;   /* of one that serves: its end of the link */
	int config; /* of its program */
	int looker; /* of one that serves: see sandbox.h */
	int image;  /* of the next keeper, or one that tries whether it could be
		       that: see succession.h */
};

#define CHILD_NO_LEGACY ((struct child_legacy){ -1, -1, -1, -1 })

/* Returns what there is, once. */
struct child_legacy child_legacy(void);

/*
 * Runs the program of @child in this process, with @legacy. Returns only if
 * that fails: a negative errno.
 */
int child_become(const struct child *child, struct child_legacy legacy);

#endif
