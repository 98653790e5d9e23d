/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_int.h — shared by the files of media.h only. */
#ifndef TUI_ENGINE_MEDIA_INT_H
#define TUI_ENGINE_MEDIA_INT_H

#include <limits.h>
#include <stdatomic.h>

#include "media/safe_name.h"
#include "media/transfer/file.h"
#include "media/transfer/transfer.h"
#include "tui/engine/media.h"

#define MEDIA_TASKS_MAX 2 /* sealed or opened at a time */
#define MEDIA_CARRY_MAX 16 /* asked for or carried at a time */
#define MEDIA_LIST	64 /* rows looked at in one turn */

/* One on its way, up or down. */
struct carrying {
	struct carrying *next;
	struct engine *e;
	int64_t message;
	uint64_t id; /* of the hub; 0 none */
	bool up;
	bool asking; /* the relay has a request of it */
	bool note; /* no transfer: the relay is told that all have it */
	bool dead; /* its row is gone: freed when nobody refers to it */
	bool stored; /* all of it is there; ask whether it is kept */
	unsigned asks; /* for URLs, without getting further */
	uint64_t done; /* sealed bytes */
	uint64_t hold_ms; /* engine_now_ms() to go on at */
};

enum media_task_what { TASK_PREPARE, TASK_READ, TASK_SAVE, TASK_ONCE };

/* Something for a thread that may wait. */
struct media_task {
	uv_work_t req;
	struct engine *e; /* NULL: nobody waits for it any more */
	struct media_task *next;
	enum media_task_what what;
	atomic_bool stop;
	int64_t message;
	uint64_t tag;
	struct store_media row; /* a copy; PREPARE: filled in */
	struct store_media other; /* PREPARE: forwarded from this one */
	bool forward;
	char from[PATH_MAX], to[PATH_MAX]; /* files */
	char name[SAFE_NAME_CAP]; /* SAVE: the new one's, in the folder `to` */
	uint8_t *data; /* READ, ONCE: heap, wiped */
	size_t len;
	int r;
	char why[STORE_MEDIA_WHY];
};

struct medias {
	struct engine *e; /* NULL: is closing */
	uv_async_t woken; /* by the hub */
	uv_timer_t turn;
	int handles;
	bool told_all; /* of what was delivered the relay knows */
	struct media_hub *hub; /* NULL: nothing was carried yet */
	struct carrying *list;
	struct media_task *tasks;
	struct media_rules rules;
	char dir[PATH_MAX]; /* where sealed files are */
};

/* ---- media.c ---- */

/* Write the row, and tell. In a transaction. */
int media_save(struct engine *e, struct store_media *row) MUST_USE;
/* The same, in a transaction of its own. */
int media_save_now(struct engine *e, struct store_media *row) MUST_USE;
/* It does not go on by itself. In a transaction. */
int media_fail(struct engine *e, struct store_media *row,
    enum store_media_state state, const char *why) MUST_USE;
void media_path(const struct medias *ms,
    const uint8_t file[static STORE_ID_LEN], bool part,
    char out[static PATH_MAX]);
void media_tell(struct engine *e, int64_t message); /* EV_MEDIA */

/* ---- media_carry.c ---- */

struct carrying *media_carrying(struct engine *e, int64_t message);
/* Something the relay is asked about it; NULL: no memory. It is asking. */
struct carrying *media_note_new(struct engine *e, int64_t message);
void media_note_end(struct carrying *c);
/* Begin what may begin. */
void media_carry(struct engine *e);
/* Of one whose row is gone, or that is not to go on. */
void media_carry_end(struct engine *e, int64_t message);
void media_carry_pause(struct engine *e, int64_t message, bool on);
void media_carry_link(struct engine *e);
/* When to look again; 0: nothing waits for a time. */
uint64_t media_carry_due(struct engine *e);
void media_carry_events(struct engine *e);
void media_carry_close(struct medias *ms);
void media_carry_rules(struct engine *e);

/* ---- media_task.c ---- */

size_t media_tasks(struct engine *e);
bool media_task_has(struct engine *e, int64_t message);
/* Takes the task. */
void media_task_start(struct engine *e, struct media_task *t);
struct media_task *media_task_new(enum media_task_what what, int64_t message);
void media_task_free(struct media_task *t);
void media_tasks_close(struct medias *ms);
/* On a thread of the pool: media_prepare.c. */
void media_prepare_run(struct media_task *t);
/* How it looks, into t->row: width, height, the small picture; of a video its
 * length too. Without that it goes as well. p: a picture file; fd: a video, read
 * with pread(). On a thread of the pool: media_still.c. */
void media_add_tiny(struct media_task *t, const uint8_t *p, size_t len);
void media_add_still(struct media_task *t, int fd);
/* On the engine's thread. */
void media_prepare_start(struct engine *e, struct store_media *row);
void media_prepare_done(struct media_task *t);
void media_read_done(struct media_task *t); /* media_cmd.c */
/* Open it for a command. once: it is gone then; dir: into a file there. */
int media_read_start(struct engine *e, uint64_t tag,
    const struct store_media *row, bool once, const char *dir) MUST_USE;

#endif
