/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.h — one table of rows per program gives the file parser, environment,
 * flags, --help, the sample file and the man page. Flags win over the
 * environment, that over the file, that over the defaults.
 *
 *	struct relay_conf { uint32_t queue_max; struct conf_list listen; };
 *	static const struct conf_row rows[] = {
 *		{ .name = "queue-max", .type = CONF_U32,
 *		  .off = offsetof(struct relay_conf, queue_max),
 *		  .min = 1, .max = 100000, .def = "1000", .unit = "messages",
 *		  .doc = "Undelivered messages held per device." },
 *	};
 *
 * No I/O: the text of the file and the environment are handed in. Reloading
 * is loading into a fresh struct. Errors read "file:12: queue-max: 0 is below
 * 1".
 *
 * File: `name = value` lines, lists separated by commas or given by several
 * lines; # starts a comment at the start of a line or after a blank; "..."
 * keeps blanks, commas and #, with \" and \\ inside. A scalar may be set once.
 * Environment: PREFIX_NAME; an empty variable counts as unset; unknown ones
 * are not looked at. Flags: --name=value, --name value, -c value; --name and
 * --no-name for yes and no; the last one wins, lists collect.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define CONF_ROWS_MAX  128
#define CONF_VALUE_MAX 4096 /* bytes of one value */
#define CONF_LIST_MAX  256 /* items of one list */
#define CONF_ERR_MAX   320
#define CONF_HOST_CAP  256 /* for conf_addr_split() */

/* name, what the field is, the word in --help */
#define CONF_TYPES(X)                                                          \
	X(BOOL, bool, "yes|no")                                                \
	X(U32, uint32_t, "N")                                                  \
	X(U64, uint64_t, "N")                                                  \
	X(SIZE, uint64_t bytes, "SIZE") /* 4096, 64KiB, 10MiB, 1GiB */         \
	X(DURATION, uint64_t ms, "TIME") /* 500ms, 30s, 5m, 12h, 7d, 0 */      \
	X(STRING, char *heap, "TEXT") /* NULL where .def is NULL */            \
	X(PATH, char *heap, "PATH") /* the same, never empty */                \
	X(ENUM, int, "WORD") /* index into choices */                          \
	X(ADDRS, struct conf_list, "HOST:PORT,...") /* [::1]:443 for IPv6 */   \
	X(LIST, struct conf_list, "TEXT,...")

enum conf_type {
#define X(name, field, word) CONF_##name,
	CONF_TYPES(X)
#undef X
};

enum {
	CONF_SECRET = 1 << 0, /* wiped when cleared, never shown */
	CONF_FLAG_ONLY = 1 << 1, /* not in the file or environment (--help) */
	CONF_NO_RELOAD = 1 << 2, /* documented as needing a restart */
	CONF_WHOLE = 1 << 3, /* LIST: a flag is one item, commas and all */
};

struct conf_list {
	char **v; /* heap, owned; NULL when empty */
	size_t n;
};

struct conf_row {
	const char *name; /* "queue-max"; PREFIX_QUEUE_MAX, --queue-max */
	enum conf_type type;
	unsigned flags;
	size_t off; /* offsetof the field */
	/* numbers: value; TEXT, PATH: bytes; lists: items. max 0: no limit */
	uint64_t min, max;
	const char *def; /* as in the file; NULL: unset, zero or empty */
	const char *unit; /* "messages"; may be NULL */
	const char *const *choices; /* ENUM: words, NULL-terminated */
	char letter; /* -c; 0 none */
	const char *group; /* heading; NULL: that of the row before */
	const char *doc; /* whole sentences */
};

struct conf_spec {
	const char *prog; /* "sotto-relay" */
	const char *prefix; /* "SOTTO_RELAY" */
	const char *usage; /* "[OPTION...]"; may be NULL */
	const char *about; /* one sentence */
	const struct conf_row *rows;
	size_t nrows; /* <= CONF_ROWS_MAX */
	size_t size; /* sizeof the struct */
};

/* Where values come from; zero what is absent. All borrowed. */
struct conf_src {
	const char *file_name; /* for messages */
	const char *text; /* the file; NULL none */
	size_t text_len;
	char *const *env; /* "NAME=value", NULL-terminated; NULL none */
	char *const *argv; /* argv[0] is skipped; NULL none */
	int argc;
};

struct conf_err {
	char text[CONF_ERR_MAX]; /* one clean line, "" when there is none */
};

/*
 * Load everything. out is spec->size bytes; it is overwritten and owned by
 * the caller after success (conf_clear), untouched on error.
 *   rest  out, index in argv of the first argument that is no flag (argc when
 *         there is none); may be NULL: then such an argument is an error
 * Returns 0; ERR_CONFIG with the sentence in why (may be NULL); ERR_NOMEM.
 */
int conf_load(const struct conf_spec *spec, const struct conf_src *src,
    void *out, int *rest, struct conf_err *why) MUST_USE;

/* Free what the fields hold and zero the struct; safe on a zeroed one. */
void conf_clear(const struct conf_spec *spec, void *conf);

/* True when every field of a and b is equal (after a reload). */
bool conf_equal(const struct conf_spec *spec, const void *a, const void *b);

/* Append text; 0, ERR_FULL or ERR_NOMEM. */
int conf_print_help(const struct conf_spec *spec, struct buf *b) MUST_USE;
/* The flags of --help alone, by groups. */
int conf_print_flags(const struct conf_spec *spec, struct buf *b) MUST_USE;
/* text in lines of 78 cells, each behind prefix. */
int conf_print_wrapped(
    struct buf *b, const char *prefix, const char *text) MUST_USE;
int conf_print_sample(const struct conf_spec *spec, struct buf *b) MUST_USE;
/* A fragment of a scdoc page: the settings for a .conf(5), and the rows that
 * are only flags for OPTIONS. */
int conf_print_scdoc(const struct conf_spec *spec, struct buf *b) MUST_USE;
int conf_print_scdoc_flags(
    const struct conf_spec *spec, struct buf *b) MUST_USE;
/* The values in force as a file; a secret only as a remark that it is set. */
int conf_print_values(
    const struct conf_spec *spec, const void *conf, struct buf *b) MUST_USE;

/* "host:port", "[::1]:443" (host "::1"), "*:443" (host "*"). Returns 0 or
 * ERR_FORMAT; outputs are written on success only. */
int conf_addr_split(
    const char *s, char host[static CONF_HOST_CAP], uint16_t *port) MUST_USE;

#endif
