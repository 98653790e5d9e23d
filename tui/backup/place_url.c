/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place_url.c — backups on a WebDAV or S3 server. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "common/aws/sigv4.h"
#include "common/buf.h"
#include "tui/backup/file.h"
#include "tui/backup/place_int.h"
#include "tui/net/libcurl.h"

#define ANSWER_MAX (4 * 1024 * 1024) /* of a listing */
#define CONNECT_S  30L
#define SLOW_S	   60L /* with less than a byte a second: given up */

#define WORD_MAX 48

/* Our names have no character that a listing would write in another way, so
 * they stand in it as they are. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

struct call {
	struct place *p;
	const struct libcurl *c;
	CURL *h;
	struct curl_slist *headers;
	struct buf answer;
	FILE *file; /* read or written */
	char url[PLACE_ASK_MAX];
	char error[CURL_ERROR_SIZE];
	long status;
	bool full, sends;
};

static size_t
on_data(char *data, size_t size, size_t n, void *ctx)
{
	struct call *k = ctx;

	if (k->file != NULL && !k->sends)
		return fwrite(data, size, n, k->file);
	if (buf_put(&k->answer, data, size * n) != 0) {
		k->full = true;
		return 0;
	}
	return size * n;
}

static size_t
on_more(char *data, size_t size, size_t n, void *ctx)
{
	struct call *k = ctx;

	return fread(data, size, n, k->file);
}

static void
call_end(struct call *k)
{
	if (k->h != NULL)
		k->c->easy_cleanup(k->h);
	if (k->headers != NULL)
		k->c->slist_free_all(k->headers);
	if (k->file != NULL)
		fclose(k->file);
	buf_clear(&k->answer);
}

static int
add_header(struct call *k, const char *line)
{
	struct curl_slist *l = k->c->slist_append(k->headers, line);

	if (l == NULL)
		return ERR_NOMEM;
	k->headers = l;
	return 0;
}

/* What S3 wants: place_s3.c. */
static int
s3_ask(struct call *k, int r, struct buf *headers)
{
	size_t at;

	for (at = 0; r == 0 && at < headers->len;
	     at += strlen((const char *)headers->p + at) + 1)
		r = add_header(k, (const char *)headers->p + at);
	buf_clear(headers);
	if (r == 0)
		k->c->easy_setopt(k->h, CURLOPT_URL, k->url);
	return r;
}

static int
s3_object(
    struct call *k, const char *method, const char *name, const char *hash)
{
	struct buf headers;

	buf_init(&headers, PLACE_ASK_MAX);
	return s3_ask(k,
	    place_s3_object(k->p, method, name, hash, k->url, &headers),
	    &headers);
}

/* ---- one request --------------------------------------------------------------- */

