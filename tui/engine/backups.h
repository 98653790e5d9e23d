/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backups.h — backups while the engine runs: when they are due, or asked for.
 * docs/backup.md.
 *
 * The store belongs to the engine's thread, and nothing but sealing, writing
 * and sending takes long. So the engine makes records in small slices, between
 * its other work, and a thread of its own takes them from there; it exists only
 * while there is something to do. Chats and contacts are those of the beginning,
 * messages those that were there then, each as it is when its turn comes: what
 * is deleted meanwhile does not live on in the file.
 */
#ifndef TUI_ENGINE_BACKUPS_H
#define TUI_ENGINE_BACKUPS_H

#include "tui/backup/schedule.h"
#include "tui/engine/impl.h"

#define BACKUPS_QUEUE_MAX (1u << 20) /* bytes of records that wait */

/* Set the timer to when the next one is due; nothing wakes until then. */
void backups_arm(struct engine *e);
/* Call off what is under way and wait for it; the store may close then. */
void backups_close(struct engine *e);

/* ---- backups_thread.c: the work ------------------------------------------------- */

struct backup_record {
	struct backup_record *next;
	size_t len;
	uint8_t p[];
};

struct backups_work {
	enum backup_doing what; /* BACKUP_IS_MADE or BACKUP_IS_READ */
	struct backup_plan plan;
	const char *dir; /* of the profile, borrowed */
	void (*wake)(void *ctx); /* something has moved; on the thread */
	void *ctx;
	uv_thread_t thread;
	uv_mutex_t lock;
	uv_cond_t fed;
	/* under lock */
	struct backup_record *head, **tail;
	size_t queued; /* bytes */
	uint64_t fed_done, fed_total;
	bool whole; /* no more records come */
	int feed_error; /* and why, when they end too early */
	bool stop; /* called off */
	bool ended; /* and then: */
	int r;
	char why[BACKUP_WHY_MAX];
	struct restore_count found; /* BACKUP_IS_READ */
	bool sends; /* progress counts bytes */
	uint64_t done, total;
};

/* Begin; w is prepared: what, plan, dir, wake. 0; ERR_SYS. */
int backups_work_start(struct backups_work *w) MUST_USE;
/* Hand in a record, copied. True: there is room for more. 0; ERR_NOMEM. */
int backups_work_feed(struct backups_work *w, const struct buf *rec,
    uint64_t done, uint64_t total, bool *room) MUST_USE;
void backups_work_fed(struct backups_work *w, int r); /* 0: that was all */
void backups_work_stop(struct backups_work *w);
/* Wait for its end; frees what is left. */
void backups_work_join(struct backups_work *w);

#endif
