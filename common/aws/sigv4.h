/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sigv4.h — AWS Signature Version 4 as S3 wants it: what a request's headers or
 * a URL for somebody else carry. No I/O, no clock. Source: Amazon S3 API
 * Reference, "Authenticating Requests (AWS Signature Version 4)".
 *
 * libcurl can sign, too, but versions before 8 sign a host without its port and
 * parameters out of order, and none makes URLs.
 */
#ifndef COMMON_AWS_SIGV4_H
#define COMMON_AWS_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define SIGV4_HASH_CAP	  65 /* SHA-256 in hex, with its NUL */
#define SIGV4_HEADERS_MAX 5 /* that callers give */
#define SIGV4_QUERY_MAX	  7 /* parameters, likewise */
#define SIGV4_EXPIRES_MAX (7u * 24 * 3600) /* seconds a URL may hold */
#define SIGV4_UNSIGNED	  "UNSIGNED-PAYLOAD" /* as a hash: the body is free */

struct sigv4_pair {
	const char *name, *value; /* headers: the name in small letters */
};

/* All borrowed. */
struct sigv4 {
	const char *key_id, *secret, *region;
	uint64_t now_s; /* Unix time; servers refuse 15 minutes off */
	const char *method; /* "GET" */
	const char *host; /* with :port unless it is the scheme's own */
	const char *path; /* from /, as it is: it is encoded here */
	const struct sigv4_pair *query; /* not encoded, in any order */
	size_t n_query;
	const struct sigv4_pair *headers; /* that are to be signed besides host
					   * and x-amz-date, in any order */
	size_t n_headers;
};

/* SHA-256 of a body in hex. */
void sigv4_hash(char out[static SIGV4_HASH_CAP], const void *body, size_t len);

/* "path?query" as it has to stand in the request line, with a NUL behind it.
 * 0; ERR_RANGE; ERR_FULL; ERR_NOMEM. */
int sigv4_target(const struct sigv4 *s, struct buf *out) MUST_USE;

/*
 * The headers to add to those given, each as "name: value" with a NUL behind
 * it: authorization, x-amz-content-sha256, x-amz-date.
 *   hash   of the body in hex, or SIGV4_UNSIGNED
 * Returns 0; ERR_RANGE too many parameters or headers, or a time without date;
 * ERR_FULL; ERR_NOMEM.
 */
int sigv4_headers(
    const struct sigv4 *s, const char *hash, struct buf *out) MUST_USE;

/*
 * "path?query" that lets whoever has it make this request for so long, without
 * headers but host and those given, the body free. A NUL is behind it.
 * Returns as above; ERR_RANGE SIGV4_EXPIRES_MAX, too.
 */
int sigv4_url(
    const struct sigv4 *s, uint32_t expires_s, struct buf *out) MUST_USE;

#endif
