/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * args.h — the command line of `sotto`: a table of commands with a table of
 * options each; parsing, --help and "did you mean" come from the rows. Options
 * are rows of common/conf.h (CONF_FLAG_ONLY), so that they read the same
 * everywhere.
 *
 *	sotto [OPTION...] [COMMAND [OPTION...] [ARGUMENT...]]
 *
 * The first command, with the empty name, is what runs without one.
 */
#ifndef TUI_CLI_ARGS_H
#define TUI_CLI_ARGS_H

#include <stddef.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/conf.h"

/* What a process of ours exits with. Documented in sotto(1). */
#define CLI_EXITS(X) /* name       value  meaning */                           \
	X(OK, 0, "done")                                                       \
	X(FAILURE, 1, "anything that has no code of its own")                  \
	X(USAGE, 2, "the command line is wrong")                               \
	X(CONFIG, 3, "the configuration is wrong")                             \
	X(UNREGISTERED, 4, "this profile has no account yet")                  \
	X(LOCKED, 5, "the passphrase is wrong or missing")                     \
	X(BUSY, 6, "another sotto uses this profile")                          \
	X(NOT_FOUND, 7, "no such number, contact or message")                  \
	X(OFFLINE, 8, "the relay cannot be reached")                           \
	X(REFUSED, 9, "the relay refused, or a limit is reached")              \
	X(UNTRUSTED, 10, "a key changed; look at the safety number first")     \
	X(TIMEOUT, 11, "it took longer than --timeout")

enum cli_exit {
#define X(name, value, text) CLI_EXIT_##name = (value),
	CLI_EXITS(X)
#undef X
};

/* The exit code for an error code of common/err.h; 0 for 0. */
enum cli_exit cli_exit_of(int err);

/* A command's own arguments after its options. */
struct cli_args {
	const char *prog; /* argv[0]'s last part */
	void *opts; /* the program's options, as loaded */
	void *own; /* the command's options, or NULL */
	int argc; /* arguments left */
	char *const *argv; /* borrowed from main() */
};

typedef int cli_fn(void *ctx, const struct cli_args *args); /* a cli_exit */

struct cli_cmd {
	const char *name; /* "send" */
	const char *args; /* "NUMBER [TEXT|-]" */
	const char *help; /* one line, no full stop */
	const char *more; /* paragraphs for --help; may be NULL */
	int min_args, max_args; /* max -1: any number */
	const struct conf_row *rows; /* options; own struct of size bytes */
	size_t nrows;
	size_t size;
	cli_fn *fn;
};

struct cli_spec {
	const struct conf_spec *prog; /* rows of the program */
	const struct cli_cmd *cmds; /* [0] is named "" */
	size_t ncmds;
};

/* What came out of parsing. Owned; cli_clear() it also after an error. */
struct cli_run {
	const struct cli_spec *spec;
	const struct cli_cmd *cmd; /* NULL only after an error */
	struct cli_args args;
	struct conf_err why;
	char **words; /* storage of args.argv */
};

/*
 * Understand a command line. Options may stand before and behind the command
 * and between its arguments; "--" ends them; "-" is an argument.
 *   src   file and environment for the program's rows; argv, argc used too
 * When the program's row "help" or "version" is set, arguments are not
 * counted: cli_print_help(spec, run->cmd, b) is what was asked for.
 * Returns 0; ERR_CONFIG with a sentence in run->why; ERR_NOMEM.
 */
int cli_parse(const struct cli_spec *spec, const struct conf_src *src,
    struct cli_run *run) MUST_USE;
void cli_clear(struct cli_run *run);

/* Help of the program, or with cmd of one command. 0, ERR_FULL, ERR_NOMEM. */
int cli_print_help(const struct cli_spec *spec, const struct cli_cmd *cmd,
    struct buf *b) MUST_USE;

/* The command of that name, or NULL. */
const struct cli_cmd *cli_find(const struct cli_spec *spec, const char *name);

#endif
