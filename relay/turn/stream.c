/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream.c — clients over TCP and TLS, told apart by the first byte: a TLS
 * handshake begins with 22, a STUN message with 0 to 3.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* OpenSSL has a type of this name, which is one of our error codes. */
#define ERR_STATE OPENSSL_ERR_STATE_TYPE
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#include "relay/turn/priv.h"

#define TLS_HANDSHAKE	 22
#define ACCEPTS		 64 /* in one turn */
#define READ_MAX	 SLOT_MAX
#define ROUNDS		 4 /* reads in one turn */
#define MAY_TRY_AGAIN(n) ((n) < 0 && (errno == EAGAIN || errno == EINTR))

/* ---- certificate ------------------------------------------------------------------ */

static int
tls_wrong(char why[static TURN_WHY_CAP], const char *row, const char *path)
{
	snprintf(why, TURN_WHY_CAP, "%s: cannot use %s", row, path);
	return ERR_CONFIG;
}

int
tls_open(struct turn *t, char why[static TURN_WHY_CAP])
{
	const char *cert = t->conf->turn_tls_cert;
	const char *key = t->conf->turn_tls_key;

	if (cert == NULL)
		return 0;
	t->tls = SSL_CTX_new(TLS_server_method());
	if (t->tls == NULL)
		return ERR_NOMEM;
	(void)SSL_CTX_set_min_proto_version(t->tls, TLS1_2_VERSION);
	SSL_CTX_set_mode(t->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
				     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				     SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(t->tls, SSL_OP_NO_RENEGOTIATION);
	if (SSL_CTX_use_certificate_chain_file(t->tls, cert) != 1)
		return tls_wrong(why, "turn-tls-cert", cert);
	if (SSL_CTX_use_PrivateKey_file(t->tls, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(t->tls) != 1)
		return tls_wrong(why, "turn-tls-key", key);
	return 0;
}

void
tls_free(struct turn *t)
{
	SSL_CTX_free(t->tls);
}

/* ---- coming and going ----------------------------------------------------------------- */

void
stream_close(struct worker *w, struct stream *s)
{
	struct alloc *a = s->alloc;

	if (s->w.fd < 0)
		return;
	s->alloc = NULL;
	if (a != NULL) {
		a->stream = NULL;
		/* The table finds it by what it was made with. */
		alloc_free(w, a);
	}
	SSL_free(s->ssl);
	s->ssl = NULL;
	worker_unwatch(w, &s->w);
	wheel_del(&w->wheel, &s->timer.node);
	free(s->in);
	free(s->out);
	s->in = s->out = NULL;
	list_del(&s->link);
	list_add(&w->stream_graves, &s->grave);
	atomic_fetch_sub(&w->t->streams, 1);
	w->counts.turn_streams--;
}

static void
idle(struct worker *w, struct timer *t)
{
	struct stream *s = LIST_OF(t, struct stream, timer);

	if (s->alloc == NULL)
		stream_close(w, s);
}

void
stream_idle(struct worker *w, struct stream *s)
{
	s->alloc = NULL;
	timer_set(w, &s->timer, STREAM_IDLE_MS);
}

static int
stream_new(struct worker *w, struct listener *l, int fd, const union sa *peer)
{
	struct stream *s;
	int on = 1;

	if (atomic_load(&w->t->streams) >= w->t->conf->turn_allocations)
		return ERR_FULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	s->w.kind = WATCH_STREAM;
	s->w.fd = fd;
	s->listener = l;
	s->peer = *peer;
	s->timer.fire = idle;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (worker_watch(w, &s->w, EPOLLIN) != 0) {
		free(s);
		return ERR_SYS;
	}
	list_add(&w->streams, &s->link);
	atomic_fetch_add(&w->t->streams, 1);
	w->counts.turn_streams++;
	stream_idle(w, s);
	return 0;
}

void
stream_accept(struct worker *w, struct listener *l)
{
	socklen_t len;
	union sa peer;
	int fd, i;

	for (i = 0; i < ACCEPTS; i++) {
		memset(&peer, 0, sizeof(peer));
		len = sizeof(peer);
		fd = accept4(
		    l->w.fd, &peer.sa, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		if (!guard_take(w, &peer) || stream_new(w, l, fd, &peer) != 0)
			close(fd);
	}
}

/* ---- bytes, with TLS or without --------------------------------------------------------- */

static void
want_write(struct worker *w, struct stream *s, bool want)
{
	if (s->writing == want)
		return;
	s->writing = want;
	worker_rewatch(w, &s->w, EPOLLIN | (want ? (uint32_t)EPOLLOUT : 0));
}

/* Bytes moved; 0: not now; -1: it is over. */
static ssize_t
tls_result(struct worker *w, struct stream *s, int n)
{
	if (n > 0)
		return n;
	switch (SSL_get_error(s->ssl, n)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		want_write(w, s, true);
		return 0;
	default:
		return -1;
	}
}

static ssize_t
take_bytes(struct worker *w, struct stream *s, uint8_t *p, size_t cap)
{
	ssize_t n;

	if (s->ssl != NULL) {
		ERR_clear_error();
		return tls_result(w, s, SSL_read(s->ssl, p, (int)cap));
	}
	n = recv(s->w.fd, p, cap, 0);
	if (MAY_TRY_AGAIN(n))
		return 0;
	return n > 0 ? n : -1;
}

static ssize_t
put_bytes(struct worker *w, struct stream *s, const uint8_t *p, size_t len)
{
	ssize_t n;

	if (s->ssl != NULL) {
		ERR_clear_error();
		return tls_result(w, s, SSL_write(s->ssl, p, (int)len));
	}
	n = send(s->w.fd, p, len, MSG_NOSIGNAL);
	if (MAY_TRY_AGAIN(n))
		return 0;
	return n >= 0 ? n : -1;
}

/* ---- out ---------------------------------------------------------------------------------- */

/* Keep what did not fit. A part of a message is always kept. */
static int
keep_out(struct stream *s, const uint8_t *p, size_t len)
{
	size_t cap = s->out_cap > 0 ? s->out_cap : 4096;
	uint8_t *v;

	if (s->out_len + len > STREAM_OUT_MAX)
		return ERR_FULL;
	while (cap < s->out_len + len)
		cap *= 2;
	if (cap != s->out_cap) {
		v = realloc(s->out, cap);
		if (v == NULL)
			return ERR_NOMEM;
		s->out = v;
		s->out_cap = cap;
	}
	memcpy(s->out + s->out_len, p, len);
	s->out_len += len;
	return 0;
}

void
stream_send(
    struct worker *w, struct stream *s, const uint8_t *p, size_t len, bool data)
{
	ssize_t n = 0;

	if (s->w.fd < 0)
		return;
	if (data && s->out_len + len > STREAM_DATA_MAX) {
		w->counts.turn_dropped++;
		return;
	}
	if (s->out_len == 0)
		n = put_bytes(w, s, p, len);
	if (n >= 0 && (size_t)n < len) {
		want_write(w, s, true);
		if (keep_out(s, p + n, len - (size_t)n) != 0)
			n = -1;
	}
	if (n < 0)
		stream_close(w, s);
}

static void
flush_out(struct worker *w, struct stream *s)
{
	ssize_t n = 0;
	size_t at = 0;

	if (s->out == NULL) {
		want_write(w, s, false);
		return;
	}
	while (at < s->out_len &&
	       (n = put_bytes(w, s, s->out + at, s->out_len - at)) > 0)
		at += (size_t)n;
	if (n < 0) {
		stream_close(w, s);
		return;
	}
	memmove(s->out, s->out + at, s->out_len - at);
	s->out_len -= at;
	if (s->out_len == 0) {
		free(s->out);
		s->out = NULL;
		s->out_cap = 0;
	}
	want_write(w, s, s->out_len > 0);
}

/* ---- in ------------------------------------------------------------------------------------ */

/* Whole messages of rbuf; what is left of them. -1: it is none. */
static ssize_t
messages(struct worker *w, struct stream *s, size_t len)
{
	struct from f = {.listener = s->listener, .stream = s, .addr = s->peer};
	size_t at = 0, n;

	while (len - at >= 4) {
		n = stun_framed_len(w->rbuf + at);
		if (n == 0) {
			w->counts.turn_malformed++;
			return -1;
		}
		if (n > len - at)
			break;
		path_from_client(w, &f, w->rbuf + at, n, SLOT_NONE);
		at += n;
		if (s->w.fd < 0)
			return 0;
	}
	path_flush(w); /* it lies in rbuf */
	memmove(w->rbuf, w->rbuf + at, len - at);
	return (ssize_t)(len - at);
}

static int
keep_in(struct worker *w, struct stream *s, size_t len)
{
	free(s->in);
	s->in = NULL;
	s->in_len = 0;
	if (len == 0)
		return 0;
	s->in = malloc(len);
	if (s->in == NULL)
		return ERR_NOMEM;
	memcpy(s->in, w->rbuf, len);
	s->in_len = len;
	return 0;
}

/* No message is longer than SLOT_MAX + 4, rbuf is twice that. */
static void
read_in(struct worker *w, struct stream *s)
{
	size_t len = s->in_len;
	ssize_t n = 0, left;
	int i;

	if (s->in != NULL)
		memcpy(w->rbuf, s->in, len);
	for (i = 0; i < ROUNDS || (s->ssl != NULL && SSL_pending(s->ssl) > 0);
	     i++) {
		n = take_bytes(w, s, w->rbuf + len, 2 * SLOT_MAX - len);
		if (n <= 0)
			break;
		left = messages(w, s, len + (size_t)n);
		if (s->w.fd < 0)
			return;
		if (left < 0) {
			stream_close(w, s);
			return;
		}
		len = (size_t)left;
	}
	if (n < 0 || keep_in(w, s, len) != 0)
		stream_close(w, s);
}

/* TLS or not, once its first byte is there. 0; ERR_AGAIN; ERR_CLOSED. */
static int
tell_apart(struct worker *w, struct stream *s)
{
	uint8_t first;
	ssize_t n = recv(s->w.fd, &first, 1, MSG_PEEK);

	if (MAY_TRY_AGAIN(n))
		return ERR_AGAIN;
	if (n <= 0)
		return ERR_CLOSED;
	s->known = true;
	if (first != TLS_HANDSHAKE)
		return 0;
	s->ssl = w->t->tls != NULL ? SSL_new(w->t->tls) : NULL;
	if (s->ssl == NULL || SSL_set_fd(s->ssl, s->w.fd) != 1)
		return ERR_CLOSED;
	SSL_set_accept_state(s->ssl);
	return 0;
}

static int
shake_hands(struct worker *w, struct stream *s)
{
	ssize_t n;

	if (!s->known) {
		n = tell_apart(w, s);
		if (n != 0)
			return (int)n;
	}
	if (s->ssl == NULL || s->shaken)
		return 0;
	ERR_clear_error();
	n = tls_result(w, s, SSL_do_handshake(s->ssl));
	s->shaken = n > 0;
	return n > 0 ? 0 : n == 0 ? ERR_AGAIN : ERR_CLOSED;
}

void
stream_event(struct worker *w, struct stream *s, uint32_t events)
{
	int r = shake_hands(w, s);

	if (r == ERR_AGAIN)
		return;
	if (r != 0) {
		stream_close(w, s);
		return;
	}
	if ((events & EPOLLOUT) != 0)
		flush_out(w, s);
	if (s->w.fd >= 0)
		read_in(w, s);
}
