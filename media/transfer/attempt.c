/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attempt.c — one request: HEAD or PUT of an upload, GET of a download. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/transfer/hub_int.h"

#define CONNECT_S    20L
#define IDLE_S	     60L
#define BUFFER_BYTES (256L * 1024)

static int
code_of(int e)
{
	return e == ENOSPC || e == EDQUOT || e == EFBIG ? ERR_FULL : ERR_IO;
}

static long
status_of(const struct transfer *t)
{
	long status = 0;

	(void)t->hub->curl->easy_getinfo(
	    t->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* ---- callbacks ------------------------------------------------------------------ */

static size_t
on_read(char *out, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t want = size * n;
	ssize_t got;

	if (t->size - t->at < want)
		want = (size_t)(t->size - t->at);
	do
		got = pread(t->fd, out, want, (off_t)t->at);
	while (got < 0 && errno == EINTR);
	if (got < 0 || (got == 0 && want > 0)) {
		t->failed = ERR_IO; /* or shorter than it was */
		return CURL_READFUNC_ABORT;
	}
	t->at += (uint64_t)got;
	return (size_t)got;
}

/* The body of a refusal is nobody's bytes. A whole answer to a question for a
 * part starts at the beginning. */
static int
check_answer(struct transfer *t)
{
	long status = status_of(t);

	t->checked = true;
	if (status == 200 && t->done > 0) {
		if (ftruncate(t->fd, 0) != 0)
			return ERR_IO;
		t->done = t->at = t->hashed = 0;
		t->resumed = false;
		blob_hash_free(t->hash);
		t->hash = NULL;
		return blob_hash_new(&t->hash);
	}
	return status == 200 || status == 206 ? 0 : ERR_STATE;
}

static int
put_bytes(struct transfer *t, const uint8_t *p, size_t len)
{
	uint64_t at = t->at;
	ssize_t n;

	while (len > 0) {
		n = pwrite(t->fd, p, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? code_of(errno) : ERR_IO;
		p += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	t->at = at;
	return 0;
}

/* Until what has come is within its share. */
static uint32_t
ahead_ms(const struct transfer *t)
{
	uint64_t due, spent;

	if (t->rate == 0)
		return 0;
	due = (uint64_t)((double)t->rate_bytes * 1000.0 / (double)t->rate);
	spent = hub_now_ms() - t->rate_since_ms;
	return due > spent ? (uint32_t)(due - spent) : 0;
}

static size_t
on_write(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n;
	int r = 0;

	if (t->way == MEDIA_UP)
		return len;
	if (ahead_ms(t) > 0) {
		t->stalled = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	t->rate_bytes += len;
	if (!t->checked)
		r = check_answer(t);
	if (r == ERR_STATE) {
		t->checked = false;
		return len;
	}
	if (r == 0 && len > t->size - t->at)
		r = ERR_AUTH; /* more than there is */
	if (r == 0)
		r = put_bytes(t, (const uint8_t *)p, len);
	if (r == 0 && t->hash != NULL && t->hashed == t->at - len) {
		r = blob_hash_add(t->hash, p, len);
		t->hashed = t->at;
	}
	t->failed = r;
	return r == 0 ? len : 0;
}

/* "Upload-Offset: 123". */
static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	static const char name[] = "Upload-Offset:";
	struct transfer *t = arg;
	size_t len = size * n;
	char text[64];

	if (len > sizeof(name) - 1 && len < sizeof(text) &&
	    strncasecmp(p, name, sizeof(name) - 1) == 0) {
		memcpy(text, p, len);
		text[len] = '\0';
		t->offset = strtoull(text + sizeof(name) - 1, NULL, 10);
		t->has_offset = t->offset <= t->size;
	}
	return len;
}

/* ---- making a request ------------------------------------------------------------- */

static int
open_upload(struct transfer *t)
{
	struct stat st;

	t->fd = open(t->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (t->fd < 0 || fstat(t->fd, &st) != 0)
		return ERR_IO;
	return (uint64_t)st.st_size == t->size ? 0 : ERR_IO;
}

/* What is there already counts, unless it cannot be right. */
static int
open_download(struct transfer *t)
{
	struct stat st;

	t->fd = open(t->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (t->fd < 0)
		return code_of(errno);
	if (fstat(t->fd, &st) != 0)
		return ERR_IO;
	t->done = (uint64_t)st.st_size;
	if (t->done > t->size) {
		if (ftruncate(t->fd, 0) != 0)
			return ERR_IO;
		t->done = 0;
	}
	t->at = t->done;
	if (t->hash != NULL && t->hashed == t->done)
		return 0;
	t->resumed = t->done > 0;
	blob_hash_free(t->hash);
	t->hash = NULL;
	t->hashed = 0;
	return blob_hash_new(&t->hash);
}

static int
add_header(struct transfer *t, const char *text)
{
	struct curl_slist *l = t->hub->curl->slist_append(t->headers, text);

	if (l == NULL)
		return ERR_NOMEM;
	t->headers = l;
	return 0;
}

static int
set_put(struct transfer *t)
{
	char range[96] = "";

	t->at = t->done;
	if (t->finish)
		(void)snprintf(range, sizeof(range),
		    "Content-Range: bytes */%llu", (unsigned long long)t->size);
	else if (t->done > 0)
		(void)snprintf(range, sizeof(range),
		    "Content-Range: bytes %llu-%llu/%llu",
		    (unsigned long long)t->done,
		    (unsigned long long)(t->size - 1),
		    (unsigned long long)t->size);
	t->hub->curl->easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
	t->hub->curl->easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read);
	t->hub->curl->easy_setopt(t->easy, CURLOPT_READDATA, t);
	t->hub->curl->easy_setopt(
	    t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(t->size - t->done));
	t->hub->curl->easy_setopt(
	    t->easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
	return range[0] != '\0' ? add_header(t, range) : 0;
}

static void
set_get(struct transfer *t)
{
	char range[32];

	if (t->done == 0)
		return;
	(void)snprintf(
	    range, sizeof(range), "%llu-", (unsigned long long)t->done);
	t->hub->curl->easy_setopt(t->easy, CURLOPT_RANGE, range);
}

static void
set_common(struct transfer *t)
{
	const struct media_hub_opts *o = &t->hub->opts;
	long idle = o->idle_s != 0 ? (long)o->idle_s : IDLE_S;
	CURL *c = t->easy;

	t->hub->curl->easy_setopt(c, CURLOPT_URL, t->url);
	t->hub->curl->easy_setopt(c, CURLOPT_PRIVATE, t);
	t->hub->curl->easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	t->hub->curl->easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	t->hub->curl->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	t->hub->curl->easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	t->hub->curl->easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	t->hub->curl->easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	t->hub->curl->easy_setopt(c, CURLOPT_LOW_SPEED_TIME, idle);
	t->hub->curl->easy_setopt(c, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	t->hub->curl->easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	t->hub->curl->easy_setopt(c, CURLOPT_HEADERDATA, t);
	t->hub->curl->easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
	t->hub->curl->easy_setopt(c, CURLOPT_WRITEDATA, t);
	/* Only what we were told to use, not what the environment says. */
	t->hub->curl->easy_setopt(
	    c, CURLOPT_PROXY, o->proxy != NULL ? o->proxy : "");
	if (o->ca_file != NULL)
		t->hub->curl->easy_setopt(c, CURLOPT_CAINFO, o->ca_file);
}

static int
open_file(struct transfer *t)
{
	return t->way == MEDIA_UP ? open_upload(t) : open_download(t);
}

int
attempt_start(struct transfer *t)
{
	int r;

	t->failed = 0;
	t->has_offset = t->checked = t->stalled = false;
	t->rate = t->rate_bytes = 0;
	r = open_file(t);
	if (r != 0)
		return r;
	if (t->way == MEDIA_DOWN && t->done == t->size) {
		t->phase = PH_VERIFYING;
		return 0;
	}
	t->easy = t->hub->curl->easy_init();
	if (t->easy == NULL)
		return ERR_NOMEM;
	set_common(t);
	t->phase = t->way == MEDIA_UP && t->look && !t->in_one ? PH_LOOKING
							       : PH_MOVING;
	if (t->phase == PH_LOOKING)
		t->hub->curl->easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
	else if (t->way == MEDIA_UP)
		r = set_put(t);
	else
		set_get(t);
	if (r == 0 && t->headers != NULL)
		t->hub->curl->easy_setopt(
		    t->easy, CURLOPT_HTTPHEADER, t->headers);
	if (r == 0 &&
	    t->hub->curl->multi_add_handle(t->hub->multi, t->easy) != 0)
		r = ERR_NOMEM;
	return r;
}

void
attempt_end(struct transfer *t)
{
	if (t->easy != NULL) {
		(void)t->hub->curl->multi_remove_handle(t->hub->multi, t->easy);
		t->hub->curl->easy_cleanup(t->easy);
	}
	t->easy = NULL;
	t->hub->curl->slist_free_all(t->headers);
	t->headers = NULL;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

void
attempt_speed(struct transfer *t, uint64_t bytes_s)
{
	if (t->easy == NULL)
		return;
	if (t->way == MEDIA_UP) {
		(void)t->hub->curl->easy_setopt(
		    t->easy, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)bytes_s);
	} else if (t->rate != bytes_s) {
		t->rate = bytes_s;
		t->rate_since_ms = hub_now_ms();
		t->rate_bytes = 0;
	}
}

uint32_t
attempt_go_on(struct transfer *t)
{
	uint32_t ms = ahead_ms(t);

	if (!t->stalled || t->easy == NULL)
		return 0;
	if (ms > 0)
		return ms;
	t->stalled = false;
	(void)t->hub->curl->easy_pause(t->easy, CURLPAUSE_CONT);
	return t->stalled ? 1 : 0;
}

/* ---- what came of it --------------------------------------------------------------- */

/* Refusals; the first row that fits. */
static enum verdict
refused(long status, int *err)
{
	static const struct {
		long from, to;
		enum verdict verdict;
		int err;
	} rows[] = {
	    {403, 403, V_FAIL, ERR_EXPIRED},
	    {404, 404, V_FAIL, ERR_NOTFOUND},
	    {410, 410, V_FAIL, ERR_NOTFOUND},
	    {408, 409, V_RETRY, ERR_TIMEOUT},
	    {425, 425, V_RETRY, ERR_TIMEOUT},
	    {429, 429, V_RETRY, ERR_TIMEOUT},
	    {507, 507, V_FAIL, ERR_FULL},
	    {500, 599, V_RETRY, ERR_TIMEOUT},
	    {0, 999, V_FAIL, ERR_DENIED},
	};
	size_t i = 0;

	while (status < rows[i].from || status > rows[i].to)
		i++;
	*err = rows[i].err;
	return rows[i].verdict;
}

static enum verdict
judge_up(struct transfer *t, long status, int *err)
{
	bool looked = t->phase == PH_LOOKING;

	/* Whatever happens next: the server knows better than we do. */
	t->look = true;
	if (t->has_offset && (looked ? status == 200 : status == 409)) {
		t->look = false;
		t->done = t->at = t->offset;
		t->finish = t->done == t->size;
		return V_MORE;
	}
	if (looked)
		return status == 200 ? refused(0, err) : refused(status, err);
	if (status == 200 || status == 201)
		return V_DONE;
	return status == 204 ? V_MORE : refused(status, err);
}

static enum verdict
judge_down(struct transfer *t, long status, int *err)
{
	if (status != 200 && status != 206)
		return status == 416 ? refused(404, err) : refused(status, err);
	if (t->at == t->size)
		return V_DONE;
	*err = ERR_TIMEOUT; /* shorter than was said */
	return V_RETRY;
}

enum verdict
attempt_judge(struct transfer *t, CURLcode code, int *err)
{
	long status = status_of(t);

	if (t->failed != 0) {
		*err = t->failed;
		return V_FAIL;
	}
	/* A server that refuses may close before it has read all. */
	if (code != CURLE_OK && status < 400) {
		t->look = true;
		*err = code == CURLE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_TIMEOUT;
		return V_RETRY;
	}
	return t->way == MEDIA_UP ? judge_up(t, status, err)
				  : judge_down(t, status, err);
}
