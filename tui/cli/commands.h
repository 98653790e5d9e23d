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
	bool yes;
};
#define PROFILE_ROWS 4
extern const struct conf_row profile_rows[PROFILE_ROWS];

struct export_opts {
	int format;
};
#define EXPORT_ROWS 1
extern const struct conf_row export_rows[EXPORT_ROWS];

struct backup_opts {
	bool code, force, due;
	int every; /* 0 daily, 1 weekly */
	uint32_t keep;
	char *credentials, *name;
};
#define BACKUP_ROWS 7
extern const struct conf_row backup_rows[BACKUP_ROWS];

struct link_opts {
	char *relay, *name, *answer, *camera;
	bool yes, accept_key, inverse;
	char *history;
};
#define LINK_ROWS 8
extern const struct conf_row link_rows[LINK_ROWS];

struct devices_opts {
	uint32_t rename, remove, days, messages;
	bool all, cancel, wait;
};
#define DEVICES_ROWS 7
extern const struct conf_row devices_rows[DEVICES_ROWS];

struct send_opts {
	bool view_once, to_self;
	bool original, voice, as_file;
	struct conf_list file;
	char *caption, *contact, *contact_name, *location;
};
#define SEND_ROWS 10
extern const struct conf_row send_rows[SEND_ROWS];

struct fetch_opts {
	char *to;
};
#define FETCH_ROWS 1
extern const struct conf_row fetch_rows[FETCH_ROWS];

struct open_opts {
	char *to;
};
#define OPEN_ROWS 1
extern const struct conf_row open_rows[OPEN_ROWS];
/* `sotto open MESSAGE --to FILE`: one with a file. An exit status. */
int open_file(const struct cli_args *args, const char *path) MUST_USE;

struct downloads_opts {
	char *kind, *up, *down;
	uint64_t max, metered_max;
	int metered; /* 0 unchanged, 1 yes, 2 no */
};
#define DOWNLOADS_ROWS 6
extern const struct conf_row downloads_rows[DOWNLOADS_ROWS];

/* `sotto send` with files, a card or a place; an exit status. */
int send_media(const struct cli_args *args, const char *number,
    const char *caption) MUST_USE;

/* The object "media" of a message, in an open object; and in words. */
void json_kv_media(struct json *j, const struct media_row *m);
#define MEDIA_LINE 512
const char *media_line(const struct media_row *m, char out[static MEDIA_LINE]);

struct sound_opts {
	char *device;
	uint32_t seconds, from, speed;
	bool force;
};
#define SOUND_ROWS 5
extern const struct conf_row sound_rows[SOUND_ROWS];

struct preview_opts {
	int as; /* enum picture_mode */
	uint32_t cols, rows, wait_ms;
};
#define PREVIEW_ROWS 4
extern const struct conf_row preview_rows[PREVIEW_ROWS];

struct list_opts {
	uint32_t limit;
};
#define LIST_ROWS 1
extern const struct conf_row list_rows[LIST_ROWS];

struct delete_opts {
	bool for_me, for_everyone;
};
#define DELETE_ROWS 2
extern const struct conf_row delete_rows[DELETE_ROWS];

struct forward_opts {
	char *to;
};
#define FORWARD_ROWS 1
extern const struct conf_row forward_rows[FORWARD_ROWS];

struct mute_opts {
	uint64_t for_ms;
};
#define MUTE_ROWS 1
extern const struct conf_row mute_rows[MUTE_ROWS];

struct clear_opts {
	bool chat;
};
#define CLEAR_ROWS 1
extern const struct conf_row clear_rows[CLEAR_ROWS];

struct timer_opts {
	uint64_t after_ms;
};
#define TIMER_ROWS 1
extern const struct conf_row timer_rows[TIMER_ROWS];

struct report_opts {
	uint32_t messages;
	bool block;
};
#define REPORT_ROWS 2
extern const struct conf_row report_rows[REPORT_ROWS];

struct account_opts {
	bool remove;
};
#define ACCOUNT_ROWS 1
extern const struct conf_row account_rows[ACCOUNT_ROWS];

/* `sotto devices history [DEVICE]`; an exit status. */
int devices_history(struct front *f, const struct cli_opts *o,
    const struct devices_opts *own, const char *device) MUST_USE;
