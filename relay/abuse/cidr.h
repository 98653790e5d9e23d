/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cidr.h — networks: "127.0.0.1", "10.0.0.0/8", "fd00::/8". */
#ifndef RELAY_ABUSE_CIDR_H
#define RELAY_ABUSE_CIDR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "relay/abuse/net_addr.h"

struct cidr {
	struct net_addr net;
	uint8_t bits; /* 0..128 that must match */
};

/* 0; ERR_FORMAT no such address; ERR_RANGE prefix too long, or bits set
 * behind the prefix. */
int cidr_parse(const char *text, struct cidr *out) MUST_USE;

bool cidr_match(const struct cidr *c, const struct net_addr *a);

#endif
