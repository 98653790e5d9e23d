/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"
#include "tests/unit/net_peer.h"
#include "tests/unit/test.h"

#define BUF_MAX (8 * 1024 * 1024)

/* ---- one write, freed when done ---- */

struct write {
	uv_write_t req;
	uv_buf_t buf;
	uint8_t bytes[];
};

static void
on_written(uv_write_t *req, int status)
{
	(void)status;
	free(req->data);
}

static void
write_all(uv_tcp_t *tcp, const void *p, size_t len)
{
	struct write *w = malloc(sizeof(*w) + len);

	if (w == NULL)
		return;
	memcpy(w->bytes, p, len);
	w->req.data = w;
	w->buf = uv_buf_init((char *)w->bytes, (unsigned)len);
	if (uv_write(&w->req, (uv_stream_t *)tcp, &w->buf, 1, on_written) != 0)
		free(w);
}

static void
on_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf)
{
	static char bytes[65536];

	(void)h;
	(void)size;
	*buf = uv_buf_init(bytes, sizeof(bytes));
}

static void
on_listener_closed(uv_handle_t *h)
{
	free(h);
}

/* NULL: the address cannot be had. */
static uv_tcp_t *
listen_on(uv_loop_t *loop, const char *ip, int port, uv_connection_cb cb,
    void *data, int *got)
{
	uv_tcp_t *tcp = calloc(1, sizeof(*tcp));
	struct sockaddr_storage a;
	int len = sizeof(a), r;

	if (tcp == NULL)
		abort();
	uv_tcp_init(loop, tcp);
	tcp->data = data;
	r = strchr(ip, ':') != NULL
		? uv_ip6_addr(ip, port, (struct sockaddr_in6 *)&a)
		: uv_ip4_addr(ip, port, (struct sockaddr_in *)&a);
	if (r == 0)
		r = uv_tcp_bind(tcp, (struct sockaddr *)&a, 0);
	if (r == 0)
		r = uv_listen((uv_stream_t *)tcp, 128, cb);
	if (r == 0)
		r = uv_tcp_getsockname(tcp, (struct sockaddr *)&a, &len);
	if (r != 0) {
		uv_close((uv_handle_t *)tcp, on_listener_closed);
		return NULL;
	}
	*got = a.ss_family == AF_INET6
		   ? ntohs(((struct sockaddr_in6 *)&a)->sin6_port)
		   : ntohs(((struct sockaddr_in *)&a)->sin_port);
	return tcp;
}

/* ---- the relay ---- */

static void
on_conn_closed(uv_handle_t *h)
{
	struct peer_conn *c = h->data;
	int i;

	for (i = 0; i < PEER_CONNS; i++)
		if (c->peer->conns[i] == c)
			c->peer->conns[i] = NULL;
	pipe_clear(&c->pipe);
	buf_clear(&c->in);
	buf_clear(&c->plain);
	buf_clear(&c->out);
	free(c);
}

static void
hang_up(struct peer_conn *c)
{
	if (!c->open)
		return;
	c->open = false;
	uv_close((uv_handle_t *)&c->tcp, on_conn_closed);
}

void
peer_send_raw(struct peer_conn *c, const void *p, size_t len)
{
	if (c->open)
		write_all(&c->tcp, p, len);
}

void
peer_send(struct peer_conn *c, enum frame_kind kind, unsigned method,
    uint32_t id, const void *body, size_t len)
{
	const struct frame f = {
	    .kind = kind,
	    .method = (uint16_t)method,
	    .id = id,
	    .body = body,
	    .len = len,
	};
	struct buf b;

	buf_init(&b, BUF_MAX);
	if (frame_put(&b, &f) != 0 ||
	    pipe_seal(&c->pipe, b.p, b.len, &c->out) != 0)
		hang_up(c);
	peer_send_raw(c, c->out.p, c->out.len);
	buf_reset(&c->out);
	buf_clear(&b);
}

static void
say_error(struct peer_conn *c, const struct frame *f, int code)
{
	char text[] = "no\x1b[31m entry";
	Sotto__Relay__Error e;
	uint8_t body[100];

	sotto__relay__error__init(&e);
	e.code = code;
	e.text = text;
	e.retry_after_ms = 7654;
	peer_send(c, FRAME_ERROR, f->method, f->id, body,
	    sotto__relay__error__pack(&e, body));
}

static void
on_peer_frame(struct peer_conn *c, const struct frame *f)
{
	struct peer *p = c->peer;

	if (f->method == METHOD_HELLO) {
		p->hellos++;
		if (p->hello_error != 0)
			say_error(c, f, p->hello_error);
		else if (!p->mute)
			peer_send(c, FRAME_RESPONSE, METHOD_HELLO, f->id,
			    "welcome", 7);
	} else if (f->method == METHOD_PING) {
		p->pings++;
		if (!p->no_pong)
			peer_send(
			    c, FRAME_RESPONSE, METHOD_PING, f->id, NULL, 0);
		else if (p->chatty)
			peer_send(c, FRAME_EVENT, EVENT_PRESENCE, 0, NULL, 0);
	} else {
		p->frames++;
		if (p->on_frame != NULL)
			p->on_frame(c, f);
	}
}

