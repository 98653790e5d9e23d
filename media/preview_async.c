/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preview_async.c — asking on a loop. One child at a time, one question at a
 * time; nothing here waits. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>

#include "media/preview_int.h"

#define ANSWERS_MAX 64 /* of one child: its CPU limit counts all of them */
#define ENDING_MAX  8 /* killed and not yet gone */
#define REAP_MS	    20

struct job {
	uint64_t id;
	struct preview_ask ask; /* without the file */
	struct buf request; /* packed */
	preview_done_fn *done;
	void *ctx;
	bool again; /* it has been asked once more */
	bool cancelled;
	struct job *next;
};

/* A child and its socket; outlives the question that killed it until libuv has
 * closed the handle. */
struct kid {
	struct preview *p; /* NULL: nobody's any more */
	uv_pipe_t pipe;
	uv_write_t write;
	pid_t pid;
	unsigned answers;
	struct buf in;
};

struct preview {
	uv_loop_t *loop;
	uv_timer_t timer; /* the answer's deadline, or idle's end */
	uv_timer_t reap;
	uv_idle_t soon; /* start the next question from the loop */
	struct kid *kid; /* NULL: none runs */
	struct job *jobs; /* the first is being answered when asked */
	unsigned njobs;
	bool asked;
	uint64_t next_id;
	pid_t ending[ENDING_MAX];
	unsigned nending;
	int open_handles; /* of this struct */
	bool freed;
};

static void on_timer(uv_timer_t *t);
static void on_soon(uv_idle_t *t);

/* ---- the end of children ------------------------------------------------------------ */

static void
reap(struct preview *p)
{
	unsigned i, n = 0;

	for (i = 0; i < p->nending; i++)
		if (waitpid(p->ending[i], NULL, WNOHANG) == 0)
			p->ending[n++] = p->ending[i];
	p->nending = n;
}

static void
on_reap(uv_timer_t *t)
{
	struct preview *p = t->data;

	reap(p);
	if (p->nending > 0)
		uv_timer_start(t, on_reap, REAP_MS, 0);
}

static void
kid_closed(uv_handle_t *h)
{
	struct kid *k = h->data;

	buf_clear(&k->in);
	free(k);
}

/* It has been killed and will be gone in a moment: that is not waited for. */
static void
kid_end(struct preview *p)
{
	struct kid *k = p->kid;

	if (k == NULL)
		return;
	p->kid = NULL;
	p->asked = false;
	kill(k->pid, SIGKILL);
	if (p->nending == ENDING_MAX) { /* the system is slow: then we are */
		while (waitpid(p->ending[0], NULL, 0) < 0 && errno == EINTR)
			;
		reap(p);
	}
	p->ending[p->nending++] = k->pid;
	reap(p);
	if (p->nending > 0 && !p->freed)
		uv_timer_start(&p->reap, on_reap, REAP_MS, 0);
	k->p = NULL;
	uv_close((uv_handle_t *)&k->pipe, kid_closed);
}

/* ---- jobs ----------------------------------------------------------------------------- */

static void
job_free(struct job *j)
{
	buf_clear(&j->request);
	free(j);
}

static void
start_soon(struct preview *p)
{
	if (p->jobs != NULL)
		uv_idle_start(&p->soon, on_soon);
	else if (p->kid != NULL)
		uv_timer_start(&p->timer, on_timer, PREVIEW_IDLE_MS, 0);
}

/* The first question has its answer. */
static void
job_done(struct preview *p, int code, struct preview_answer *a)
{
	struct job *j = p->jobs;

	p->jobs = j->next;
	p->njobs--;
	p->asked = false;
	uv_timer_stop(&p->timer);
	start_soon(p);
	if (!j->cancelled)
		j->done(j->ctx, j->id, code, code == 0 ? a : NULL);
	preview_answer_clear(a);
	job_free(j);
}

/* The child has failed. Was it this question, or what came before? */
static void
job_failed(struct preview *p, int code)
{
	struct preview_answer none = {0};
	bool used = p->kid != NULL && p->kid->answers > 0;

	kid_end(p);
	uv_timer_stop(&p->timer);
	if (code == ERR_CLOSED && used && !p->jobs->again &&
	    !p->jobs->cancelled) {
		p->jobs->again = true;
		start_soon(p);
	} else {
		job_done(p, code, &none);
	}
}

/* ---- the child's answers ---------------------------------------------------------------- */

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
	struct kid *k = h->data;
	size_t want = 4, n;

	(void)suggested;
	*b = uv_buf_init(NULL, 0);
	if (k->p == NULL)
		return;
	if (k->in.len >= 4)
		want += get_be32(k->in.p);
	n = want - k->in.len;
	if (want - 4 <= PREVIEW_ANSWER_MAX && n > 0 &&
	    buf_reserve(&k->in, n) == 0)
		*b = uv_buf_init((char *)k->in.p + k->in.len, (unsigned)n);
}