static void
log_in(struct call *k)
{
	const struct libcurl *c = k->c;

	if (k->p->user[0] == '\0' || k->p->kind == PLACE_S3)
		return;
	c->easy_setopt(k->h, CURLOPT_USERNAME, k->p->user);
	c->easy_setopt(k->h, CURLOPT_PASSWORD, k->p->secret);
	c->easy_setopt(k->h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
}

/* Also every second while nothing moves. */
static int
on_progress(void *ctx, curl_off_t down_total, curl_off_t down,
    curl_off_t up_total, curl_off_t up)
{
	struct place *p = ((struct call *)ctx)->p;

	if (!p->watch(p->watch_ctx, (uint64_t)(down + up),
		(uint64_t)(down_total + up_total)))
		p->called_off = true;
	return p->called_off;
}

static void
watch(struct call *k)
{
	if (k->p->watch == NULL)
		return;
	k->c->easy_setopt(k->h, CURLOPT_NOPROGRESS, 0L);
	k->c->easy_setopt(k->h, CURLOPT_XFERINFOFUNCTION, on_progress);
	k->c->easy_setopt(k->h, CURLOPT_XFERINFODATA, k);
}

/* A request for url/name; "" is the place itself. */
static int
call_begin(
    struct call *k, struct place *p, const char *method, const char *name)
{
	const struct libcurl *c = libcurl_get();

	memset(k, 0, sizeof(*k));
	k->p = p;
	buf_init(&k->answer, ANSWER_MAX);
	if (c == NULL)
		return place_fail(p, ERR_STATE, "libcurl is not installed");
	k->c = c;
	k->h = c->easy_init();
	if (k->h == NULL)
		return place_fail(p, ERR_NOMEM, "%s", err_str(ERR_NOMEM));
	snprintf(k->url, sizeof(k->url), "%s/%s", p->url, name);
	c->easy_setopt(k->h, CURLOPT_URL, k->url);
	c->easy_setopt(k->h, CURLOPT_CUSTOMREQUEST, method);
	c->easy_setopt(k->h, CURLOPT_PROTOCOLS_STR, "http,https");
	c->easy_setopt(k->h, CURLOPT_NOSIGNAL, 1L);
	c->easy_setopt(k->h, CURLOPT_ERRORBUFFER, k->error);
	c->easy_setopt(k->h, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	c->easy_setopt(k->h, CURLOPT_LOW_SPEED_LIMIT, 1L);
	c->easy_setopt(k->h, CURLOPT_LOW_SPEED_TIME, SLOW_S);
	c->easy_setopt(k->h, CURLOPT_WRITEFUNCTION, on_data);
	c->easy_setopt(k->h, CURLOPT_WRITEDATA, k);
	log_in(k);
	watch(k);
	return add_header(k, "Expect:");
}

/* What S3 says between <name> and </name>, of plain characters. */
static void
answer_word(const struct call *k, const char *name, char out[static WORD_MAX])
{
	char begin[16];
	const uint8_t *at;
	size_t n = 0, left;

	out[0] = '\0';
	snprintf(begin, sizeof(begin), "<%s>", name);
	if (k->p->kind != PLACE_S3 || k->answer.len == 0)
		return;
	at = memmem(k->answer.p, k->answer.len, begin, strlen(begin));
	if (at == NULL)
		return;
	at += strlen(begin);
	left = k->answer.len - (size_t)(at - k->answer.p);
	for (; n < left && n + 1 < WORD_MAX && strchr(plain, at[n]) != NULL &&
	       at[n] != '\0';
	     n++)
		out[n] = (char)at[n];
	out[n] = '\0';
}

static int
call_do(struct call *k)
{
	char region[WORD_MAX], code_word[WORD_MAX];
	CURLcode code;

	k->c->easy_setopt(k->h, CURLOPT_HTTPHEADER, k->headers);
	code = k->c->easy_perform(k->h);
	if (k->p->called_off)
		return place_fail(k->p, ERR_CLOSED, "%s", BACKUP_CALLED_OFF);
	if (code != CURLE_OK)
		return place_fail(k->p, k->full ? ERR_FULL : ERR_CLOSED,
		    "the backup server cannot be used: %s",
		    k->error[0] != '\0' ? k->error : "no answer");
	k->c->easy_getinfo(k->h, CURLINFO_RESPONSE_CODE, &k->status);
	if (k->status >= 200 && k->status < 300)
		return 0;
	answer_word(k, "Code", code_word);
	if (k->status == 401 || k->status == 403)
		return place_fail(k->p, ERR_AUTH,
		    "the backup server does not accept the credentials "
		    "(HTTP %ld%s%s)",
		    k->status, code_word[0] != '\0' ? " " : "", code_word);
	answer_word(k, "Region", region);
	if (region[0] != '\0')
		return place_fail(k->p, ERR_AUTH,
		    "the server's region is %s: add ?region=%s to the place",
		    region, region);
	return place_fail(k->p, k->status == 404 ? ERR_NOTFOUND : ERR_IO,
	    "the backup server says no: HTTP %ld%s%s", k->status,
	    code_word[0] != '\0' ? " " : "", code_word);
}

static int
simple(struct place *p, const char *method, const char *name,
    const char *header, const char *header2)
{
	struct call k;
	int r = call_begin(&k, p, method, name);

	if (r == 0 && p->kind == PLACE_S3)
		r = s3_object(&k, method, name, PLACE_NO_BODY);
	if (r == 0 && header != NULL)
		r = add_header(&k, header);
	if (r == 0 && header2 != NULL)
		r = add_header(&k, header2);
	if (r == 0)
		r = call_do(&k);
	call_end(&k);
	return r;
}

/* ---- up --------------------------------------------------------------------------------- */

static void
hash_file(FILE *in, char hex[static SIGV4_HASH_CAP])
{
	uint8_t sum[crypto_hash_sha256_BYTES], part[65536];
	crypto_hash_sha256_state st;
	size_t n;

	crypto_hash_sha256_init(&st);
	while ((n = fread(part, 1, sizeof(part), in)) > 0)
		crypto_hash_sha256_update(&st, part, n);
	crypto_hash_sha256_final(&st, sum);
	rewind(in);
	sodium_bin2hex(hex, SIGV4_HASH_CAP, sum, sizeof(sum));
}

static int
upload(struct place *p, const char *file, const char *name)
{
	char hash[SIGV4_HASH_CAP];
	struct stat st = {0};
	struct call k;
	int r = call_begin(&k, p, "PUT", name);

	k.sends = true; /* its answer does not go into the file */
	if (r == 0) {
		k.file = fopen(file, "rbe");
		if (k.file == NULL || fstat(fileno(k.file), &st) != 0)
			r = place_fail(p, ERR_SYS, "cannot read %s: %s", file,
			    strerror(errno));
	}
	if (r == 0 && p->kind == PLACE_S3) {
		hash_file(k.file, hash);
		r = s3_object(&k, "PUT", name, hash);
	}
	if (r == 0) {
		k.c->easy_setopt(k.h, CURLOPT_UPLOAD, 1L);
		k.c->easy_setopt(k.h, CURLOPT_READFUNCTION, on_more);
		k.c->easy_setopt(k.h, CURLOPT_READDATA, &k);
		k.c->easy_setopt(
		    k.h, CURLOPT_INFILESIZE_LARGE, (curl_off_t)st.st_size);
		r = call_do(&k);
	}
	call_end(&k);
	return r;
}

/* A folder that is not there yet is made. */
static int
dav_put(struct place *p, const char *file, const char *name)
{
	char part[PLACE_NAME_MAX + 8];
	char to[PLACE_URL_MAX + PLACE_NAME_MAX + 32];
	int r;

	snprintf(part, sizeof(part), "%s.part", name);
	snprintf(to, sizeof(to), "Destination: %s/%s", p->url, name);
	r = upload(p, file, part);
	if (r == ERR_NOTFOUND || r == ERR_IO) {
		(void)!simple(p, "MKCOL", "", NULL, NULL);
		r = upload(p, file, part);
	}
	if (r == 0)
		r = simple(p, "MOVE", part, to, "Overwrite: T");
	return r;
}

int
place_url_put(struct place *p, const char *file, const char *name)
{
	/* an object of S3 is there when all of it has come */
	return p->kind == PLACE_S3 ? upload(p, file, name)
				   : dav_put(p, file, name);
}

/* ---- down ---------------------------------------------------------------------------------- */

int
place_url_get(struct place *p, const char *name, const char *file)
{
	struct call k;
	int r = call_begin(&k, p, "GET", name);

	if (r == 0 && p->kind == PLACE_S3)
		r = s3_object(&k, "GET", name, PLACE_NO_BODY);
	if (r == 0) {
		k.file = fopen(file, "wbxe");
		if (k.file == NULL)
			r = place_fail(p, ERR_SYS, "cannot write %s: %s", file,
			    strerror(errno));
	}
	if (r == 0)
		r = call_do(&k);
	if (r == 0 && fflush(k.file) != 0)
		r = place_fail(
		    p, ERR_SYS, "cannot write %s: %s", file, strerror(errno));
	if (r != 0 && k.file != NULL)
		unlink(file);
	call_end(&k);
	return r;
}

int
place_url_drop(struct place *p, const char *name)
{
	int r = simple(p, "DELETE", name, NULL, NULL);

	return r == ERR_NOTFOUND ? 0 : r;
}

/* ---- what is there --------------------------------------------------------------------------- */

static int
find_names(const struct buf *b, const char *prefix, struct place_names *l)
{
	size_t at = 0, len, n = strlen(prefix);
	int r = 0;

	while (r == 0 && at + n < b->len) {
		if (memcmp(b->p + at, prefix, n) != 0) {
			at++;
			continue;
		}
		for (len = n; at + len < b->len && b->p[at + len] != '\0' &&
			      strchr(plain, b->p[at + len]) != NULL;
		     len++)
			;
		r = place_add_name(l, prefix, (const char *)b->p + at, len);
		at += len;
	}
	return r;
}

static int
s3_list(struct call *k, const char *prefix, const char *after)
{
	struct buf headers;

	buf_init(&headers, PLACE_ASK_MAX);
	return s3_ask(
	    k, place_s3_list(k->p, prefix, after, k->url, &headers), &headers);
}

/* One page of a listing; S3 gives a thousand names in each. */
static int
list_page(
    struct place *p, const char *prefix, struct place_names *l, bool *more)
{
	static const char cut[] = "<IsTruncated>true</IsTruncated>";
	struct call k;
	size_t was = l->n;
	int r = call_begin(&k, p, p->kind == PLACE_S3 ? "GET" : "PROPFIND", "");

	if (r == 0 && p->kind == PLACE_S3)
		r = s3_list(&k, prefix, was > 0 ? l->v[was - 1] : NULL);
	if (r == 0 && p->kind == PLACE_DAV)
		r = add_header(&k, "Depth: 1");
	if (r == 0)
		r = call_do(&k);
	if (r == ERR_NOTFOUND && p->kind == PLACE_DAV)
		r = 0; /* the folder is made by the first backup */
	else if (r == 0)
		r = find_names(&k.answer, prefix, l);
	*more = r == 0 && p->kind == PLACE_S3 && l->n > was &&
		memmem(k.answer.p, k.answer.len, cut, strlen(cut)) != NULL;
	call_end(&k);
	return r;
}

int
place_url_list(struct place *p, const char *prefix, struct place_names *l)
{
	bool more = false;
	int r;

	do {
		r = list_page(p, prefix, l, &more);
	} while (r == 0 && more);
	return r;
}