static void
take(struct peer_conn *c)
{
	struct peer *p = c->peer;
	struct frame f;
	size_t used;
	int r;

	r = pipe_input(&c->pipe, c->in.p, c->in.len, &used, &c->plain, &c->out);
	buf_drop(&c->in, used);
	if (c->out.len > 0)
		peer_send_raw(c, c->out.p, c->out.len);
	buf_reset(&c->out);
	if (pipe_used_fallback(&c->pipe))
		p->fallbacks++;
	if (pipe_remote_static(&c->pipe) != NULL) {
		p->client = *pipe_remote_static(&c->pipe);
		p->client_known = true;
	}
	while (r == 0 && c->open &&
	       frame_get(c->plain.p, c->plain.len, FRAME_BODY_MAX, &f, &used) ==
		   0) {
		on_peer_frame(c, &f);
		buf_drop(&c->plain, used);
	}
	if (r != 0)
		hang_up(c);
}

static void
read_conn(struct peer_conn *c, ssize_t n, const uv_buf_t *buf)
{
	if (n < 0 || c->peer->slam) {
		hang_up(c);
		return;
	}
	if (n >= 4 && memcmp(buf->base, "ST\1", 3) == 0)
		c->peer->mode = (uint8_t)buf->base[3];
	if (buf_put(&c->in, buf->base, (size_t)n) != 0) {
		hang_up(c);
		return;
	}
	if (!(c->peer->mute && pipe_state(&c->pipe) == PIPE_HANDSHAKE))
		take(c);
}

static void
on_conn_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	alloc_spare(1);
	read_conn(s->data, n, buf);
	alloc_spare(0);
}

static void
accept_conn(struct peer *p, uv_stream_t *listener)
{
	struct peer_conn *c = calloc(1, sizeof(*c));
	int i = 0;

	if (c == NULL)
		abort();
	uv_tcp_init(p->loop, &c->tcp);
	c->tcp.data = c;
	c->peer = p;
	c->open = true;
	buf_init(&c->in, BUF_MAX);
	buf_init(&c->plain, BUF_MAX);
	buf_init(&c->out, BUF_MAX);
	while (i < PEER_CONNS && p->conns[i] != NULL)
		i++;
	if (i == PEER_CONNS)
		abort();
	p->conns[i] = c;
	p->accepted++;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 ||
	    pipe_init_server(&c->pipe, &p->keys, NULL) != 0) {
		hang_up(c);
		return;
	}
	if (p->garbage != NULL)
		peer_send_raw(c, p->garbage, p->garbage_len);
	uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_conn_read);
}

static void
on_accept(uv_stream_t *listener, int status)
{
	if (status != 0)
		abort();
	alloc_spare(1);
	accept_conn(listener->data, listener);
	alloc_spare(0);
}

int
peer_listen(struct peer *p, uv_loop_t *loop, const char *ip, int port)
{
	p->loop = loop;
	p->listener = listen_on(loop, ip, port, on_accept, p, &p->port);
	return p->listener != NULL ? 0 : -1;
}

void
peer_unlisten(struct peer *p)
{
	if (p->listener != NULL)
		uv_close((uv_handle_t *)p->listener, on_listener_closed);
	p->listener = NULL;
}

void
peer_hang_up(struct peer *p)
{
	int i;

	for (i = 0; i < PEER_CONNS; i++)
		if (p->conns[i] != NULL)
			hang_up(p->conns[i]);
}

void
peer_close(struct peer *p)
{
	peer_unlisten(p);
	peer_hang_up(p);
}

void
peer_read(struct peer *p, bool on)
{
	struct peer_conn *c = peer_last(p);

	if (c == NULL)
		return;
	if (on)
		uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_conn_read);
	else
		uv_read_stop((uv_stream_t *)&c->tcp);
}

struct peer_conn *
peer_last(struct peer *p)
{
	struct peer_conn *last = NULL;
	int i;

	for (i = 0; i < PEER_CONNS; i++)
		if (p->conns[i] != NULL && p->conns[i]->open)
			last = p->conns[i];
	return last;
}

/* ---- the proxy ---- */

struct tunnel {
	uv_tcp_t near, far;
	uv_connect_t connect;
	struct proxy *proxy;
	uint8_t in[1024];
	size_t len;
	int socks; /* bytes of its dialogue: 0 greeting, 1 request */
	bool joined, closed;
	int handles;
};

static void
on_tunnel_closed(uv_handle_t *h)
{
	struct tunnel *t = h->data;

	if (--t->handles == 0)
		free(t);
}

static void
tunnel_close(struct tunnel *t)
{
	if (t->closed)
		return;
	t->closed = true;
	uv_close((uv_handle_t *)&t->near, on_tunnel_closed);
	uv_close((uv_handle_t *)&t->far, on_tunnel_closed);
}

