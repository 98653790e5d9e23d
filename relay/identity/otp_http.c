/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * otp_http.c — a gateway sends the code: libcurl's multi interface on the uv
 * loop. libcurl says which sockets and which time-out it waits for; each
 * socket has a uv_poll_t of its own.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "relay/identity/otp_priv.h"

#define TEXT_MAX   (32 * 1024) /* of a filled-in template */
#define ANSWER_MAX (256 * 1024) /* of the gateway's answer, which is dropped */

struct state {
	struct otp *otp;
	CURLM *multi;
	uv_timer_t timer;
	int handles; /* timer and polls not closed yet */
	bool closing;
};

struct request {
	struct otp_send send;
	CURL *easy;
	struct curl_slist *headers;
	struct buf url, body;
	uv_timer_t retry;
	bool in_multi;
	unsigned tries_left;
	uint64_t delay_ms;
	size_t got; /* bytes of the answer */
};

struct poll {
	uv_poll_t poll;
	struct state *st;
	curl_socket_t fd;
};

/* ---- the end of a request ------------------------------------------------------------- */

static void
headers_free(struct curl_slist *l)
{
	struct curl_slist *p;

	for (p = l; p != NULL; p = p->next)
		sodium_memzero(p->data, strlen(p->data));
	curl_slist_free_all(l);
}

static void
on_retry_closed(uv_handle_t *h)
{
	otp_send_over(h->data);
}

static void
request_end(struct request *q)
{
	struct state *st = q->send.otp->state;

	if (q->in_multi)
		(void)curl_multi_remove_handle(st->multi, q->easy);
	q->in_multi = false;
	curl_easy_cleanup(q->easy);
	q->easy = NULL;
	headers_free(q->headers);
	q->headers = NULL;
	buf_clear(&q->url);
	buf_clear(&q->body);
	uv_close((uv_handle_t *)&q->retry, on_retry_closed);
}

static void
request_fail(struct request *q, int err)
{
	otp_report(&q->send, err);
	request_end(q);
}

/* ---- results --------------------------------------------------------------------------- */

static bool
worth_a_retry(CURLcode code, long status)
{
	switch (code) {
	case CURLE_OK:
		return status == 408 || status == 429 || status >= 500;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return true;
	default:
		return false;
	}
}

static void request_try(struct request *q);

static void
on_retry(uv_timer_t *t)
{
	request_try(t->data);
}

