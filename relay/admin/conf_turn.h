/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_turn.h — what is made of the settings of calls (conf.h). */
#ifndef RELAY_ADMIN_CONF_TURN_H
#define RELAY_ADMIN_CONF_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/conf.h"
#include "relay/abuse/cidr.h"
#include "relay/abuse/limit.h"

struct turn_conf {
	uint16_t port_min, port_max; /* of relay sockets */
	uint32_t quota; /* allocations of one user */
	struct limit_rate rate; /* of answers without credentials */
	struct net_addr relay[2], external[2]; /* IPv4, IPv6 */
	bool has_relay[2], has_external[2];
	struct cidr *allow, *deny; /* heap */
	size_t n_allow, n_deny;
};

struct relay_conf;

/* "row: sentence" into why, which may be NULL. Returns ERR_CONFIG. */
int conf_wrong(struct conf_err *why, const char *row, const char *text);

/* c->turn from the rows; 0, ERR_NOMEM or ERR_CONFIG with a sentence. What was
 * made is freed by turn_conf_clear(), also after an error. */
int turn_conf_derive(struct relay_conf *c, struct conf_err *why) MUST_USE;
void turn_conf_clear(struct turn_conf *t);

#endif
