/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_priv.h — what the files of the server share. */
#ifndef RELAY_BLOBS_HTTP_PRIV_H
#define RELAY_BLOBS_HTTP_PRIV_H

#include <microhttpd.h>

#include "relay/blobs/http.h"

#define OFFSET_HEADER "Upload-Offset"
#define LENGTH_HEADER "Upload-Length"

/* One request; lives until its connection is done with it. */
struct blob_request {
	struct blob_http *h;
	struct blob_grant grant;
	struct blob_put *put; /* while its body comes */
	uint64_t left; /* bytes of that body */
	int failed; /* of writing it */
};

struct answer {
	unsigned status;
	const char *text; /* a line; NULL none */
	bool with_offset; /* and the blob's size */
	uint64_t offset, size;
	unsigned retry_s; /* over 0: Retry-After */
};

/* Queue it; the connection ends with it. */
enum MHD_Result http_answer(struct MHD_Connection *c, const struct answer *a);

/* A refusal for an error of ours. */
enum MHD_Result http_refuse(struct MHD_Connection *c, int err);

/* GET and HEAD of a whole blob. */
enum MHD_Result http_serve(
    struct MHD_Connection *c, const struct blob_request *rq);

/* HEAD of one that is uploaded: how far it is. */
enum MHD_Result http_look(
    struct MHD_Connection *c, const struct blob_request *rq);

/* PUT: the header has come; MHD_YES without an answer: the body may. */
enum MHD_Result http_put_begin(
    struct MHD_Connection *c, struct blob_request *rq);
/* A piece of it. MHD_NO: cut the connection. */
enum MHD_Result http_put_piece(
    struct blob_request *rq, const char *data, size_t *len);
enum MHD_Result http_put_end(struct MHD_Connection *c, struct blob_request *rq);

/* len bytes more may take their time. */
void http_allow(struct blob_http *h, struct MHD_Connection *c, uint64_t len);

struct blob_dir *http_dir(struct blob_http *h);

/* Digits alone. 0; ERR_FORMAT. */
int http_length_read(const char *text, uint64_t *len) MUST_USE;

/* "bytes=a-b" for a blob of size bytes. 0; ERR_NOTFOUND it says something else,
 * or nothing: all of it; ERR_RANGE nothing of that is there. */
int http_range_read(
    const char *text, uint64_t size, uint64_t *from, uint64_t *len) MUST_USE;

/* "bytes a-b/size" of an upload; a star for a-b: nothing more, all is there
 * already. 0; ERR_FORMAT. */
int http_content_range_read(
    const char *text, uint64_t *from, uint64_t *len, uint64_t *size) MUST_USE;

#endif