static bool
is_whole(const struct buf *b)
{
	return b->len >= 4 && b->len - 4 == get_be32(b->p);
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct kid *k = s->data;
	struct preview *p = k->p;
	struct preview_answer a = {0};
	int r;

	(void)b;
	if (n == 0 || p == NULL)
		return;
	/* Speaking before all was asked is no better than dying. */
	if (n < 0 || !p->asked || uv_stream_get_write_queue_size(s) > 0) {
		if (p->asked)
			job_failed(p, n == UV_ENOBUFS ? ERR_NOMEM : ERR_CLOSED);
		else
			kid_end(p);
		return;
	}
	k->in.len += (size_t)n;
	if (!is_whole(&k->in))
		return;
	r = preview_unpack(&p->jobs->ask, k->in.p + 4, k->in.len - 4, &a);
	buf_reset(&k->in);
	if (r == ERR_CLOSED) {
		job_failed(p, r);
		return;
	}
	if (++k->answers >= ANSWERS_MAX)
		kid_end(p);
	job_done(p, r, &a);
}

static void
on_timer(uv_timer_t *t)
{
	struct preview *p = t->data;

	if (p->asked)
		job_failed(p, ERR_TIMEOUT);
	else
		kid_end(p);
}

/* ---- asking ------------------------------------------------------------------------------ */

static int
kid_new(struct preview *p)
{
	struct kid *k = calloc(1, sizeof(*k));
	int fd, r;

	if (k == NULL)
		return ERR_NOMEM;
	r = preview_child_start(&k->pid, &fd);
	if (r != 0) {
		free(k);
		return r;
	}
	k->p = p;
	buf_init(&k->in, 4 + PREVIEW_ANSWER_MAX);
	uv_pipe_init(p->loop, &k->pipe, 0);
	k->pipe.data = k->write.data = k;
	p->kid = k;
	if (uv_pipe_open(&k->pipe, fd) != 0) {
		close(fd);
		kid_end(p);
		return ERR_SYS;
	}
	if (uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read) != 0) {
		kid_end(p);
		return ERR_SYS;
	}
	return 0;
}

static void
on_written(uv_write_t *w, int status)
{
	(void)w; /* what failed to be written is not answered: on_read() */
	(void)status;
}

static void
ask_first(struct preview *p)
{
	struct job *j = p->jobs;
	int r = p->kid != NULL ? 0 : kid_new(p);
	uv_buf_t b;

	if (r != 0) {
		job_failed(p, r);
		return;
	}
	b = uv_buf_init((char *)j->request.p, (unsigned)j->request.len);
	p->asked = true;
	uv_timer_start(&p->timer, on_timer, (uint64_t)preview_timeout(), 0);
	if (uv_write(&p->kid->write, (uv_stream_t *)&p->kid->pipe, &b, 1,
		on_written) != 0)
		job_failed(p, ERR_CLOSED);
}

static void
on_soon(uv_idle_t *t)
{
	struct preview *p = t->data;
	struct job *j;

	uv_idle_stop(t);
	while (!p->asked && (j = p->jobs) != NULL && j->cancelled) {
		p->jobs = j->next;
		p->njobs--;
		job_free(j);
	}
	if (!p->asked && p->jobs != NULL)
		ask_first(p);
}

int
preview_ask(struct preview *p, const struct preview_ask *ask,
    preview_done_fn *done, void *ctx, uint64_t *id)
{
	struct job *j, **at;
	int r = preview_check(ask);

	if (r != 0)
		return r;
	if (p->njobs >= PREVIEW_QUEUE_MAX)
		return ERR_FULL;
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return ERR_NOMEM;
	buf_init(&j->request, 4 + PREVIEW_REQUEST_MAX);
	r = preview_pack(&j->request, ask);
	if (r != 0) {
		job_free(j);
		return r;
	}
	j->id = ++p->next_id;
	j->ask = *ask;
	j->ask.file = NULL;
	j->done = done;
	j->ctx = ctx;
	for (at = &p->jobs; *at != NULL; at = &(*at)->next)
		;
	*at = j;
	p->njobs++;
	if (!p->asked)
		start_soon(p);
	if (id != NULL)
		*id = j->id;
	return 0;
}

void
preview_cancel(struct preview *p, uint64_t id)
{
	struct job *j;

	for (j = p->jobs; j != NULL; j = j->next)
		if (j->id == id)
			j->cancelled = true;
}

/* ---- life ---------------------------------------------------------------------------------- */

int
preview_new(struct preview **out, uv_loop_t *loop)
{
	struct preview *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return ERR_NOMEM;
	p->loop = loop;
	uv_timer_init(loop, &p->timer);
	uv_timer_init(loop, &p->reap);
	uv_idle_init(loop, &p->soon);
	p->timer.data = p->reap.data = p->soon.data = p;
	*out = p;
	return 0;
}

static void
handle_closed(uv_handle_t *h)
{
	struct preview *p = h->data;

	if (--p->open_handles == 0)
		free(p);
}

void
preview_free(struct preview *p)
{
	uv_handle_t *handles[3];
	struct job *j;
	unsigned i;

	if (p == NULL)
		return;
	p->freed = true;
	kid_end(p);
	for (i = 0; i < p->nending; i++)
		while (waitpid(p->ending[i], NULL, 0) < 0 && errno == EINTR)
			;
	while ((j = p->jobs) != NULL) {
		p->jobs = j->next;
		job_free(j);
	}
	handles[0] = (uv_handle_t *)&p->timer;
	handles[1] = (uv_handle_t *)&p->reap;
	handles[2] = (uv_handle_t *)&p->soon;
	for (i = 0; i < ARRAY_LEN(handles); i++, p->open_handles++)
		uv_close(handles[i], handle_closed);
}
