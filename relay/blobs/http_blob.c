/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_blob.c — what is done with a blob: served, looked at, uploaded. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "relay/admin/metrics.h"
#include "relay/blobs/http_priv.h"

#define SWALLOW_MAX ((uint64_t)1 << 20) /* of a body that cannot be kept */

static const char *
header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* ---- serving ------------------------------------------------------------------ */

#define ETAG_CAP (BLOB_NAME_CAP + 2)

/* A blob never changes: its name is its tag. */
static void
etag_of(const struct blob_locator *l, char out[static ETAG_CAP])
{
	char name[BLOB_NAME_CAP];

	blob_name(l, name);
	(void)snprintf(out, ETAG_CAP, "\"%s\"", name);
}

static bool
not_modified(struct MHD_Connection *c, const char *etag)
{
	const char *v = header(c, MHD_HTTP_HEADER_IF_NONE_MATCH);

	return v != NULL && (strcmp(v, "*") == 0 || strstr(v, etag) != NULL);
}

/* Which part is asked for; If-Range with another tag: all of it. */
static unsigned
choose(struct MHD_Connection *c, const char *etag, uint64_t size,
    uint64_t *from, uint64_t *len)
{
	const char *range = header(c, MHD_HTTP_HEADER_RANGE);
	const char *only = header(c, MHD_HTTP_HEADER_IF_RANGE);

	*from = 0;
	*len = size;
	if (only != NULL && strcmp(only, etag) != 0)
		return MHD_HTTP_OK;
	switch (http_range_read(range, size, from, len)) {
	case 0:
		return MHD_HTTP_PARTIAL_CONTENT;
	case ERR_RANGE:
		return MHD_HTTP_RANGE_NOT_SATISFIABLE;
	default:
		return MHD_HTTP_OK;
	}
}

