/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sigv4.c — one canonical request, hashed, signed by a key derived in steps. */
#include "common/aws/sigv4.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#define ALGORITHM      "AWS4-HMAC-SHA256"
#define REQUEST_MAX    (64 * 1024) /* bytes of a canonical request */
#define OWN_QUERY      5 /* parameters of a signed URL */
#define OWN_HEADERS    3 /* host, and two that sigv4_headers() makes */
#define PAIRS_MAX      12 /* of either kind, with our own */
#define HASH_LEN       crypto_hash_sha256_BYTES
#define NAMES_CAP      512
#define SCOPE_CAP      128
#define CREDENTIAL_CAP 384

_Static_assert(SIGV4_QUERY_MAX + OWN_QUERY <= PAIRS_MAX, "room");
_Static_assert(SIGV4_HEADERS_MAX + OWN_HEADERS <= PAIRS_MAX, "room");

/* What is made of the time and the region. */
struct stamp {
	char time[17]; /* 20130524T000000Z */
	char scope[SCOPE_CAP]; /* 20130524/us-east-1/s3/aws4_request */
};

struct pairs {
	struct sigv4_pair v[PAIRS_MAX];
	size_t n;
};

/* ---- text ----------------------------------------------------------------------- */

static int
put(struct buf *b, const char *text)
{
	return buf_put(b, text, strlen(text));
}

static int
put_encoded(struct buf *b, const char *text, bool slash)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	char hex[4];
	int r = 0;

	for (; r == 0 && *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL || (slash && *text == '/')) {
			r = buf_put(b, text, 1);
			continue;
		}
		snprintf(hex, sizeof(hex), "%%%02X", (unsigned char)*text);
		r = put(b, hex);
	}
	return r;
}

void
sigv4_hash(char out[static SIGV4_HASH_CAP], const void *body, size_t len)
{
	uint8_t sum[HASH_LEN];

	crypto_hash_sha256(sum, body, len);
	sodium_bin2hex(out, SIGV4_HASH_CAP, sum, sizeof(sum));
}

static int
by_name(const void *a, const void *b)
{
	const struct sigv4_pair *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : strcmp(x->value, y->value);
}

static void
pairs_add(struct pairs *l, const char *name, const char *value)
{
	l->v[l->n++] = (struct sigv4_pair){name, value};
}

static void
pairs_take(struct pairs *l, const struct sigv4_pair *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		pairs_add(l, v[i].name, v[i].value);
}

static void
pairs_sort(struct pairs *l)
{
	qsort(l->v, l->n, sizeof(*l->v), by_name);
}

/* name=value&...: sorted, as it stands in a URL. */
static int
put_query(struct buf *b, const struct pairs *q)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < q->n; i++) {
		if (i > 0)
			r = put(b, "&");
		if (r == 0)
			r = put_encoded(b, q->v[i].name, false);
		if (r == 0)
			r = put(b, "=");
		if (r == 0)
			r = put_encoded(b, q->v[i].value, false);
	}
	return r;
}

/* ---- the signature ---------------------------------------------------------------- */

static int
stamp_make(struct stamp *t, const struct sigv4 *s)
{
	time_t now = (time_t)s->now_s;
	struct tm tm;
	int n;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(t->time, sizeof(t->time), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return ERR_RANGE;
	n = snprintf(t->scope, sizeof(t->scope), "%.8s/%s/s3/aws4_request",
	    t->time, s->region);
	return n > 0 && (size_t)n < sizeof(t->scope) ? 0 : ERR_RANGE;
}

static void
hmac(uint8_t out[static HASH_LEN], const void *key, size_t key_len,
    const char *text, size_t len)
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, key, key_len);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)text, len);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

static int
signing_key(
    uint8_t out[static HASH_LEN], const struct sigv4 *s, const struct stamp *t)
{
	struct buf first;
	int r;

	buf_init(&first, REQUEST_MAX);
	r = put(&first, "AWS4");
	if (r == 0)
		r = put(&first, s->secret);
	if (r == 0) {
		hmac(out, first.p, first.len, t->time, 8);
		hmac(out, out, HASH_LEN, s->region, strlen(s->region));
		hmac(out, out, HASH_LEN, "s3", 2);
		hmac(out, out, HASH_LEN, "aws4_request", 12);
	}
	if (first.p != NULL)
		sodium_memzero(first.p, first.len);
	buf_clear(&first);
	return r;
}

/* a;b;c of sorted headers */
static int
signed_names(char out[static NAMES_CAP], const struct pairs *h)
{
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < h->n && n < NAMES_CAP; i++)
		n += (size_t)snprintf(out + n, NAMES_CAP - n, "%s%s",
		    i > 0 ? ";" : "", h->v[i].name);
	return n < NAMES_CAP ? 0 : ERR_RANGE;
}

static int
canonical(struct buf *b, const struct sigv4 *s, const struct pairs *query,
    const struct pairs *headers, const char *names, const char *hash)
{
	size_t i;
	int r = put(b, s->method);

	if (r == 0)
		r = put(b, "\n");
	if (r == 0)
		r = put_encoded(b, s->path, true);
	if (r == 0)
		r = put(b, "\n");
	if (r == 0)
		r = put_query(b, query);
	for (i = 0; r == 0 && i < headers->n; i++) {
		const char *const parts[] = {
		    "\n", headers->v[i].name, ":", headers->v[i].value};
		size_t k;

		for (k = 0; r == 0 && k < ARRAY_LEN(parts); k++)
			r = put(b, parts[k]);
	}
	if (r == 0)
		r = put(b, "\n\n");
	if (r == 0)
		r = put(b, names);
	if (r == 0)
		r = put(b, "\n");
	return r == 0 ? put(b, hash) : r;
}

