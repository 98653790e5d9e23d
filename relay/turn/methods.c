/* SPDX-License-Identifier: GPL-3.0-or-later */
/* methods.c — TURN_CREDENTIALS. docs/protocol.md §13. */
#include <sodium.h>

#include "common/proto/relay.pb-c.h"
#include "relay/session/session.h"
#include "relay/turn/methods.h"
#include "relay/turn/turn.h"

static void
reply(struct conn *c, const struct net_request *rq, struct turn_credentials *tc)
{
	Sotto__Relay__TurnCredentialsResponse resp =
	    SOTTO__RELAY__TURN_CREDENTIALS_RESPONSE__INIT;
	char *urls[TURN_URLS_MAX];
	size_t i;

	for (i = 0; i < tc->n_urls; i++)
		urls[i] = tc->urls[i];
	resp.urls = urls;
	resp.n_urls = tc->n_urls;
	resp.username = tc->name;
	resp.password = tc->password;
	resp.ttl_s = tc->ttl_s;
	conn_reply(c, rq, &resp.base);
}

void
on_turn_credentials_request(
    struct conn *c, const struct net_request *rq, const ProtobufCMessage *msg)
{
	const struct turn *t = service_of(c)->sv->turn;
	struct turn_credentials tc;

	(void)msg;
	if (session_limit(c, rq, LIMIT_CALLS, 1) != 0)
		return;
	if (t == NULL) {
		conn_refuse(
		    c, rq, ERR_STATE, "this relay has no TURN server", 0);
		return;
	}
	turn_credentials(t, session_of(c)->account.b, &tc);
	reply(c, rq, &tc);
	sodium_memzero(&tc, sizeof(tc));
}
