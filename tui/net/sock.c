/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>

#include "tui/net/libcurl.h"
#include "tui/net/sock.h"

/* Set by the first sock_dial(), whose thread is every sock's. */
static const struct libcurl *lc;

struct sock {
	CURLM *multi;
	CURL *easy;
	uv_loop_t *loop;
	uv_timer_t timer; /* libcurl's, while it dials */
	struct watch *conn; /* the connected socket's */
	bool proxied;
	bool freed;
	sock_done_fn *done;
	sock_ready_fn *ready;
	void *ctx;
};

/* One file descriptor watched; freed when its handle has closed. */
struct watch {
	uv_poll_t poll;
	struct sock *s;
	curl_socket_t fd;
};

/* ---- what went wrong, in words ---- */

static const struct {
	CURLcode code;
	bool proxied; /* the row is for this case only, if true */
	int err;
	const char *reason;
} outcomes[] = {
    {CURLE_OUT_OF_MEMORY, false, ERR_NOMEM, "out of memory"},
    {CURLE_COULDNT_RESOLVE_HOST, false, ERR_NOTFOUND,
	"the relay's name is not known here: a typing mistake, or no network"},
    {CURLE_COULDNT_RESOLVE_PROXY, false, ERR_NOTFOUND,
	"the proxy's name is not known here"},
    {CURLE_COULDNT_CONNECT, true, ERR_IO, "the proxy cannot be reached"},
    {CURLE_COULDNT_CONNECT, false, ERR_IO, "the relay cannot be reached"},
    {CURLE_OPERATION_TIMEDOUT, true, ERR_TIMEOUT,
	"the proxy or the relay does not answer"},
    {CURLE_OPERATION_TIMEDOUT, false, ERR_TIMEOUT, "the relay does not answer"},
    {CURLE_PROXY, false, ERR_DENIED, "the proxy does not reach the relay"},
    {CURLE_URL_MALFORMAT, true, ERR_CONFIG, "the proxy's address is wrong"},
    {CURLE_UNSUPPORTED_PROTOCOL, true, ERR_CONFIG,
	"the proxy's address is wrong"},
};

static int
outcome(const struct sock *s, CURLcode code, const char **reason)
{
	long status = 0;
	size_t i;

	*reason = "";
	if (code == CURLE_OK)
		return 0;
	lc->easy_getinfo(s->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status == 407) {
		*reason = "the proxy asks for a user name and password";
		return ERR_DENIED;
	}
	if (status >= 300) {
		*reason = "the proxy does not reach the relay";
		return ERR_DENIED;
	}
	for (i = 0; i < ARRAY_LEN(outcomes); i++)
		if (outcomes[i].code == code &&
		    (s->proxied || !outcomes[i].proxied)) {
			*reason = outcomes[i].reason;
			return outcomes[i].err;
		}
	*reason = s->proxied ? "the connection through the proxy failed"
			     : "the connection could not be made";
	return ERR_IO;
}

/* ---- libcurl's sockets and timer on the loop ---- */

static void
on_watch_closed(uv_handle_t *h)
{
	free(h->data);
}

static void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	w->s = NULL;
	uv_poll_stop(&w->poll);
	uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

static struct watch *
watch_new(struct sock *s, curl_socket_t fd)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	if (uv_poll_init_socket(s->loop, &w->poll, fd) != 0) {
		free(w);
		return NULL;
	}
	w->poll.data = w;
	w->s = s;
	w->fd = fd;
	return w;
}

/* libcurl has said whether the connection stands. */
static void
finish(struct sock *s, CURLcode code)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	const char *reason;
	int err;

	if (code == CURLE_OK && (lc->easy_getinfo(s->easy,
				     CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
				    fd == CURL_SOCKET_BAD))
		code = CURLE_COULDNT_CONNECT;
	err = outcome(s, code, &reason);
	if (err == 0) {
		s->conn = watch_new(s, fd);
		if (s->conn == NULL) {
			err = ERR_NOMEM;
			reason = "out of memory";
		}
	}
	uv_timer_stop(&s->timer);
	s->done(s->ctx, err, reason);
}

