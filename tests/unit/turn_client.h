/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * turn_client.h — a TURN server inside a test program, and a blocking client
 * that builds its messages itself. Everything on loopback; a call that gets no
 * answer within 10 s fails the test.
 */
#ifndef TESTS_UNIT_TURN_CLIENT_H
#define TESTS_UNIT_TURN_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/stun/stun.h"
#include "relay/turn/turn.h"

#define TC_SECRET "north south east west"

struct ts { /* the server */
	struct relay_conf *conf;
	struct turn *turn;
	size_t listen; /* which address of turn-listen clients take */
	struct relay_clock clock;
	atomic_uint_fast64_t now_ms; /* of both clocks */
	struct log log;
};

/* More flags than those of loopback, NULL at the end; they win. */
void ts_start(struct ts *s, const char *const *args);
void ts_stop(struct ts *s);

struct tc { /* a client */
	int fd;
	bool tcp;
	uint16_t port; /* our own, on 127.0.0.1 */
	char name[128], password[64], realm[128], nonce[128];
	bool sha256; /* that key, that code */
	uint8_t out[2048], in[4096];
	struct stun_out o; /* the request that is being made */
	struct stun_msg m; /* the last answer */
	uint32_t transactions;
};

void tc_open(struct tc *c, struct ts *s, const char *who);
void tc_open_tcp(struct tc *c, struct ts *s, const char *who);
void tc_close(struct tc *c);

/* Begin a request in c->o. */
void tc_begin(struct tc *c, uint16_t method);
/* Send it with credentials, ask again with the nonce that is demanded, and
 * read the answer. Its error code; 0: success, its code is right. */
unsigned tc_call(struct tc *c);
/* Send as it is, read the answer. */
unsigned tc_plain(struct tc *c);

unsigned tc_allocate(struct tc *c);
unsigned tc_permit(struct tc *c, const char *ip);
unsigned tc_bind(struct tc *c, uint16_t channel, const char *ip, uint16_t port);
unsigned tc_refresh(struct tc *c, uint32_t seconds);
/* The port of XOR-RELAYED-ADDRESS in the last answer. */
uint16_t tc_relayed(const struct tc *c);
void tc_put_peer(struct tc *c, const char *ip, uint16_t port);

/* Bytes as they are; the next datagram, or on a stream the next message. */
void tc_put(struct tc *c, const void *p, size_t len);
size_t tc_get(struct tc *c);
/* A Send indication. */
void tc_send(struct tc *c, uint16_t port, const char *text);
/* Nothing is on its way to us: the next thing is the answer to a Binding. */
void tc_expect_nothing(struct tc *c);

/* A UDP socket on loopback; *port is its own. */
int peer_open(uint16_t *port);
void peer_put(int fd, uint16_t port, const char *text);
/* The next one is text; who sent it. */
uint16_t peer_expect(int fd, const char *text);

#endif