static void
request_done(struct request *q, CURLcode code)
{
	long status = 0;
	bool again;

	(void)curl_easy_getinfo(q->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_multi_remove_handle(
	    ((struct state *)q->send.otp->state)->multi, q->easy);
	q->in_multi = false;
	if (code == CURLE_OK && status >= 200 && status <= 299) {
		otp_report(&q->send, 0);
		request_end(q);
		return;
	}
	again = q->tries_left > 0 && worth_a_retry(code, status);
	log_warn(q->send.otp->log, "one-time code not sent",
	    LOG_STR("driver", "http"), LOG_PHONE("phone", q->send.phone),
	    LOG_I64("status", status),
	    LOG_STR("reason", code == CURLE_OK ? "" : curl_easy_strerror(code)),
	    LOG_BOOL("again", again));
	if (again && uv_timer_start(&q->retry, on_retry, q->delay_ms, 0) == 0) {
		q->tries_left--;
		q->delay_ms *= 2;
		return;
	}
	request_fail(
	    q, code == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_IO);
}

/* Everything libcurl has finished meanwhile. */
static void
reap(struct state *st)
{
	struct request *q;
	CURLMsg *msg;
	CURLcode code;
	int left;

	while ((msg = curl_multi_info_read(st->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		code = msg->data.result; /* msg dies with the handle's leave */
		if (curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
			(char **)&q) == CURLE_OK)
			request_done(q, code);
	}
}

/* ---- libcurl's sockets and its clock ------------------------------------------------------ */

static void
state_over(struct state *st)
{
	struct otp *o = st->otp;

	free(st);
	otp_over(o);
}

static void
on_state_handle_closed(struct state *st)
{
	if (--st->handles == 0 && st->closing)
		state_over(st);
}

static void
on_timer_closed(uv_handle_t *h)
{
	on_state_handle_closed(h->data);
}

static void
on_poll_closed(uv_handle_t *h)
{
	struct poll *p = h->data;
	struct state *st = p->st;

	free(p);
	on_state_handle_closed(st);
}

static void
on_socket(uv_poll_t *h, int status, int events)
{
	struct poll *p = h->data;
	struct state *st = p->st;
	int flags = 0, running;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	(void)curl_multi_socket_action(st->multi, p->fd, flags, &running);
	reap(st);
}

static void
on_time(uv_timer_t *t)
{
	struct state *st = t->data;
	int running;

	(void)curl_multi_socket_action(
	    st->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(st);
}

static struct poll *
poll_new(struct state *st, curl_socket_t fd)
{
	struct poll *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	if (uv_poll_init_socket(st->otp->loop, &p->poll, fd) != 0) {
		free(p);
		return NULL;
	}
	p->poll.data = p;
	p->st = st;
	p->fd = fd;
	st->handles++;
	(void)curl_multi_assign(st->multi, fd, p);
	return p;
}

/* CURLMOPT_SOCKETFUNCTION: -1 ends every transfer with an error. */
static int
want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct state *st = arg;
	struct poll *p = assigned;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (p != NULL) {
			(void)curl_multi_assign(st->multi, fd, NULL);
			uv_close((uv_handle_t *)&p->poll, on_poll_closed);
		}
		return 0;
	}
	if (p == NULL)
		p = poll_new(st, fd);
	if (p == NULL)
		return -1;
	if (what != CURL_POLL_OUT)
		events |= UV_READABLE;
	if (what != CURL_POLL_IN)
		events |= UV_WRITABLE;
	return uv_poll_start(&p->poll, events, on_socket) == 0 ? 0 : -1;
}

/* CURLMOPT_TIMERFUNCTION */
static int
want_time(CURLM *multi, long ms, void *arg)
{
	struct state *st = arg;

	(void)multi;
	if (ms < 0)
		return uv_timer_stop(&st->timer) == 0 ? 0 : -1;
	return uv_timer_start(&st->timer, on_time, (uint64_t)ms, 0) == 0 ? 0
									 : -1;
}

static void
curl_init_once(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int
http_open(struct otp *o)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct state *st;

	if (pthread_once(&once, curl_init_once) != 0)
		return ERR_SYS;
	st = calloc(1, sizeof(*st));
	if (st == NULL)
		return ERR_NOMEM;
	st->multi = curl_multi_init();
	if (st->multi == NULL) {
		free(st);
		return ERR_NOMEM;
	}
	st->otp = o;
	(void)uv_timer_init(o->loop, &st->timer);
	st->timer.data = st;
	st->handles = 1;
	(void)curl_multi_setopt(
	    st->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)curl_multi_setopt(st->multi, CURLMOPT_SOCKETDATA, st);
	(void)curl_multi_setopt(st->multi, CURLMOPT_TIMERFUNCTION, want_time);
	(void)curl_multi_setopt(st->multi, CURLMOPT_TIMERDATA, st);
	/* A connection kept for hours is one the gateway has closed. */
	(void)curl_multi_setopt(st->multi, CURLMOPT_MAXCONNECTS, 2L);
	o->state = st;
	return 0;
}

static void
http_close(struct otp *o)
{
	struct state *st = o->state;

	/* Its idle connections take their polls along. */
	(void)curl_multi_cleanup(st->multi);
	st->closing = true;
	uv_close((uv_handle_t *)&st->timer, on_timer_closed);
}

/* ---- a request ---------------------------------------------------------------------------- */

static size_t
on_answer(char *p, size_t size, size_t n, void *arg)
{
	struct request *q = arg;

	(void)p;
	q->got += size * n;
	return q->got <= ANSWER_MAX ? size * n : 0;
}

static int
append_header(struct request *q, const char *text)
{
	struct curl_slist *l = curl_slist_append(q->headers, text);

	if (l == NULL)
		return ERR_NOMEM;
	q->headers = l;
	return 0;
}

/* The value of Content-Type among the headers, NULL when there is none. */
static const char *
content_type(const struct relay_conf *c)
{
	static const char name[] = "Content-Type:";
	size_t i;

	for (i = 0; i < c->otp_http_headers.n; i++)
		if (strncasecmp(
			c->otp_http_headers.v[i], name, sizeof(name) - 1) == 0)
			return c->otp_http_headers.v[i] + sizeof(name) - 1;
	return NULL;
}

static int
fill_headers(struct request *q, const struct template_values *v)
{
	const struct relay_conf *c = q->send.otp->conf;
	struct buf h;
	size_t i;
	int r = 0;

	buf_init(&h, TEXT_MAX);
	for (i = 0; r == 0 && i < c->otp_http_headers.n; i++) {
		buf_reset(&h);
		r = template_render(
		    &h, c->otp_http_headers.v[i], TEMPLATE_HEADER, v);
		if (r == 0)
			r = buf_put_u8(&h, 0);
		if (r == 0)
			r = append_header(q, (char *)h.p);
	}
	buf_clear(&h);
	if (r == 0 && c->otp_http_body != NULL && content_type(c) == NULL)
		r = append_header(q, "Content-Type: application/json");
	return r;
}

static int
fill_texts(struct request *q)
{
	const struct relay_conf *c = q->send.otp->conf;
	struct template_values v = otp_values(&q->send);
	const char *type = content_type(c);
	int r;

	r = template_render(&q->url, c->otp_http_url, TEMPLATE_URL, &v);
	if (r == 0)
		r = buf_put_u8(&q->url, 0);
	if (r == 0 && c->otp_http_body != NULL)
		r = template_render(&q->body, c->otp_http_body,
		    type != NULL ? template_kind_of(type) : TEMPLATE_JSON, &v);
	return r == 0 ? fill_headers(q, &v) : r;
}

/* Methods that have a body even when it is empty. */
static bool
sends_body(const struct relay_conf *c)
{
	return c->otp_http_body != NULL ||
	       strcmp(c->otp_http_method, "POST") == 0 ||
	       strcmp(c->otp_http_method, "PUT") == 0;
}

static int
set_options(struct request *q)
{
	const struct relay_conf *c = q->send.otp->conf;
	CURL *e = q->easy;
	CURLcode r = CURLE_OK;

#define SET(opt, value)                                                        \
	do {                                                                   \
		if (r == CURLE_OK)                                             \
			r = curl_easy_setopt(e, (opt), (value));               \
	} while (0)
	SET(CURLOPT_PRIVATE, (char *)q);
	SET(CURLOPT_URL, (char *)q->url.p);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTPHEADER, q->headers);
	SET(CURLOPT_USERAGENT, "sotto-relay/" SOTTO_VERSION);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)c->otp_timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)c->otp_timeout_ms);
	SET(CURLOPT_WRITEFUNCTION, on_answer);
	SET(CURLOPT_WRITEDATA, q);
	if (sends_body(c)) {
		SET(CURLOPT_POSTFIELDSIZE, (long)q->body.len);
		SET(CURLOPT_POSTFIELDS,
		    q->body.len > 0 ? (const char *)q->body.p : "");
	}
	SET(CURLOPT_CUSTOMREQUEST, c->otp_http_method);
	if (c->otp_http_user != NULL)
		SET(CURLOPT_USERPWD, c->otp_http_user);
