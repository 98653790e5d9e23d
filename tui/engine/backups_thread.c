/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backups_thread.c — the thread that seals, writes, sends and reads. It sees
 * records and files, never the store. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "tui/engine/backups.h"

/* ---- records in ------------------------------------------------------------------- */

static void
record_free(struct backup_record *rec)
{
	sodium_memzero(rec->p, rec->len);
	free(rec);
}

int
backups_work_feed(struct backups_work *w, const struct buf *rec, uint64_t done,
    uint64_t total, bool *room)
{
	struct backup_record *n = malloc(sizeof(*n) + rec->len);

	if (n == NULL)
		return ERR_NOMEM;
	n->next = NULL;
	n->len = rec->len;
	memcpy(n->p, rec->p, rec->len);
	uv_mutex_lock(&w->lock);
	*w->tail = n;
	w->tail = &n->next;
	w->queued += n->len;
	w->fed_done = done;
	w->fed_total = total;
	*room = w->queued < BACKUPS_QUEUE_MAX;
	uv_cond_signal(&w->fed);
	uv_mutex_unlock(&w->lock);
	return 0;
}

void
backups_work_fed(struct backups_work *w, int r)
{
	uv_mutex_lock(&w->lock);
	w->whole = r == 0;
	w->feed_error = r;
	uv_cond_signal(&w->fed);
	uv_mutex_unlock(&w->lock);
}

void
backups_work_stop(struct backups_work *w)
{
	uv_mutex_lock(&w->lock);
	w->stop = true;
	uv_cond_signal(&w->fed);
	uv_mutex_unlock(&w->lock);
}

/* Returns 0 with *out; ERR_NOTFOUND that was all. */
static int
wait_record(struct backups_work *w, struct backup_record **out)
{
	while (w->head == NULL && !w->whole && w->feed_error == 0 && !w->stop)
		uv_cond_wait(&w->fed, &w->lock);
	if (w->stop)
		return ERR_CLOSED;
	if (w->head == NULL)
		return w->whole ? ERR_NOTFOUND : w->feed_error;
	*out = w->head;
	w->head = (*out)->next;
	if (w->head == NULL)
		w->tail = &w->head;
	w->queued -= (*out)->len;
	return 0;
}

static int
next_record(void *ctx, struct buf *rec, uint64_t *done, uint64_t *total)
{
	struct backups_work *w = ctx;
	struct backup_record *n = NULL;
	bool hungry;
	int r;

	uv_mutex_lock(&w->lock);
	r = wait_record(w, &n);
	*done = w->fed_done;
	*total = w->fed_total;
	hungry = r == 0 && w->queued < BACKUPS_QUEUE_MAX / 2 &&
		 w->queued + n->len >= BACKUPS_QUEUE_MAX / 2;
	uv_mutex_unlock(&w->lock);
	if (hungry)
		w->wake(w->ctx);
	if (r != 0)
		return r;
	buf_reset(rec);
	r = buf_put(rec, n->p, n->len);
	record_free(n);
	return r;
}

/* ---- the work ----------------------------------------------------------------------- */

/* What the job is told; its first member, so that progress finds both. */
struct run {
	struct backup_job job;
	struct backups_work *w;
};

static bool
on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct run *run = ctx;
	struct backups_work *w = run->w;
	bool go;

	uv_mutex_lock(&w->lock);
	w->sends = run->job.carries;
	w->done = done < total ? done : total;
	w->total = total;
	go = !w->stop;
	uv_mutex_unlock(&w->lock);
	w->wake(w->ctx);
	return go;
}

static int
make(struct run *run)
{
	struct backups_work *w = run->w;
	struct backup_source from = {next_record, w};

	return backup_plan_do(&w->plan, &run->job, &from, w->dir);
}

/* The newest of this device; others have another code. */
static int
fetch(struct run *run, const char *path)
{
	const struct backup_plan *plan = &run->w->plan;
	struct place *p = NULL;
	int r = backup_plan_place(plan, &p, run->job.why);

	if (r != 0)
		return r;
	place_watch(p, run->job.progress, run->job.ctx);
	run->job.carries = true;
	r = backup_fetch(&run->job, p, plan->account, plan->device, NULL, path);
	run->job.carries = false;
	place_free(p);
	return r;
}

static int
verify(struct run *run)
{
	struct backups_work *w = run->w;
	struct backup_key key = {.kind = BACKUP_CODE, .code = &w->plan.sc.code};
	char path[PATH_MAX];
	int r;

	snprintf(
	    path, sizeof(path), "%s/verified-%d.backup", w->dir, (int)getpid());
	unlink(path); /* of one that crashed */
	r = fetch(run, path);
	if (r == 0) {
		run->job.path = path;
		run->job.key = &key;
		r = backup_verify(&run->job, &w->found);
	}
	unlink(path);
	return r;
}

static void
work(void *arg)
{
	struct backups_work *w = arg;
	struct run run = {.job = {.progress = on_progress}, .w = w};
	int r;

	run.job.ctx = &run;
	r = w->what == BACKUP_IS_READ ? verify(&run) : make(&run);
	uv_mutex_lock(&w->lock);
	if (w->stop && r != 0) {
		r = ERR_CLOSED;
		snprintf(w->why, sizeof(w->why), "%s", BACKUP_CALLED_OFF);
	} else if (r != 0) {
		snprintf(w->why, sizeof(w->why), "%s",
		    run.job.why[0] != '\0' ? run.job.why : err_str(r));
	}
	w->r = r;
	w->ended = true;
	uv_mutex_unlock(&w->lock);
	w->wake(w->ctx);
}

int
backups_work_start(struct backups_work *w)
{
	w->tail = &w->head;
	if (uv_mutex_init(&w->lock) != 0)
		return ERR_SYS;
	if (uv_cond_init(&w->fed) == 0) {
		if (uv_thread_create(&w->thread, work, w) == 0)
			return 0;
		uv_cond_destroy(&w->fed);
	}
	uv_mutex_destroy(&w->lock);
	return ERR_SYS;
}

void
backups_work_join(struct backups_work *w)
{
	struct backup_record *n;

	uv_thread_join(&w->thread);
	while ((n = w->head) != NULL) {
		w->head = n->next;
		record_free(n);
	}
	uv_cond_destroy(&w->fed);
	uv_mutex_destroy(&w->lock);
}
