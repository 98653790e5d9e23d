/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "relay/admin/http.h"
#include "relay/admin/metrics.h"
#include "relay/admin/tcp.h"

#define CONNECTIONS_MAX 16
#define TIMEOUT_S	10
#define MEMORY_MAX	(16 * 1024) /* for one connection's header */
#define BACKLOG		16
#define ANSWER_MAX	(1 << 20)

struct admin_http {
	struct MHD_Daemon *mhd;
	void (*refresh)(void *arg);
	void *arg;
	const struct log *log;
	uint16_t port;
};

/* ---- pages ---------------------------------------------------------------------- */

/* Fill in the body, return the status. */
typedef unsigned page_fn(struct admin_http *h, struct buf *body);

static unsigned
page_health(struct admin_http *h, struct buf *body)
{
	const char *reason = health_reason();

	(void)h;
	if (buf_printf(body, "%s\n", reason != NULL ? reason : "ok") != 0)
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	return reason != NULL ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
}

static unsigned
page_metrics(struct admin_http *h, struct buf *body)
{
	if (h->refresh != NULL)
		h->refresh(h->arg);
	return metrics_print(body) == 0 ? MHD_HTTP_OK
					: MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static const struct {
	const char *path;
	const char *type;
	page_fn *page;
} pages[] = {
    {"/healthz", "text/plain; charset=utf-8", page_health},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", page_metrics},
};

/* ---- serving -------------------------------------------------------------------- */

/* Takes the body. */
static enum MHD_Result
answer(struct MHD_Connection *c, unsigned status, const char *type,
    struct buf *body)
{
	struct MHD_Response *resp;
	enum MHD_Result ok;
	uint8_t *p;
	size_t len;

	buf_detach(body, &p, &len);
	resp = MHD_create_response_from_buffer(len, p, MHD_RESPMEM_MUST_FREE);
	if (resp == NULL) {
		free(p);
		return MHD_NO;
	}
	ok = MHD_add_response_header(resp, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (ok == MHD_YES)
		ok = MHD_add_response_header(
		    resp, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (ok == MHD_YES && status == MHD_HTTP_METHOD_NOT_ALLOWED)
		ok = MHD_add_response_header(
		    resp, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (ok == MHD_YES)
		ok = MHD_queue_response(c, status, resp);
	MHD_destroy_response(resp);
	return ok;
}

static enum MHD_Result
refuse(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct buf body;

	buf_init(&body, 128);
	if (buf_printf(&body, "%s\n", text) != 0)
		return MHD_NO;
	return answer(c, status, "text/plain; charset=utf-8", &body);
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **state)
{
	static int seen;
	struct buf body;
	unsigned status;
	size_t i;

	(void)version;
	(void)upload;
	if (*state == NULL) { /* the header only; a body may follow */
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_len != 0) { /* nobody asked for it: dropped */
		*upload_len = 0;
		return MHD_YES;
	}
	for (i = 0; i < ARRAY_LEN(pages); i++)
		if (strcmp(url, pages[i].path) == 0)
			break;
	if (i == ARRAY_LEN(pages))
		return refuse(c, MHD_HTTP_NOT_FOUND, "not found");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET it");
	buf_init(&body, ANSWER_MAX);
	status = pages[i].page(arg, &body);
	if (status == MHD_HTTP_INTERNAL_SERVER_ERROR)
		buf_reset(&body);
	return answer(c, status, pages[i].type, &body);
}

/* libmicrohttpd complains in its own words: for developers. */
static void on_log(void *arg, const char *fmt, va_list ap) PRINTF(2, 0);

static void
on_log(void *arg, const char *fmt, va_list ap)
{
	struct admin_http *h = arg;
	char text[256];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	log_debug(h->log, "http", LOG_STR("text", text));
}

/* ---- starting -------------------------------------------------------------------- */

int
admin_http_start(struct admin_http **out, const char *listen,
    void (*refresh)(void *arg), void *arg, const struct log *log)
{
	struct admin_http *h;
	int fd, r;

	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return ERR_NOMEM;
	r = tcp_listen(listen, BACKLOG, &fd);
	if (r != 0) {
		free(h);
		return r;
	}
	h->refresh = refresh;
	h->arg = arg;
	h->log = log;
	h->port = tcp_port(fd);
	h->mhd = MHD_start_daemon(
	    MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_ITC, 0,
	    NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, h,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)MEMORY_MAX, MHD_OPTION_END);
	if (h->mhd == NULL) {
		close(fd);
		free(h);
		return ERR_SYS;
	}
	*out = h;
	return 0;
}

uint16_t
admin_http_port(const struct admin_http *h)
{
	return h->port;
}

void
admin_http_stop(struct admin_http *h)
{
	if (h == NULL)
		return;
	MHD_stop_daemon(h->mhd);
	free(h);
}
