/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cidr.h — addresses and networks: "127.0.0.1", "10.0.0.0/8", "fd00::/8". */
#ifndef RELAY_ABUSE_CIDR_H
#define RELAY_ABUSE_CIDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/base.h"

struct cidr {
	uint8_t net[16]; /* IPv4 as v4-mapped IPv6 */
	uint8_t bits; /* 0..128 that must match */
};

/* 0; ERR_FORMAT no such address; ERR_RANGE prefix too long, or bits set
 * behind the prefix. */
int cidr_parse(const char *text, struct cidr *out) MUST_USE;

bool cidr_match(const struct cidr *c, const struct sockaddr *sa);

/* The 16 bytes of an IPv4 (v4-mapped) or IPv6 address; false for others. */
bool cidr_bytes(const struct sockaddr *sa, uint8_t out[static 16]);

#endif
