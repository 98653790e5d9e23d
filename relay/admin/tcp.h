/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcp.h — a listening socket for libmicrohttpd, so that errors are ours to tell. */
#ifndef RELAY_ADMIN_TCP_H
#define RELAY_ADMIN_TCP_H

#include <stdint.h>

#include "common/base.h"

/*
 * Listen on "127.0.0.1:7787", "[::1]:0", "*:7788" (every address, IPv4 and IPv6).
 * Returns 0 and a descriptor the caller closes; ERR_FORMAT no such address;
 * ERR_SYS cannot listen there.
 */
int tcp_listen(const char *text, int backlog, int *fd) MUST_USE;

/* The port a socket is bound to; 0 when that cannot be told. */
uint16_t tcp_port(int fd);

#endif
