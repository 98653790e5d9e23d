/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commands.h — options of the single commands; one file a command or two. */
#ifndef TUI_CLI_COMMANDS_H
#define TUI_CLI_COMMANDS_H

#include "common/buf.h"
#include "tui/cli/cli.h"
#include "tui/cli/json.h"

#define LINE_MAX_BYTES (1024 * 1024) /* of one JSON object */

struct register_opts {
	char *relay, *phone, *name;
	bool accept_key;
};
#define REGISTER_ROWS 4
extern const struct conf_row register_rows[REGISTER_ROWS];

struct recv_opts {
	bool once;
};
#define RECV_ROWS 1
extern const struct conf_row recv_rows[RECV_ROWS];

struct search_opts {
	char *chat;
	uint32_t limit;
};
#define SEARCH_ROWS 2
extern const struct conf_row search_rows[SEARCH_ROWS];

struct safety_opts {
	bool verify, accept;
};
#define SAFETY_ROWS 2
extern const struct conf_row safety_rows[SAFETY_ROWS];

struct profile_opts {
	char *name;
	int receipts, presence; /* 0 unchanged, 1 on, 2 off */
};
#define PROFILE_ROWS 3
extern const struct conf_row profile_rows[PROFILE_ROWS];

struct export_opts {
	int format;
};
#define EXPORT_ROWS 1
extern const struct conf_row export_rows[EXPORT_ROWS];

struct backup_opts {
	bool code, force;
};
#define BACKUP_ROWS 2
extern const struct conf_row backup_rows[BACKUP_ROWS];

struct link_opts {
	char *relay, *name, *answer;
	bool yes, accept_key, inverse;
};
#define LINK_ROWS 6
extern const struct conf_row link_rows[LINK_ROWS];

struct devices_opts {
	uint32_t rename, remove;
};
#define DEVICES_ROWS 2
extern const struct conf_row devices_rows[DEVICES_ROWS];

struct store;

/* Open the store itself, without an engine; the caller closes it. Returns 0, or
 * an exit status after a sentence. */
int cli_open_store(const struct cli_opts *o, struct store **s) MUST_USE;

/* One JSON object on a line of its own: begin, write keys and values, print.
 * line_print() clears b whatever comes and returns an exit status: a reader
 * that is gone ends the command. */
void line_begin(struct json *j, struct buf *b);
int line_print(struct json *j, struct buf *b) MUST_USE;

/* Find the chat of a number typed by the person; asks the relay for a new
 * one. Returns 0 and *chat, or an exit status after a sentence. */
int chat_of_number(struct front *f, const struct cli_opts *o,
    const char *number, const char *name, int64_t *chat) MUST_USE;

/* Wait until what could leave has left; after timeout_of() it goes on by
 * itself the next time. */
void flush_out(struct front *f, const struct cli_opts *o);

/* Wait until the relay is there. Returns 0, or an exit status after a
 * sentence. */
int need_relay(struct front *f, const struct cli_opts *o) MUST_USE;

/* enum trust as programs read it. */
extern const char *const trust_word[3];

/* Milliseconds for front_wait(). */
uint32_t timeout_of(const struct cli_opts *o);

/* "2026-11-24 08:15" in local time. */
#define WHEN_CAP 32
const char *when_text(char out[static WHEN_CAP], uint64_t ms);

#endif