static int
sign(char out[static SIGV4_HASH_CAP], const struct sigv4 *s,
    const struct stamp *t, const struct pairs *query,
    const struct pairs *headers, const char *names, const char *hash)
{
	char request[SIGV4_HASH_CAP], text[512];
	uint8_t key[HASH_LEN], sum[HASH_LEN];
	struct buf b;
	int r, n;

	buf_init(&b, REQUEST_MAX);
	r = canonical(&b, s, query, headers, names, hash);
	if (r == 0)
		sigv4_hash(request, b.p, b.len);
	buf_clear(&b);
	if (r == 0)
		r = signing_key(key, s, t);
	if (r != 0)
		return r;
	n = snprintf(text, sizeof(text), ALGORITHM "\n%s\n%s\n%s", t->time,
	    t->scope, request);
	hmac(sum, key, sizeof(key), text, (size_t)n);
	sodium_bin2hex(out, SIGV4_HASH_CAP, sum, sizeof(sum));
	sodium_memzero(key, sizeof(key));
	return 0;
}

static bool
too_many(const struct sigv4 *s)
{
	return s->n_query > SIGV4_QUERY_MAX || s->n_headers > SIGV4_HEADERS_MAX;
}

int
sigv4_target(const struct sigv4 *s, struct buf *out)
{
	struct pairs query = {.n = 0};
	int r;

	if (too_many(s))
		return ERR_RANGE;
	pairs_take(&query, s->query, s->n_query);
	pairs_sort(&query);
	r = put_encoded(out, s->path, true);
	if (r == 0 && query.n > 0)
		r = put(out, "?");
	if (r == 0)
		r = put_query(out, &query);
	return r == 0 ? buf_put(out, "", 1) : r;
}

/* ---- headers ------------------------------------------------------------------------ */

static int
put_lines(struct buf *out, const struct sigv4 *s, const struct stamp *t,
    const char *names, const char *hash, const char *signature)
{
	char line[CREDENTIAL_CAP + NAMES_CAP + SCOPE_CAP];
	int n = snprintf(line, sizeof(line),
	    "authorization: " ALGORITHM
	    " Credential=%s/%s,SignedHeaders=%s,Signature=%s",
	    s->key_id, t->scope, names, signature);
	int r;

	if (n < 0 || (size_t)n >= sizeof(line))
		return ERR_RANGE;
	r = buf_put(out, line, (size_t)n + 1);
	n = snprintf(line, sizeof(line), "x-amz-content-sha256: %s", hash);
	if (r == 0)
		r = buf_put(out, line, (size_t)n + 1);
	n = snprintf(line, sizeof(line), "x-amz-date: %s", t->time);
	return r == 0 ? buf_put(out, line, (size_t)n + 1) : r;
}

int
sigv4_headers(const struct sigv4 *s, const char *hash, struct buf *out)
{
	char signature[SIGV4_HASH_CAP], names[NAMES_CAP];
	struct pairs query = {.n = 0}, headers = {.n = 0};
	struct stamp t;
	int r;

	if (too_many(s))
		return ERR_RANGE;
	r = stamp_make(&t, s);
	if (r != 0)
		return r;
	pairs_take(&query, s->query, s->n_query);
	pairs_sort(&query);
	pairs_take(&headers, s->headers, s->n_headers);
	pairs_add(&headers, "host", s->host);
	pairs_add(&headers, "x-amz-content-sha256", hash);
	pairs_add(&headers, "x-amz-date", t.time);
	pairs_sort(&headers);
	r = signed_names(names, &headers);
	if (r == 0)
		r = sign(signature, s, &t, &query, &headers, names, hash);
	return r == 0 ? put_lines(out, s, &t, names, hash, signature) : r;
}

/* ---- a URL ---------------------------------------------------------------------------- */

static int
put_url(struct buf *out, const struct sigv4 *s, const struct pairs *query,
    const char *signature)
{
	int r = put_encoded(out, s->path, true);

	if (r == 0)
		r = put(out, "?");
	if (r == 0)
		r = put_query(out, query);
	if (r == 0)
		r = put(out, "&X-Amz-Signature=");
	return r == 0 ? buf_put(out, signature, strlen(signature) + 1) : r;
}

int
sigv4_url(const struct sigv4 *s, uint32_t expires_s, struct buf *out)
{
	char signature[SIGV4_HASH_CAP], names[NAMES_CAP];
	char credential[CREDENTIAL_CAP], expires[12];
	struct pairs query = {.n = 0}, headers = {.n = 0};
	struct stamp t;
	int r, n;

	if (too_many(s) || expires_s == 0 || expires_s > SIGV4_EXPIRES_MAX)
		return ERR_RANGE;
	r = stamp_make(&t, s);
	if (r != 0)
		return r;
	n = snprintf(
	    credential, sizeof(credential), "%s/%s", s->key_id, t.scope);
	if (n < 0 || (size_t)n >= sizeof(credential))
		return ERR_RANGE;
	snprintf(expires, sizeof(expires), "%u", (unsigned)expires_s);
	pairs_take(&headers, s->headers, s->n_headers);
	pairs_add(&headers, "host", s->host);
	pairs_sort(&headers);
	r = signed_names(names, &headers);
	pairs_take(&query, s->query, s->n_query);
	pairs_add(&query, "X-Amz-Algorithm", ALGORITHM);
	pairs_add(&query, "X-Amz-Credential", credential);
	pairs_add(&query, "X-Amz-Date", t.time);
	pairs_add(&query, "X-Amz-Expires", expires);
	pairs_add(&query, "X-Amz-SignedHeaders", names);
	pairs_sort(&query);
	if (r == 0)
		r = sign(
		    signature, s, &t, &query, &headers, names, SIGV4_UNSIGNED);
	return r == 0 ? put_url(out, s, &query, signature) : r;
}
