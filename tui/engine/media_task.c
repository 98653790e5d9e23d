/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_task.c — sealing and opening, on libuv's threads. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "media/stream.h"
#include "tui/engine/media_int.h"

size_t
media_tasks(struct engine *e)
{
	struct media_task *t;
	size_t n = 0;

	for (t = e->media->tasks; t != NULL; t = t->next)
		n++;
	return n;
}

bool
media_task_has(struct engine *e, int64_t message)
{
	struct media_task *t;

	for (t = e->media->tasks; t != NULL; t = t->next)
		if (t->what == TASK_PREPARE && t->message == message)
			return true;
	return false;
}

struct media_task *
media_task_new(enum media_task_what what, int64_t message)
{
	struct media_task *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->what = what;
	t->message = message;
	t->req.data = t;
	return t;
}

void
media_task_free(struct media_task *t)
{
	if (t == NULL)
		return;
	if (t->data != NULL)
		sodium_memzero(t->data, t->len);
	free(t->data);
	sodium_memzero(t, sizeof(*t));
	free(t);
}

/* ---- opening -------------------------------------------------------------------- */

static bool
goes_on(void *arg, uint64_t done, uint64_t size)
{
	struct media_task *t = arg;

	(void)done;
	(void)size;
	return !atomic_load(&t->stop);
}

static struct media_seal
seal_of(const struct store_media *row)
{
	struct media_seal s = {
	    .size = row->size, .sealed_size = row->sealed_size};

	memcpy(s.key.b, row->key, sizeof(s.key.b));
	memcpy(s.digest.b, row->digest, sizeof(s.digest.b));
	return s;
}

static int
read_back(struct media_task *t, int fd)
{
	size_t want = (size_t)t->row.size;

	t->data = malloc(want + 1);
	if (t->data == NULL)
		return ERR_NOMEM;
	t->len = want;
	return stream_read_at(fd, 0, t->data, want);
}

/* Into memory that no disk has. */
static int
open_to_memory(struct media_task *t)
{
	struct media_seal s = seal_of(&t->row);
	int fd = memfd_create("sotto", MFD_CLOEXEC);
	int r = fd < 0 ? ERR_SYS : media_open_file(t->from, &s, fd, goes_on, t);

	if (r == 0)
		r = read_back(t, fd);
	if (fd >= 0)
		close(fd);
	sodium_memzero(&s, sizeof(s));
	return r;
}

static int
open_to_folder(struct media_task *t)
{
	struct media_seal s = seal_of(&t->row);
	int dir, fd, r;

	dir = open(t->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return ERR_NOTFOUND;
	r = safe_name_create(dir, t->name, &fd);
	if (r == 0) {
		r = media_open_file(t->from, &s, fd, goes_on, t);
		close(fd);
		if (r != 0)
			(void)unlinkat(dir, t->name, 0);
	}
	close(dir);
	sodium_memzero(&s, sizeof(s));
	return r;
}

/* ---- the pool ----------------------------------------------------------------------- */

static void
on_work(uv_work_t *req)
{
	struct media_task *t = req->data;

	switch (t->what) {
	case TASK_PREPARE:
		media_prepare_run(t);
		break;
	case TASK_READ:
	case TASK_ONCE:
		t->r = open_to_memory(t);
		break;
	case TASK_SAVE:
		t->r = open_to_folder(t);
		break;
	}
}

static void
on_done(uv_work_t *req, int status)
{
	struct media_task *t = req->data, **p;
	struct engine *e = t->e;

	if (status != 0)
		t->r = ERR_CLOSED;
	if (e != NULL) {
		for (p = &e->media->tasks; *p != t;)
			p = &(*p)->next;
		*p = t->next;
		if (e->store != NULL && !e->stopping) {
			if (t->what == TASK_PREPARE)
				media_prepare_done(t);
			else
				media_read_done(t);
		}
	}
	media_task_free(t);
}

void
media_task_start(struct engine *e, struct media_task *t)
{
	t->e = e;
	t->next = e->media->tasks;
	e->media->tasks = t;
	if (uv_queue_work(&e->loop, &t->req, on_work, on_done) == 0)
		return;
	t->r = ERR_SYS;
	on_done(&t->req, 0);
}

void
media_tasks_close(struct medias *ms)
{
	struct media_task *t;

	while ((t = ms->tasks) != NULL) {
		ms->tasks = t->next;
		t->e = NULL;
		atomic_store(&t->stop, true);
	}
}
