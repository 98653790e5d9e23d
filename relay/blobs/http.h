/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http.h — the folder of blobs over HTTP or HTTPS, on a port of its own and off
 * the messaging loops: a thread for each connection, a request for each
 * connection. Who has a signed URL (url.h) may do what it says. docs/media.md
 * §2.2 lists requests and answers.
 *
 * Bounds: connections in all and for one address, 64 KiB of header, 15 s for
 * the header, 30 s without a byte, and a minute and 16 KiB a second for the
 * whole.
 */
#ifndef RELAY_BLOBS_HTTP_H
#define RELAY_BLOBS_HTTP_H

#include "common/log.h"
#include "relay/abuse/clock.h"
#include "relay/blobs/dir.h"
#include "relay/blobs/url.h"

struct blob_http; /* heap, owned by the caller */

/* All borrowed as long as the server is there. */
struct blob_http_env {
	struct blob_dir *dir;
	const uint8_t *secret; /* BLOB_SECRET_LEN, of the URLs */
	const char *listen; /* "*:7788" */
	const char *cert, *key; /* files, PEM; both NULL: no TLS */
	unsigned connections, per_address; /* 0: no limit */
	unsigned header_ms; /* 0: 15 s */
	const struct log *log;
	const struct relay_clock *clock;
};

/*
 * Returns 0; ERR_FORMAT bad address; ERR_SYS cannot listen there; ERR_CONFIG
 * certificate or key cannot be read or used; ERR_NOMEM.
 */
int blob_http_start(
    struct blob_http **h, const struct blob_http_env *env) MUST_USE;

uint16_t blob_http_port(const struct blob_http *h);

/* Cuts what is under way, ends the threads; NULL is fine. */
void blob_http_stop(struct blob_http *h);

#endif
