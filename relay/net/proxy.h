/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proxy.h — the header HAProxy puts before a connection, version 2 (binary):
 * who the peer behind the balancer is.
 * Spec: https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt §2.2.
 */
#ifndef RELAY_NET_PROXY_H
#define RELAY_NET_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "relay/abuse/net_addr.h"

#define PROXY_FIXED 16 /* signature, command, family, length */
#define PROXY_MAX   1024 /* longest header taken, TLVs included */

struct proxy_header {
	bool known; /* peer is set; else (LOCAL, UNSPEC) keep the socket's */
	struct net_addr peer;
};

/*
 * Read the header at the start of p[0..len).
 *   used  out, its whole size; what follows belongs to the connection
 * Returns 0; ERR_AGAIN more bytes are needed; ERR_FORMAT not such a header;
 * ERR_VERSION another version or command; ERR_RANGE over PROXY_MAX. Outputs
 * are written on success only.
 */
int proxy_parse(const uint8_t *p, size_t len, struct proxy_header *out,
    size_t *used) MUST_USE;

#endif
