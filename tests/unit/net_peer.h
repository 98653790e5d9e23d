/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net_peer.h — what test_link talks to: a small relay on a loopback socket,
 * scripted by the test, and a small SOCKS5 and HTTP proxy. Both live on the
 * loop of the test; nothing here waits.
 */
#ifndef TESTS_UNIT_NET_PEER_H
#define TESTS_UNIT_NET_PEER_H

#include <uv.h>

#include "common/noise/pipe.h"
#include "common/proto/frame.h"

#define PEER_CONNS 64

struct peer;

struct peer_conn {
	uv_tcp_t tcp;
	struct peer *peer;
	struct pipe pipe;
	struct buf in, plain, out;
	bool open; /* the socket */
};

/* A frame other than HELLO and PING, which the peer answers by itself. */
typedef void peer_frame_fn(struct peer_conn *c, const struct frame *f);

struct peer {
	uv_loop_t *loop;
	uv_tcp_t *listener; /* NULL: does not listen */
	int port;
	struct noise_keypair keys;
	peer_frame_fn *on_frame; /* NULL: ignore */
	void *ctx; /* the test's */
	struct peer_conn *conns[PEER_CONNS];
	/* what it does */
	bool mute; /* reads, and answers nothing at all, not even HELLO */
	bool no_pong; /* an event instead, if chatty */
	bool chatty;
	bool slam; /* closes when the opening has come */
	const char *garbage; /* sent to every connection at once */
	size_t garbage_len;
	int hello_error; /* code of an Error instead of a HelloResponse */
	/* what it has seen */
	int accepted, hellos, pings, frames, fallbacks;
	uint8_t mode; /* byte 4 of the last opening */
	struct noise_public client; /* of the last handshake */
	bool client_known;
};

/* Listen on 127.0.0.1 (or ::1), a free port or the given one. */
int peer_listen(struct peer *p, uv_loop_t *loop, const char *ip, int port);
void peer_unlisten(struct peer *p);

/* Close all connections that stand; to destroy also the listener. */
void peer_hang_up(struct peer *p);
void peer_close(struct peer *p);

void peer_send(struct peer_conn *c, enum frame_kind kind, unsigned method,
    uint32_t id, const void *body, size_t len);
void peer_send_raw(struct peer_conn *c, const void *p, size_t len);

/* Stop reading from the newest connection, or read again. */
void peer_read(struct peer *p, bool on);

/* The newest connection; NULL: none. */
struct peer_conn *peer_last(struct peer *p);

/* ---- proxy ---- */

struct proxy {
	uv_loop_t *loop;
	uv_tcp_t *listener;
	int port;
	bool refuse; /* SOCKS5 reply 2, HTTP 403 */
	bool ask_password; /* HTTP 407 */
	bool bend; /* flip a bit of the next opening that passes */
	int used; /* tunnels made */
	char target[300]; /* as the client named it, "host:port" */
};

int proxy_listen(struct proxy *p, uv_loop_t *loop);
void proxy_close(struct proxy *p);

#endif