static void
act(struct sock *s, curl_socket_t fd, int what)
{
	CURLMsg *m;
	int running, left;

	if (lc->multi_socket_action(s->multi, fd, what, &running) !=
	    CURLM_OK) { /* one of our callbacks lacked memory */
		finish(s, CURLE_OUT_OF_MEMORY);
		return;
	}
	while ((m = lc->multi_info_read(s->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE) {
			finish(s, m->data.result);
			return; /* s may be gone */
		}
}

static void
on_dial_poll(uv_poll_t *h, int status, int events)
{
	const struct watch *w = h->data;
	int what = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
		   (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) |
		   (status < 0 ? CURL_CSELECT_ERR : 0);

	if (w->s != NULL)
		act(w->s, w->fd, what);
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *mine)
{
	struct sock *s = ctx;
	struct watch *w = mine;
	int events = (what != CURL_POLL_OUT ? UV_READABLE : 0) |
		     (what != CURL_POLL_IN ? UV_WRITABLE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		watch_free(w);
		lc->multi_assign(s->multi, fd, NULL);
		return 0;
	}
	if (w == NULL) {
		w = watch_new(s, fd);
		if (w == NULL)
			return -1;
		lc->multi_assign(s->multi, fd, w);
	}
	return uv_poll_start(&w->poll, events, on_dial_poll) == 0 ? 0 : -1;
}

static void
on_timer(uv_timer_t *t)
{
	act(t->data, CURL_SOCKET_TIMEOUT, 0);
}

static int
on_curl_timer(CURLM *multi, long ms, void *ctx)
{
	struct sock *s = ctx;

	(void)multi;
	if (s->freed)
		return 0;
	if (ms < 0)
		uv_timer_stop(&s->timer);
	else
		uv_timer_start(&s->timer, on_timer, (uint64_t)ms, 0);
	return 0;
}

/* libcurl does not set close-on-exec; children must not inherit the relay. */
static curl_socket_t
on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)ctx;
	(void)purpose;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* ---- dial ---- */

static int
set_up_multi(struct sock *s)
{
	s->multi = lc->multi_init();
	s->easy = lc->easy_init();
	if (s->multi == NULL || s->easy == NULL)
		return ERR_NOMEM;
	lc->multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	lc->multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
	lc->multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	lc->multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
	return 0;
}

static int
set_up_easy(struct sock *s, const struct sock_target *t)
{
	const char *proxy = t->proxy != NULL ? t->proxy : "";
	bool v6 = strchr(t->host, ':') != NULL;
	char url[300];
	CURL *c = s->easy;

	snprintf(url, sizeof(url), "http://%s%s%s:%u/", v6 ? "[" : "", t->host,
	    v6 ? "]" : "", (unsigned)t->port);
	s->proxied = proxy[0] != '\0';
	if (lc->easy_setopt(c, CURLOPT_URL, url) != CURLE_OK ||
	    lc->easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK ||
	    lc->easy_setopt(c, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
	    /* a name that is still being looked up must not hold us up */
	    lc->easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK ||
	    lc->easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
		(long)t->timeout_ms) != CURLE_OK ||
	    lc->easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open) != CURLE_OK)
		return ERR_NOMEM;
	/* "" also keeps http_proxy and no_proxy of the environment out */
	if (lc->easy_setopt(c, CURLOPT_PROXY, proxy) != CURLE_OK ||
	    lc->easy_setopt(c, CURLOPT_NOPROXY, "") != CURLE_OK ||
	    lc->easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L) != CURLE_OK)
		return ERR_CONFIG;
	return 0;
}

int
sock_dial(struct sock **out, uv_loop_t *loop, const struct sock_target *target,
    sock_done_fn *done, sock_ready_fn *ready, void *ctx)
{
	struct sock *s;
	int r;

	lc = libcurl_get();
	if (lc == NULL)
		return ERR_VERSION;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	s->loop = loop;
	s->done = done;
	s->ready = ready;
	s->ctx = ctx;
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	r = set_up_multi(s);
	if (r == 0)
		r = set_up_easy(s, target);
	if (r == 0 && lc->multi_add_handle(s->multi, s->easy) != CURLM_OK)
		r = ERR_NOMEM;
	if (r != 0) {
		sock_free(s);
		return r;
	}
	*out = s;
	return 0;
}

static void
on_timer_closed(uv_handle_t *h)
{
	free(h->data);
}

void
sock_free(struct sock *s)
{
	if (s == NULL || s->freed)
		return;
	s->freed = true;
	watch_free(s->conn);
	if (s->multi != NULL && s->easy != NULL)
		lc->multi_remove_handle(s->multi, s->easy);
	if (s->easy != NULL)
		lc->easy_cleanup(s->easy);
	if (s->multi != NULL)
		lc->multi_cleanup(s->multi);
	uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

/* ---- connected ---- */

static void
on_conn_poll(uv_poll_t *h, int status, int events)
{
	const struct watch *w = h->data;

	(void)status; /* an error shows in the next send or recv */
	(void)events;
	if (w->s != NULL)
		w->s->ready(w->s->ctx);
}

int
sock_watch(struct sock *s, bool writable)
{
	int events = UV_READABLE | (writable ? UV_WRITABLE : 0);

	return uv_poll_start(&s->conn->poll, events, on_conn_poll) == 0
		   ? 0
		   : ERR_SYS;
}

int
sock_send(struct sock *s, const void *p, size_t len, size_t *n)
{
	CURLcode r;

	*n = 0;
	r = lc->easy_send(s->easy, p, len, n);
	if (r == CURLE_AGAIN || (r == CURLE_OK && *n == 0))
		return ERR_AGAIN;
	return r == CURLE_OK ? 0 : ERR_IO;
}

int
sock_recv(struct sock *s, void *p, size_t cap, size_t *n)
{
	CURLcode r;

	*n = 0;
	r = lc->easy_recv(s->easy, p, cap, n);
	if (r == CURLE_AGAIN)
		return ERR_AGAIN;
	if (r != CURLE_OK)
		return ERR_IO;
	return *n > 0 ? 0 : ERR_CLOSED;
}
