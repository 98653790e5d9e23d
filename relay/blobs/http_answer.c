/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_answer.c — answers of one line. */
#include <stdio.h>
#include <string.h>

#include "relay/admin/metrics.h"
#include "relay/blobs/http_priv.h"

static enum MHD_Result
add_number(struct MHD_Response *resp, const char *name, uint64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	return MHD_add_response_header(resp, name, text);
}

static enum MHD_Result
fill_answer(struct MHD_Response *resp, const struct answer *a)
{
	enum MHD_Result ok;

	ok = MHD_add_response_header(resp, MHD_HTTP_HEADER_CONNECTION, "close");
	if (ok == MHD_YES)
		ok = MHD_add_response_header(
		    resp, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (ok == MHD_YES && a->text != NULL)
		ok = MHD_add_response_header(resp, MHD_HTTP_HEADER_CONTENT_TYPE,
		    "text/plain; charset=utf-8");
	if (ok == MHD_YES && a->with_offset)
		ok = add_number(resp, OFFSET_HEADER, a->offset);
	if (ok == MHD_YES && a->with_offset)
		ok = add_number(resp, LENGTH_HEADER, a->size);
	if (ok == MHD_YES && a->retry_s > 0)
		ok = add_number(resp, MHD_HTTP_HEADER_RETRY_AFTER, a->retry_s);
	if (ok == MHD_YES && a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		ok = MHD_add_response_header(
		    resp, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, PUT");
	return ok;
}

enum MHD_Result
http_answer(struct MHD_Connection *c, const struct answer *a)
{
	char line[128] = "";
	struct MHD_Response *resp;
	enum MHD_Result ok;

	if (a->text != NULL)
		(void)snprintf(line, sizeof(line), "%s\n", a->text);
	if (a->status >= 400)
		metrics_add(METRIC_blob_requests_refused, 1);
	resp = MHD_create_response_from_buffer(
	    strlen(line), line, MHD_RESPMEM_MUST_COPY);
	if (resp == NULL)
		return MHD_NO;
	ok = fill_answer(resp, a);
	if (ok == MHD_YES)
		ok = MHD_queue_response(c, a->status, resp);
	MHD_destroy_response(resp);
	return ok;
}

enum MHD_Result
http_refuse(struct MHD_Connection *c, int err)
{
	static const struct {
		int err;
		unsigned status, retry_s;
		const char *text;
	} rows[] = {
	    {ERR_FORMAT, 404, 0, "there is nothing here"},
	    {ERR_NOTFOUND, 404, 0, "there is no such blob"},
	    {ERR_AUTH, 403, 0, "this URL was not given out by this relay"},
	    {ERR_EXPIRED, 403, 0, "this URL has expired, ask for a new one"},
	    {ERR_DENIED, 403, 0, "this URL is for something else"},
	    {ERR_BUSY, 409, 2, "it is being uploaded already"},
	    {ERR_FULL, 507, 60, "the relay's disk is full"},
	    {ERR_RANGE, 400, 0, "more bytes than were announced"},
	    {0, 500, 0, "the relay cannot read or write that"},
	};
	size_t i = 0;

	while (rows[i].err != err && rows[i].err != 0)
		i++;
	return http_answer(c, &(struct answer){.status = rows[i].status,
				  .text = rows[i].text,
				  .retry_s = rows[i].retry_s});
}
