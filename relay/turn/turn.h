/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * turn.h — the relay's TURN server (RFC 8656, and what clients of RFC 5766 do):
 * lets calls through where the two ends cannot reach each other. UDP, TCP and
 * TLS on the same ports, told apart by their first byte. docs/turn.md.
 *
 * It has threads of its own and shares nothing with the message loops. Who may
 * use it is said by credentials that hold for a time, made here and asked for
 * over the authenticated connection (TURN_CREDENTIALS); it keeps no list of
 * users. Instead of this server an external one can be named: then there are
 * only credentials.
 */
#ifndef RELAY_TURN_TURN_H
#define RELAY_TURN_TURN_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/log.h"
#include "common/stun/cred.h"
#include "relay/abuse/clock.h"
#include "relay/admin/conf.h"

#define TURN_SECRET_LEN	 32
#define TURN_ACCOUNT_LEN 16
#define TURN_URLS_MAX	 24
#define TURN_URL_CAP	 300
#define TURN_WHY_CAP	 512

struct turn; /* heap, owned by the relay */

struct turn_env {
	const struct relay_conf *conf; /* borrowed while it runs */
	const uint8_t
	    *secret; /* TURN_SECRET_LEN; unless there is turn-secret */
	const struct log *log;
	const struct relay_clock *clock;
};

/*
 * Bind all sockets, start the threads. *out is NULL when the settings want
 * neither a server nor name one. sodium_init() has been called, SIGPIPE is
 * ignored.
 * Returns 0; ERR_SYS, ERR_CONFIG, ERR_NOMEM with a sentence in why.
 */
int turn_start(struct turn **out, const struct turn_env *env,
    char why[static TURN_WHY_CAP]) MUST_USE;

/* Ends the threads; allocations are gone, clients notice by silence. NULL is
 * fine. */
void turn_free(struct turn *t);

/* The port in use of the i-th address of turn-listen; 0 none. */
uint16_t turn_port(const struct turn *t, size_t i);

struct turn_credentials {
	char urls[TURN_URLS_MAX][TURN_URL_CAP]; /* RFC 7065 */
	size_t n_urls;
	char name[TURN_NAME_CAP];
	char password[TURN_PASSWORD_CAP]; /* secret */
	uint32_t ttl_s; /* from now on */
};

/*
 * What somebody's devices may use for a while. The name holds no account: a
 * hash of it, the same one for turn-quota to count by. Any thread.
 * A URL with an empty host means the relay's own.
 */
void turn_credentials(const struct turn *t,
    const uint8_t account[static TURN_ACCOUNT_LEN],
    struct turn_credentials *out);

#endif
