/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend_s3.c — a bucket of any S3-compatible service. Bytes do not pass
 * through the relay: devices get URLs signed for one object, one length, one
 * method and one time; the relay itself looks, removes and lists. Runs on the
 * worker's thread and waits for the network there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <sodium.h>

#include "common/aws/sigv4.h"
#include "relay/blobs/backend.h"

#define PREFIX	   "b/" /* of every object's name */
#define CONNECT_S  10L
#define WHOLE_S	   30L
#define REPLY_MAX  ((size_t)2 << 20)
#define PATH_CAP   128 /* "/bucket/b/name" */
#define TARGET_MAX 4096

struct s3_backend {
	struct blob_backend be;
	struct relay_conf *conf;
	const struct log *log;
	const struct relay_clock *clock;
	const char *host; /* behind the scheme, within base */
	char base[BLOB_BASE_MAX + 1]; /* "https://host[:port]" */
};

static struct s3_backend *
of(struct blob_backend *be)
{
	return (struct s3_backend *)be;
}

/* ---- requests of our own ---------------------------------------------------------- */

static struct sigv4
request(const struct s3_backend *s, const char *method, const char *path)
{
	return (struct sigv4){
	    .key_id = s->conf->blobs_s3_key_id,
	    .secret = s->conf->blobs_s3_secret,
	    .region = s->conf->blobs_s3_region,
	    .now_s = relay_clock_wall(s->clock) / 1000,
	    .method = method,
	    .host = s->host,
	    .path = path,
	};
}

static void
path_of(const struct s3_backend *s, const struct blob_locator *l,
    char out[static PATH_CAP])
{
	char name[BLOB_NAME_CAP];

	blob_name(l, name);
	(void)snprintf(
	    out, PATH_CAP, "/%s/" PREFIX "%s", s->conf->blobs_s3_bucket, name);
}

static size_t
keep(char *p, size_t size, size_t n, void *arg)
{
	return buf_put(arg, p, size * n) == 0 ? size * n : 0;
}

/* Each line of headers, a NUL behind it, as a list of libcurl's. */
static struct curl_slist *
list_of(const struct buf *headers)
{
	struct curl_slist *l = NULL, *more;
	const char *p = (const char *)headers->p;
	const char *end = p + headers->len;

	for (; p != NULL && p < end; p += strlen(p) + 1) {
		more = curl_slist_append(l, p);
		if (more == NULL) {
			curl_slist_free_all(l);
			return NULL;
		}
		l = more;
	}
	return l;
}

struct reply {
	long status;
	curl_off_t length;
	struct buf body;
};

static int
perform(CURL *c, const char *method, struct reply *r)
{
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, WHOLE_S);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &r->body);
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	if (curl_easy_perform(c) != CURLE_OK)
		return ERR_IO;
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &r->status);
	curl_easy_getinfo(c, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &r->length);
	return 0;
}

/* 0 with an answer of any status; ERR_IO none. The body is the caller's. */
static int
ask(const struct s3_backend *s, const struct sigv4 *rq, struct reply *r)
{
	char empty[SIGV4_HASH_CAP], url[TARGET_MAX + BLOB_BASE_MAX];
	struct curl_slist *list = NULL;
	struct buf target, headers;
	CURL *c = NULL;
	int e;

	buf_init(&r->body, REPLY_MAX);
	buf_init(&target, TARGET_MAX);
	buf_init(&headers, TARGET_MAX);
	sigv4_hash(empty, "", 0);
	e = sigv4_target(rq, &target);
	if (e == 0)
		e = sigv4_headers(rq, empty, &headers);
	if (e == 0) {
		(void)snprintf(
		    url, sizeof(url), "%s%s", s->base, (char *)target.p);
		list = list_of(&headers);
		c = curl_easy_init();
		e = list != NULL && c != NULL ? 0 : ERR_NOMEM;
	}
	if (e == 0) {
		curl_easy_setopt(c, CURLOPT_URL, url);
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
		e = perform(c, rq->method, r);
	}
	curl_easy_cleanup(c);
	curl_slist_free_all(list);
	buf_clear(&headers); /* an authorization */
	buf_clear(&target);
	if (e == 0 && (r->status == 401 || r->status == 403))
		log_error(s->log, "S3 refuses the relay: look at blobs-s3-*",
		    LOG_I64("status", r->status));
	return e;
}

/* One without a body worth reading. */
static int
ask_status(const struct s3_backend *s, const char *method,
    const struct blob_locator *l, struct reply *r)
{
	char path[PATH_CAP];
	struct sigv4 rq;
	int e;

	path_of(s, l, path);
	rq = request(s, method, path);
	e = ask(s, &rq, r);
	buf_clear(&r->body);
	return e;
}

/* ---- the backend --------------------------------------------------------------------- */

static int
s3_prepare(struct blob_backend *be, struct store_blob *blob, uint64_t keep_free)
{
	(void)be;
	(void)blob;
	(void)keep_free;
	return 0;
}

static int
s3_check(struct blob_backend *be, const struct store_blob *blob)
{
	struct reply r = {.status = 0};
	int e = ask_status(of(be), "HEAD", &blob->locator, &r);

	if (e != 0)
		return e;
	if (r.status == 404)
		return ERR_AGAIN;
	if (r.status != 200)
		return ERR_IO;
	return r.length >= 0 && (uint64_t)r.length == blob->size ? 0
								 : ERR_AGAIN;
}

