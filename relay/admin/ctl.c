/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ctl.c — the server side of the control socket.
 *
 * Lifetimes
 *   1. A peer is in use until its handles are closed and its request, if one
 *      is under way, has been answered (an operation of the store cannot be
 *      called back). Peers are part of the ctl: a connection needs no memory,
 *      and one more than there are peers waits until one is free.
 *   2. The ctl lives until its listening handle is closed and no peer is in
 *      use.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/uri.h"
#include "relay/admin/ctl_priv.h"

#define BACKLOG	 8
#define WRITE_MS 30000 /* for the answer to be taken */

struct peer {
	struct ctl *ctl;
	bool in_use;
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_write_t write;
	int handles; /* not closed yet */
	bool closing;
	bool has_req; /* q is initialised */
	bool busy; /* q is under way */
	size_t len;
	char line[CTL_LINE_MAX];
	struct ctl_req q;
};

struct ctl {
	struct ctl_env env;
	uv_pipe_t pipe;
	bool open; /* the listening handle is not closed yet */
	bool stopping;
	bool waiting; /* a connection waits for a peer */
	struct peer peers[CTL_CLIENTS_MAX];
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char host[URI_HOST_MAX + 1]; /* what env.host points to */
};

/* ---- lifetimes -------------------------------------------------------------------- */

static void peer_accept(struct peer *p);

static void
ctl_free_if_over(struct ctl *c)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(c->peers); i++)
		if (c->peers[i].in_use)
			return;
	if (!c->open)
		free(c);
}

static void
peer_end_if_over(struct peer *p)
{
	struct ctl *c = p->ctl;

	if (p->handles > 0 || p->busy)
		return;
	if (p->has_req) {
		words_clear(&p->q.words);
		ctl_out_clear(&p->q.out);
		buf_clear(&p->q.answer);
	}
	p->in_use = false;
	if (c->waiting && !c->stopping)
		peer_accept(p);
	else
		ctl_free_if_over(c);
}

static void
on_handle_closed(uv_handle_t *h)
{
	struct peer *p = h->data;

	p->handles--;
	peer_end_if_over(p);
}

static void
peer_close(struct peer *p)
{
	if (p->closing)
		return;
	p->closing = true;
	uv_close((uv_handle_t *)&p->pipe, on_handle_closed);
	uv_close((uv_handle_t *)&p->timer, on_handle_closed);
}

static void
on_timeout(uv_timer_t *t)
{
	peer_close(t->data);
}

/* ---- answering -------------------------------------------------------------------- */

static void
on_written(uv_write_t *w, int status)
{
	(void)status;
	peer_close(w->data);
}

static void
peer_send(struct peer *p)
{
	const struct buf *a = &p->q.answer;
	uv_buf_t b = uv_buf_init((char *)a->p, (unsigned)a->len);

	p->write.data = p;
	if (uv_timer_start(&p->timer, on_timeout, WRITE_MS, 0) != 0 ||
	    uv_write(&p->write, (uv_stream_t *)&p->pipe, &b, 1, on_written) !=
		0)
		peer_close(p);
}

void
ctl_finish(struct ctl_req *q, int err, const char *text)
{
	struct peer *p = (struct peer *)((char *)q - offsetof(struct peer, q));
	int r;

	assert(p->busy);
	p->busy = false;
	if (p->closing) {
		peer_end_if_over(p);
		return;
	}
	if (err != 0)
		log_info(p->ctl->env.log, "ctl refused",
		    LOG_STR("command", q->cmd != NULL ? q->cmd->name : "?"),
		    LOG_ERR("err", err));
	r = err == 0 ? buf_put(&q->answer, "ok\n", 3)
		     : buf_printf(&q->answer, "error %s %s\n", err_name(err),
			   text != NULL ? text : err_str(err));
	if (r != 0) {
		peer_close(p);
		return;
	}
	peer_send(p);
}

/* The line is whole: find the command and let it run. */
static void
peer_request(struct peer *p, size_t len)
{
	struct ctl_req *q = &p->q;
	char why[CTL_WHY_MAX];
	int r;

	(void)uv_read_stop((uv_stream_t *)&p->pipe);
	(void)uv_timer_stop(&p->timer);
	q->env = &p->ctl->env;
	buf_init(&q->answer, CTL_ANSWER_MAX);
	p->busy = true;
	p->has_req = true;
	r = words_split(p->line, len, &q->words);
	if (r != 0) {
		ctl_out_init(&q->out, &q->answer, false, false);
		ctl_finish(q, r, NULL);
		return;
	}
	r = ctl_parse(&q->words, &q->cmd, &q->opts, why);
	ctl_out_init(
	    &q->out, &q->answer, r == 0 && CTL_HAS(&q->opts, JSON), false);
	if (r != 0) {
		ctl_finish(q, r, why);
		return;
	}
	log_info(p->ctl->env.log, "ctl", LOG_STR("command", q->cmd->name));
	q->cmd->exec(q);
}