static void
on_pass(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct tunnel *t = s->data;

	if (n < 0) {
		tunnel_close(t);
		return;
	}
	if (n > 50 && t->proxy->bend && memcmp(buf->base, "ST", 2) == 0) {
		buf->base[50] ^= 1;
		t->proxy->bend = false;
	}
	write_all((uv_stream_t *)&t->near == s ? &t->far : &t->near, buf->base,
	    (size_t)n);
}

static void
on_far_connected(uv_connect_t *req, int status)
{
	static const uint8_t yes[] = {5, 0, 0, 1, 0, 0, 0, 0, 0, 0};
	static const char ok[] = "HTTP/1.1 200 Connected\r\n\r\n";
	struct tunnel *t = req->data;

	if (t->closed)
		return;
	if (status != 0) {
		tunnel_close(t);
		return;
	}
	t->joined = true;
	t->proxy->used++;
	if (t->socks != 0)
		write_all(&t->near, yes, sizeof(yes));
	else
		write_all(&t->near, ok, strlen(ok));
	uv_read_start((uv_stream_t *)&t->near, on_alloc, on_pass);
	uv_read_start((uv_stream_t *)&t->far, on_alloc, on_pass);
}

/* Whatever the name: the test's relay is on 127.0.0.1. */
static void
join(struct tunnel *t, const char *host, int port)
{
	struct sockaddr_in a;

	snprintf(
	    t->proxy->target, sizeof(t->proxy->target), "%s:%d", host, port);
	uv_read_stop((uv_stream_t *)&t->near);
	uv_ip4_addr("127.0.0.1", port, &a);
	t->connect.data = t;
	if (uv_tcp_connect(&t->connect, &t->far, (struct sockaddr *)&a,
		on_far_connected) != 0)
		tunnel_close(t);
}

/* RFC 1928: greeting, then a CONNECT request by name or by IPv4. */
static void
socks(struct tunnel *t)
{
	static const uint8_t no[] = {5, 2, 0, 1, 0, 0, 0, 0, 0, 0};
	char host[256] = "";
	size_t n;

	if (t->socks == 0) {
		if (t->len < 2 || t->len < 2u + t->in[1])
			return;
		t->len = 0;
		t->socks = 1;
		write_all(&t->near, "\5\0", 2);
		return;
	}
	if (t->len < 5)
		return;
	n = t->in[3] == 3 ? 5u + t->in[4] : 8u;
	if (t->len < n + 2)
		return;
	if (t->proxy->refuse) {
		write_all(&t->near, no, sizeof(no));
		return;
	}
	if (t->in[3] == 3)
		memcpy(host, t->in + 5, t->in[4]);
	else
		snprintf(host, sizeof(host), "%u.%u.%u.%u", t->in[4], t->in[5],
		    t->in[6], t->in[7]);
	join(t, host, get_be16(t->in + n));
}

static void
http(struct tunnel *t)
{
	static const char no[] = "HTTP/1.1 403 Forbidden\r\n"
				 "Content-Length: 0\r\n\r\n";
	static const char who[] = "HTTP/1.1 407 Who\r\n"
				  "Proxy-Authenticate: Basic realm=\"x\"\r\n"
				  "Content-Length: 0\r\n\r\n";
	char host[256] = "", text[sizeof(t->in) + 1];
	int port = 0;

	memcpy(text, t->in, t->len);
	text[t->len] = '\0';
	if (strstr(text, "\r\n\r\n") == NULL)
		return;
	if (t->proxy->ask_password)
		write_all(&t->near, who, strlen(who));
	else if (t->proxy->refuse)
		write_all(&t->near, no, strlen(no));
	else if (sscanf(text, "CONNECT %255[^:]:%d", host, &port) == 2)
		join(t, host, port);
	else
		tunnel_close(t);
}

static void
on_near_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct tunnel *t = s->data;

	if (n < 0 || t->len + (size_t)n > sizeof(t->in)) {
		tunnel_close(t);
		return;
	}
	memcpy(t->in + t->len, buf->base, (size_t)n);
	t->len += (size_t)n;
	if (t->len > 0 && (t->in[0] == 5 || t->socks != 0))
		socks(t);
	else
		http(t);
}

static void
on_proxy_accept(uv_stream_t *listener, int status)
{
	struct proxy *p = listener->data;
	struct tunnel *t = calloc(1, sizeof(*t));

	if (t == NULL || status != 0)
		abort();
	uv_tcp_init(p->loop, &t->near);
	uv_tcp_init(p->loop, &t->far);
	t->near.data = t->far.data = t;
	t->handles = 2;
	t->proxy = p;
	uv_accept(listener, (uv_stream_t *)&t->near);
	uv_read_start((uv_stream_t *)&t->near, on_alloc, on_near_read);
}

int
proxy_listen(struct proxy *p, uv_loop_t *loop)
{
	p->loop = loop;
	p->listener =
	    listen_on(loop, "127.0.0.1", 0, on_proxy_accept, p, &p->port);
	return p->listener != NULL ? 0 : -1;
}

void
proxy_close(struct proxy *p)
{
	uv_close((uv_handle_t *)p->listener, on_listener_closed);
}