static int
s3_remove(struct blob_backend *be, const struct store_blob *blob)
{
	struct reply r = {.status = 0};
	int e = ask_status(of(be), "DELETE", &blob->locator, &r);

	if (e == 0 && r.status / 100 != 2 && r.status != 404)
		e = ERR_IO;
	return e;
}

/* The text of the first <tag> at or behind p; where to go on, or NULL. */
static const char *
xml_text(const char *p, const char *tag, char *out, size_t cap)
{
	char open_tag[32];
	const char *at, *end;

	(void)snprintf(open_tag, sizeof(open_tag), "<%s>", tag);
	at = strstr(p, open_tag);
	if (at == NULL)
		return NULL;
	at += strlen(open_tag);
	end = strchr(at, '<');
	if (end == NULL || (size_t)(end - at) >= cap)
		return NULL;
	memcpy(out, at, (size_t)(end - at));
	out[end - at] = '\0';
	return end;
}

static bool
is_older(const char *text, uint64_t before_s)
{
	struct tm tm = {0};
	time_t t;

	if (strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return false;
	t = timegm(&tm);
	return t >= 0 && (uint64_t)t < before_s;
}

struct walk {
	uint64_t before_s;
	void (*fn)(void *arg, const struct blob_locator *l);
	void *arg;
};

/* A page of names; last is the last one, "" when there was none. */
static void
take_page(const struct walk *w, const char *p, char *last, size_t cap)
{
	char key[PATH_CAP], time_text[64];
	struct blob_locator l;

	last[0] = '\0';
	while ((p = xml_text(p, "Key", key, sizeof(key))) != NULL) {
		(void)snprintf(last, cap, "%s", key);
		p = xml_text(p, "LastModified", time_text, sizeof(time_text));
		if (p == NULL)
			return;
		if (strncmp(key, PREFIX, strlen(PREFIX)) == 0 &&
		    blob_name_read(key + strlen(PREFIX), &l) == 0 &&
		    is_older(time_text, w->before_s))
			w->fn(w->arg, &l);
	}
}

static int
s3_walk(struct blob_backend *be, uint64_t before_s,
    void (*fn)(void *arg, const struct blob_locator *l), void *arg)
{
	const struct walk w = {before_s, fn, arg};
	char path[PATH_CAP], after[PATH_CAP] = "";
	const struct sigv4_pair query[] = {
	    {"list-type", "2"}, {"prefix", PREFIX}, {"start-after", after}};
	struct reply r;
	struct sigv4 rq;
	int e;

	(void)snprintf(
	    path, sizeof(path), "/%s", of(be)->conf->blobs_s3_bucket);
	do {
		r = (struct reply){.status = 0};
		rq = request(of(be), "GET", path);
		rq.query = query;
		rq.n_query = after[0] != '\0' ? 3 : 2;
		e = ask(of(be), &rq, &r);
		if (e == 0 && r.status != 200)
			e = ERR_IO;
		if (e == 0)
			e = buf_put_u8(&r.body, 0);
		if (e == 0)
			take_page(
			    &w, (const char *)r.body.p, after, sizeof(after));
		buf_clear(&r.body);
	} while (e == 0 && after[0] != '\0');
	return e;
}

/* The length is one of the signed headers: nobody uploads more. */
static int
s3_way(const struct blob_backend *be, const struct blob_grant *g,
    char out[static BLOB_URL_CAP])
{
	const struct s3_backend *s = (const struct s3_backend *)be;
	bool put = g->verb == BLOB_VERB_PUT;
	char path[PATH_CAP], length[24];
	const struct sigv4_pair signed_length = {"content-length", length};
	struct sigv4 rq;
	struct buf target;
	int r;

	path_of(s, &g->locator, path);
	(void)snprintf(
	    length, sizeof(length), "%llu", (unsigned long long)g->size);
	rq = request(s, put ? "PUT" : "GET", path);
	rq.headers = &signed_length;
	rq.n_headers = put ? 1 : 0;
	buf_init(&target, BLOB_URL_CAP - BLOB_BASE_MAX - 1);
	r = sigv4_url(&rq, (uint32_t)(g->expires_s - rq.now_s), &target);
	if (r == 0)
		(void)snprintf(
		    out, BLOB_URL_CAP, "%s%s", s->base, (char *)target.p);
	buf_clear(&target);
	return r;
}

static uint16_t
s3_port(const struct blob_backend *be)
{
	(void)be;
	return 0;
}

static void
s3_stop(struct blob_backend *be)
{
	(void)be;
}

static void
s3_close(struct blob_backend *be)
{
	relay_conf_unref(of(be)->conf);
	free(be);
}

static const struct blob_backend_ops ops = {
    .in_one = true,
    .prepare = s3_prepare,
    .check = s3_check,
    .remove = s3_remove,
    .walk = s3_walk,
    .way = s3_way,
    .port = s3_port,
    .stop = s3_stop,
    .close = s3_close,
};

int
blob_backend_s3(
    struct blob_backend **out, const struct blobs_env *env, char *why)
{
	struct s3_backend *s = calloc(1, sizeof(*s));
	size_t n;

	(void)why;
	if (s == NULL)
		return ERR_NOMEM;
	s->be.ops = &ops;
	s->conf = relay_conf_ref(env->conf);
	s->log = env->log;
	s->clock = env->clock;
	(void)snprintf(s->base, sizeof(s->base), "%s", env->conf->blobs_s3_url);
	for (n = strlen(s->base); n > 0 && s->base[n - 1] == '/'; n--)
		s->base[n - 1] = '\0';
	s->host = strstr(s->base, "://");
	s->host = s->host != NULL ? s->host + 3 : s->base;
	*out = &s->be;
	return 0;
}