/* ---- reading ---------------------------------------------------------------------- */

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *b)
{
	struct peer *p = h->data;

	(void)hint;
	*b =
	    uv_buf_init(p->line + p->len, (unsigned)(sizeof(p->line) - p->len));
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct peer *p = s->data;
	const char *nl;

	(void)b;
	if (n < 0) { /* gone, or the line is longer than the buffer */
		peer_close(p);
		return;
	}
	nl = memchr(p->line + p->len, '\n', (size_t)n);
	p->len += (size_t)n;
	if (nl != NULL)
		peer_request(p, (size_t)(nl - p->line));
	else if (p->len == sizeof(p->line))
		peer_close(p);
}

/* ---- accepting -------------------------------------------------------------------- */

/* The relay's own user, and root. The socket's mode says the same; this holds
 * even where somebody has changed it. */
static bool
is_allowed(uv_pipe_t *pipe)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)pipe, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return false;
	return cred.uid == 0 || cred.uid == geteuid();
}

/* The connection that waits becomes this peer's. */
static void
peer_accept(struct peer *p)
{
	struct ctl *c = p->ctl;

	memset(p, 0, sizeof(*p));
	p->ctl = c;
	p->in_use = true;
	/* Neither can fail: both only fill in the struct. */
	(void)uv_pipe_init(c->env.loop, &p->pipe, 0);
	(void)uv_timer_init(c->env.loop, &p->timer);
	p->handles = 2;
	p->pipe.data = p;
	p->timer.data = p;
	c->waiting = false;
	if (uv_accept((uv_stream_t *)&c->pipe, (uv_stream_t *)&p->pipe) != 0 ||
	    !is_allowed(&p->pipe) ||
	    uv_timer_start(&p->timer, on_timeout, CTL_TIMEOUT_MS, 0) != 0 ||
	    uv_read_start((uv_stream_t *)&p->pipe, on_alloc, on_read) != 0)
		peer_close(p);
}

static void
on_connection(uv_stream_t *s, int status)
{
	struct ctl *c = s->data;
	size_t i;

	if (status != 0 || c->stopping)
		return;
	for (i = 0; i < ARRAY_LEN(c->peers); i++)
		if (!c->peers[i].in_use) {
			peer_accept(&c->peers[i]);
			return;
		}
	c->waiting = true; /* libuv reports no further one until then */
}

/* ---- the socket ------------------------------------------------------------------- */

/* True when somebody answers on the path. */
static bool
is_alive(const struct sockaddr_un *sun)
{
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = s < 0 || connect(s, (const struct sockaddr *)sun,
				  sizeof(*sun)) == 0;

	if (s >= 0)
		close(s);
	return alive;
}

/* Remove a socket that a relay left behind when it was killed. */
static int
remove_stale(const struct sockaddr_un *sun)
{
	struct stat st;

	if (lstat(sun->sun_path, &st) != 0)
		return errno == ENOENT ? 0 : ERR_SYS;
	if (!S_ISSOCK(st.st_mode))
		return ERR_SYS;
	if (is_alive(sun))
		return ERR_BUSY;
	return unlink(sun->sun_path) == 0 ? 0 : ERR_SYS;
}

static int
bind_at(const char *path, int *fd)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int s, r;

	if (strlen(path) >= sizeof(sun.sun_path))
		return ERR_RANGE;
	memcpy(sun.sun_path, path, strlen(path));
	r = remove_stale(&sun);
	if (r != 0)
		return r;
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return ERR_SYS;
	/* Linux: the mode set here is the one the file is born with, so there
	 * is no moment at which somebody else may connect. */
	if (fchmod(s, 0600) != 0 ||
	    bind(s, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		close(s);
		return ERR_SYS;
	}
	if (listen(s, BACKLOG) != 0) {
		close(s);
		(void)unlink(path);
		return ERR_SYS;
	}
	*fd = s;
	return 0;
}

static void
on_ctl_closed(uv_handle_t *h)
{
	struct ctl *c = h->data;

	c->open = false;
	ctl_free_if_over(c);
}

int
ctl_start(struct ctl **out, const char *path, const struct ctl_env *env)
{
	struct ctl *c;
	size_t i;
	int fd, r;

	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ERR_NOMEM;
	r = bind_at(path, &fd);
	if (r != 0) {
		free(c);
		return r;
	}
	c->env = *env;
	if (env->host != NULL) {
		(void)snprintf(c->host, sizeof(c->host), "%s", env->host);
		c->env.host = c->host;
	}
	for (i = 0; i < ARRAY_LEN(c->peers); i++)
		c->peers[i].ctl = c;
	(void)snprintf(c->path, sizeof(c->path), "%s", path);
	(void)uv_pipe_init(env->loop, &c->pipe, 0);
	c->pipe.data = c;
	c->open = true;
	r = uv_pipe_open(&c->pipe, fd);
	if (r != 0)
		close(fd);
	if (r == 0)
		r = uv_listen((uv_stream_t *)&c->pipe, BACKLOG, on_connection);
	if (r != 0) {
		ctl_stop(c);
		return ERR_SYS;
	}
	*out = c;
	return 0;
}

void
ctl_stop(struct ctl *c)
{
	size_t i;

	if (c == NULL || c->stopping)
		return;
	c->stopping = true;
	(void)unlink(c->path);
	for (i = 0; i < ARRAY_LEN(c->peers); i++)
		if (c->peers[i].in_use)
			peer_close(&c->peers[i]);
	uv_close((uv_handle_t *)&c->pipe, on_ctl_closed);
}