#undef SET
	return r == CURLE_OK		  ? 0
	       : r == CURLE_OUT_OF_MEMORY ? ERR_NOMEM
					  : ERR_IO;
}

static void
request_try(struct request *q)
{
	struct state *st = q->send.otp->state;

	q->got = 0;
	if (curl_multi_add_handle(st->multi, q->easy) == CURLM_OK)
		q->in_multi = true;
	else
		request_fail(q, ERR_IO);
}

static void
http_start(struct otp_send *s)
{
	struct request *q = (struct request *)s;
	int r;

	buf_init(&q->url, TEXT_MAX);
	buf_init(&q->body, TEXT_MAX);
	q->tries_left = s->otp->conf->otp_http_retries;
	q->delay_ms = s->otp->conf->otp_http_retry_ms;
	(void)uv_timer_init(s->otp->loop, &q->retry);
	q->retry.data = q;
	q->easy = curl_easy_init();
	r = q->easy == NULL ? ERR_NOMEM : fill_texts(q);
	if (r == 0)
		r = set_options(q);
	if (r != 0)
		request_fail(q, r);
	else
		request_try(q);
}

static void
http_cancel(struct otp_send *s)
{
	struct request *q = (struct request *)s;

	if (!uv_is_closing((uv_handle_t *)&q->retry)) /* else it is ending */
		request_end(q);
}

const struct otp_driver otp_driver_http = {
    .name = "http",
    .send_size = sizeof(struct request),
    .sends_max = 256,
    .open = http_open,
    .start = http_start,
    .cancel = http_cancel,
    .close = http_close,
};