/* Send it and follow it to its end; an exit status after a sentence. */
int cli_send_history(struct front *f, const struct cli_opts *o, uint32_t device,
    const struct history_amount *amount) MUST_USE;

/* A PIN, from SOTTO_PIN or the terminal. 0; ERR_IO; ERR_RANGE. */
int cli_ask_pin(const char *prompt, char *out, size_t cap) MUST_USE;

/* `sotto profile wipe`; an exit status. */
int cli_wipe(const struct cli_opts *o, bool yes) MUST_USE;

struct group_opts {
	char *name, *about, *timer;
	int send, edit, add; /* 0 unchanged, 1 all, 2 admins */
};
#define GROUP_ROWS 6
extern const struct conf_row group_rows[GROUP_ROWS];

struct backup_job;

/* `sotto backup schedule|run|status|list`; an exit status. */
int backup_auto(const struct cli_args *args, struct backup_job *job,
    uint64_t now_ms) MUST_USE;
/* A folder or a URL, and no file. */
bool backup_is_place(const char *path);
struct store;

/* The newest backup of job->path, of the store's account (NULL: of any), or the
 * one that --name says, as a file of this machine, which the caller removes;
 * its path in path. An exit status. */
int backup_bring(const struct cli_args *args, struct backup_job *job,
    struct store *s, char *path, size_t cap) MUST_USE;

/* Open the store itself, without an engine; the caller closes it. Returns 0, or
 * an exit status after a sentence. */
int cli_open_store(const struct cli_opts *o, struct store **s) MUST_USE;

/* One JSON object on a line of its own: begin, write keys and values, print.
 * line_print() clears b whatever comes and returns an exit status: a reader
 * that is gone ends the command. */
/* All of a file, appended. 0; ERR_SYS with errno; ERR_FULL, ERR_NOMEM. */
int read_whole_file(const char *path, struct buf *b) MUST_USE;

void line_begin(struct json *j, struct buf *b);
int line_print(struct json *j, struct buf *b) MUST_USE;

/* The 32 digits by which JSON names an account or a group. */
bool read_account(const char *text, uint8_t out[static ENGINE_ID_LEN]) MUST_USE;

/* Find the chat of a number typed by the person ("self": the notes to oneself;
 * read_account(): of the list, groups too); asks the relay for a new one.
 * Returns 0 and *chat, or an exit status after a sentence. */
int chat_of_number(struct front *f, const struct cli_opts *o,
    const char *number, const char *name, int64_t *chat) MUST_USE;

/* Wait until what could leave has left; after timeout_of() it goes on by
 * itself the next time. */
void flush_out(struct front *f, const struct cli_opts *o);

/* Wait until the relay is there. Returns 0, or an exit status after a
 * sentence. */
int need_relay(struct front *f, const struct cli_opts *o) MUST_USE;

/* The message that an argument names: the number that list prints, or the 32
 * digits of its message_id, with a colon and its author's behind if need be.
 * Returns 0 and *id, or an exit status after a sentence. */
int message_of_name(struct front *f, const char *text, int64_t *id) MUST_USE;

/* The fields of a message, in an open object. */
void json_kv_message(struct json *j, const struct msg_row *m);
/* On a line of its own; an exit status. title: of its chat. */
int print_message(const struct cli_opts *o, const struct msg_row *m,
    const char *title) MUST_USE;

/* One status post; event: what is told of it, NULL: it was asked for. */
int print_status(const struct cli_opts *o, const struct status_row *s,
    const char *event) MUST_USE;

/* Let what was done leave. sends: for others; then it says so when it has to
 * wait, and the exit status tells. */
int leave_now(struct front *f, const struct cli_opts *o, bool sends) MUST_USE;

/* enum msg_state as programs read it. */
extern const char *const state_word[7];

/* The message, NUL-terminated: the argument with that index, or standard input
 * when there is none or it is "-". 0 or an exit status after a sentence. */
int read_text(
    const struct cli_args *args, int index, struct buf *text) MUST_USE;

/* enum trust as programs read it. */
extern const char *const trust_word[3];

/* Milliseconds for front_wait(). */
uint32_t timeout_of(const struct cli_opts *o);

/* "2026-11-24 08:15" in local time. */
#define WHEN_CAP 32
const char *when_text(char out[static WHEN_CAP], uint64_t ms);

#endif
