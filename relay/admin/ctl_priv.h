/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ctl_priv.h — what the parts of `sotto-relay ctl` share: the table of
 * commands (ctl_cmds.c), answers as records (ctl_out.c), and the request that
 * the server (ctl.c) carries through.
 */
#ifndef RELAY_ADMIN_CTL_PRIV_H
#define RELAY_ADMIN_CTL_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "relay/admin/ctl.h"
#include "relay/admin/words.h"
#include "relay/store/store.h"

#define CTL_WHY_MAX  192
#define CTL_ARGS_MAX 2

/* ---- options and commands ------------------------------------------------------ */

/* name, argument ("" none), help */
#define CTL_OPTIONS(X)                                                         \
	X(JSON, "--json", "", "one JSON object a line")                        \
	X(FULL, "--full", "", "phone numbers in full")                         \
	X(YES, "--yes", "", "do not ask")                                      \
	X(USES, "--uses", "N", "how many may use it (1)")                      \
	X(EXPIRES, "--expires", "TIME", "7d, 12h, never (7d)")                 \
	X(NOTE, "--note", "TEXT", "for your own memory")

enum ctl_option {
#define X(name, word, arg, help) CTL_OPT_##name,
	CTL_OPTIONS(X)
#undef X
};
#define CTL_HAS(o, name) (((o)->given & 1U << CTL_OPT_##name) != 0)

/* What was asked; strings are borrowed from the words. */
struct ctl_opts {
	unsigned given; /* bit 1 << CTL_OPT_x */
	uint32_t uses;
	uint64_t expires_ms; /* from now; 0: never */
	const char *note;
	const char *args[CTL_ARGS_MAX];
	size_t nargs;
};

struct ctl_req;

/* Begin, or do, what the request asks: ends in ctl_finish(), now or later. */
typedef void ctl_exec_fn(struct ctl_req *q);

struct ctl_cmd {
	const char *name;
	const char *args; /* for help */
	const char *help;
	unsigned options; /* bit 1 << CTL_OPT_x */
	uint8_t min_args, max_args;
	bool is_path; /* the argument is a file: the client makes it absolute */
	const char *confirm; /* what the client asks first; NULL nothing */
	ctl_exec_fn *exec;
};

/* The table, for help. */
const struct ctl_cmd *ctl_cmds(size_t *n);

/*
 * Understand words: the command, its options, its arguments.
 * Returns 0; ERR_FORMAT with the sentence in why (CTL_WHY_MAX bytes), then
 * *cmd is the command if that much was clear, else NULL.
 */
int ctl_parse(const struct words *w, const struct ctl_cmd **cmd,
    struct ctl_opts *o, char *why) MUST_USE;

/* ---- answers -------------------------------------------------------------------- */

/*
 * Records: for people a table with a head (or one line a field), else JSON.
 * Errors stick and are reported by ctl_out_end().
 */
struct ctl_out {
	struct buf *b;
	bool json;
	bool tall; /* one line a field */
	bool headed; /* the table's head is written */
	struct buf head, row;
	size_t fields;
	int err;
};

void ctl_out_init(struct ctl_out *o, struct buf *b, bool json, bool tall);
void ctl_out_clear(struct ctl_out *o);
/* width: cells for people; 0: as wide as it is */
void ctl_out_str(struct ctl_out *o, const char *name, int width, const char *v);
void ctl_out_u64(struct ctl_out *o, const char *name, int width, uint64_t v);
void ctl_out_bool(struct ctl_out *o, const char *name, int width, bool v);
/* Milliseconds since 1970; 0 is "never". */
void ctl_out_time(struct ctl_out *o, const char *name, int width, uint64_t ms);
/* The record is whole. 0, or the first error since ctl_out_init(). */
int ctl_out_end(struct ctl_out *o);
/* A line of text for people, a record {"text": ...} in JSON. */
int ctl_out_text(struct ctl_out *o, const char *text);

/* ---- the request ------------------------------------------------------------------ */

struct ctl_req {
	const struct ctl_env *env;
	const struct ctl_cmd *cmd;
	struct words words;
	struct ctl_opts opts;
	struct buf answer; /* lines with a leading space */
	struct ctl_out out;
	char phone[STORE_PHONE_MAX + 1];
	union {
		struct store_op head;
		struct op_invite_add invite_add;
		struct op_invite_revoke invite_revoke;
		struct op_invite_list invite_list;
		struct op_account_list account_list;
		struct op_account_ban ban;
		struct op_account_delete delete;
		struct op_stats stats;
		struct op_backup backup;
		struct op_check check;
		struct op_report_list report_list;
		struct op_report_get report_get;
		struct op_report_del report_del;
	} op;
};

/* Make the request's operation one of that kind, everything else zero. */
void ctl_prepare(
    struct ctl_req *q, enum store_kind kind, void (*done)(struct store_op *op));
void ctl_submit(struct ctl_req *q);

/* ctl_reports.c */
ctl_exec_fn ctl_exec_reports, ctl_exec_report, ctl_exec_drop_report;

/* Answer the request; text: the sentence when err is not 0, NULL: err_str(). */
void ctl_finish(struct ctl_req *q, int err, const char *text);

#endif
