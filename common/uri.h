/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uri.h — how a relay is named:
 *     sotto://host[:port]/[?invite=TOKEN][#KEY]
 * host is a name, an IPv4 address or an IPv6 address in brackets; KEY pins the
 * relay's Noise key: 32 bytes in base64url without padding. docs/protocol.md §1.
 */
#ifndef COMMON_URI_H
#define COMMON_URI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define SOTTO_PORT_DEFAULT 7786

#define URI_SCHEME     "sotto://"
#define URI_HOST_MAX   253
#define URI_INVITE_MAX 128
#define URI_KEY_LEN    32
#define URI_TEXT_MAX   512 /* longest text uri_parse() looks at */

struct uri {
	char host[URI_HOST_MAX + 1]; /* lower case; IPv6 without brackets */
	char invite[URI_INVITE_MAX + 1]; /* A-Z a-z 0-9 - . _ ~; "": none */
	uint16_t port;
	bool has_key;
	uint8_t key[URI_KEY_LEN];
};

/*
 * Read what a person typed or pasted: white space around it is dropped, the
 * scheme may be left out. Other query parameters than invite are ignored.
 * Returns 0, or ERR_FORMAT; then *why (if why is not NULL) is a sentence
 * saying what is wrong, static storage, and u is unchanged.
 */
int uri_parse(const char *text, struct uri *u, const char **why) MUST_USE;

/*
 * Append the canonical text of u: the default port is left out. uri_parse()
 * reads the same u from it. 0, ERR_FULL, ERR_NOMEM; ERR_FORMAT u is none that
 * uri_parse() could have made.
 */
int uri_format(const struct uri *u, struct buf *out) MUST_USE;

#endif