static enum MHD_Result
add_headers(struct MHD_Response *resp, unsigned status, const char *etag,
    uint64_t from, uint64_t len, uint64_t size)
{
	char range[96];
	const struct {
		const char *name, *value;
	} v[] = {
	    {MHD_HTTP_HEADER_ETAG, etag},
	    {MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes"},
	    {MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream"},
	    {MHD_HTTP_HEADER_CACHE_CONTROL, "private, no-store"},
	    {"X-Content-Type-Options", "nosniff"},
	    {MHD_HTTP_HEADER_CONNECTION, "close"},
	    {MHD_HTTP_HEADER_CONTENT_RANGE, range},
	};
	size_t i, n = ARRAY_LEN(v) - 1;

	if (status == MHD_HTTP_PARTIAL_CONTENT) {
		(void)snprintf(range, sizeof(range), "bytes %llu-%llu/%llu",
		    (unsigned long long)from,
		    (unsigned long long)(from + len - 1),
		    (unsigned long long)size);
		n++;
	} else if (status == MHD_HTTP_RANGE_NOT_SATISFIABLE) {
		(void)snprintf(range, sizeof(range), "bytes */%llu",
		    (unsigned long long)size);
		n++;
	}
	for (i = 0; i < n; i++)
		if (MHD_add_response_header(resp, v[i].name, v[i].value) !=
		    MHD_YES)
			return MHD_NO;
	return MHD_YES;
}

/* Takes fd. */
static enum MHD_Result
serve(struct MHD_Connection *c, const struct blob_request *rq, int fd,
    uint64_t size)
{
	char etag[ETAG_CAP];
	struct MHD_Response *resp;
	uint64_t from, len;
	enum MHD_Result ok;
	unsigned status;

	etag_of(&rq->grant.locator, etag);
	status = choose(c, etag, size, &from, &len);
	if (not_modified(c, etag))
		status = MHD_HTTP_NOT_MODIFIED;
	if (status >= 300) {
		close(fd);
		resp = MHD_create_response_from_buffer(
		    0, NULL, MHD_RESPMEM_PERSISTENT);
	} else {
		resp = MHD_create_response_from_fd_at_offset64(len, fd, from);
		if (resp == NULL)
			close(fd);
	}
	if (resp == NULL)
		return MHD_NO;
	ok = add_headers(resp, status, etag, from, len, size);
	if (ok == MHD_YES)
		ok = MHD_queue_response(c, status, resp);
	MHD_destroy_response(resp);
	if (ok == MHD_YES && status < 300) {
		http_allow(rq->h, c, len);
		metrics_add(METRIC_blobs_served, 1);
	}
	return ok;
}

enum MHD_Result
http_serve(struct MHD_Connection *c, const struct blob_request *rq)
{
	uint64_t size;
	int fd, r;

	r = blob_dir_read(http_dir(rq->h), &rq->grant.locator, &fd, &size);
	if (r != 0)
		return http_refuse(c, r);
	return serve(c, rq, fd, size);
}

/* ---- uploads ------------------------------------------------------------------ */

static enum MHD_Result
answer_offset(struct MHD_Connection *c, const struct blob_request *rq,
    unsigned status, uint64_t at, const char *text)
{
	const struct answer a = {
	    .status = status,
	    .text = text,
	    .with_offset = true,
	    .offset = at,
	    .size = rq->grant.size,
	};

	return http_answer(c, &a);
}

enum MHD_Result
http_look(struct MHD_Connection *c, const struct blob_request *rq)
{
	uint64_t at;
	bool whole;
	int r;

	r = blob_dir_look(http_dir(rq->h), &rq->grant.locator, &at, &whole);
	if (r != 0)
		return http_refuse(c, r);
	return answer_offset(c, rq, MHD_HTTP_OK, at, NULL);
}

/* What the header says is to come. 0; an HTTP status. */
static unsigned
read_lengths(
    struct MHD_Connection *c, uint64_t size, uint64_t *from, uint64_t *len)
{
	const char *cl = header(c, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *cr = header(c, MHD_HTTP_HEADER_CONTENT_RANGE);
	uint64_t total = size, body;

	if (cl == NULL || header(c, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL)
		return MHD_HTTP_LENGTH_REQUIRED;
	if (http_length_read(cl, &body) != 0)
		return MHD_HTTP_BAD_REQUEST;
	*from = 0;
	*len = body;
	if (cr != NULL && http_content_range_read(cr, from, len, &total) != 0)
		return MHD_HTTP_BAD_REQUEST;
	if (*len != body || total != size || *from + *len > size)
		return MHD_HTTP_BAD_REQUEST;
	return 0;
}

enum MHD_Result
http_put_begin(struct MHD_Connection *c, struct blob_request *rq)
{
	static const struct answer bad = {.status = MHD_HTTP_BAD_REQUEST,
				       .text =
					   "the lengths do not fit the URL"},
				   none = {.status = MHD_HTTP_LENGTH_REQUIRED,
				       .text = "say how long it is"};
	uint64_t from, len, at = 0;
	unsigned status;
	int r;

	status = read_lengths(c, rq->grant.size, &from, &len);
	if (status != 0)
		return http_answer(
		    c, status == MHD_HTTP_LENGTH_REQUIRED ? &none : &bad);
	r = blob_put_begin(http_dir(rq->h), &rq->grant.locator, rq->grant.size,
	    from, &rq->put, &at);
	if (r == ERR_EXISTS)
		return answer_offset(
		    c, rq, MHD_HTTP_OK, rq->grant.size, "it is here already");
	if (r == ERR_RANGE)
		return answer_offset(
		    c, rq, MHD_HTTP_CONFLICT, at, "go on where it ends");
	if (r != 0)
		return http_refuse(c, r);
	rq->left = len;
	http_allow(rq->h, c, len);
	return MHD_YES;
}

enum MHD_Result
http_put_piece(struct blob_request *rq, const char *data, size_t *len)
{
	if (*len > rq->left)
		return MHD_NO;
	if (rq->failed == 0)
		rq->failed = blob_put_write(rq->put, data, *len);
	if (rq->failed == 0)
		metrics_add(METRIC_blob_received_bytes, (int64_t)*len);
	else if (rq->left > SWALLOW_MAX)
		return MHD_NO;
	rq->left -= *len;
	*len = 0;
	return MHD_YES;
}

enum MHD_Result
http_put_end(struct MHD_Connection *c, struct blob_request *rq)
{
	struct blob_put *p = rq->put;
	uint64_t at = 0;
	bool whole;
	int r;

	rq->put = NULL;
	r = blob_put_end(p, &whole, &at);
	if (rq->failed != 0)
		r = rq->failed;
	if (r != 0)
		return http_refuse(c, r);
	if (whole)
		metrics_add(METRIC_blobs_received, 1);
	return answer_offset(
	    c, rq, whole ? MHD_HTTP_CREATED : MHD_HTTP_NO_CONTENT, at, NULL);
}
