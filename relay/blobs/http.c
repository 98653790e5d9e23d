/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http.c — the server: connections and their deadlines, requests, answers. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "common/buf.h"
#include "relay/admin/metrics.h"
#include "relay/admin/tcp.h"
#include "relay/blobs/http_priv.h"

#define BACKLOG	     128
#define HEADER_MS    15000
#define IDLE_S	     30
#define WHOLE_MS     60000
#define BYTES_PER_MS 16 /* slower than 16 KiB a second is cut in the end */
#define MEMORY_MAX   (64 * 1024) /* of a connection; also what one read takes */
#define STACK_BYTES  (256 * 1024)
#define PEM_MAX	     (256 * 1024)
#define TICK_MS	     500

/* A connection, known while its socket is open. */
struct guest {
	struct guest *next, **link;
	int fd;
	uint64_t until_ms;
};

struct blob_http {
	struct blob_http_env env;
	struct MHD_Daemon *mhd;
	struct buf cert, key;
	uint16_t port;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct guest *guests; /* these under lock */
	bool stopping;
	pthread_t reaper;
	bool has_reaper;
};

struct blob_dir *
http_dir(struct blob_http *h)
{
	return h->env.dir;
}

static uint64_t
mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- connections and their deadlines -------------------------------------------- */

static void
guest_add(struct blob_http *h, int fd, void **ctx)
{
	struct guest *g = calloc(1, sizeof(*g));

	*ctx = g;
	if (g == NULL) {
		(void)shutdown(fd, SHUT_RDWR);
		return;
	}
	g->fd = fd;
	g->until_ms =
	    mono_ms() + (h->env.header_ms != 0 ? h->env.header_ms : HEADER_MS);
	pthread_mutex_lock(&h->lock);
	g->next = h->guests;
	g->link = &h->guests;
	if (g->next != NULL)
		g->next->link = &g->next;
	h->guests = g;
	pthread_mutex_unlock(&h->lock);
	metrics_add(METRIC_blob_connections, 1);
}

static void
guest_remove(struct blob_http *h, struct guest *g)
{
	if (g == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	*g->link = g->next;
	if (g->next != NULL)
		g->next->link = g->link;
	pthread_mutex_unlock(&h->lock);
	free(g);
	metrics_add(METRIC_blob_connections, -1);
}

static void
on_connection(void *arg, struct MHD_Connection *c, void **ctx,
    enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;
	struct blob_http *h = arg;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		guest_remove(h, *ctx);
		*ctx = NULL;
		return;
	}
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info != NULL)
		guest_add(h, info->connect_fd, ctx);
}

void
http_allow(struct blob_http *h, struct MHD_Connection *c, uint64_t len)
{
	const union MHD_ConnectionInfo *info;
	struct guest *g;

	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	g = info != NULL ? info->socket_context : NULL;
	if (g == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	g->until_ms = mono_ms() + WHOLE_MS + len / BYTES_PER_MS;
	pthread_mutex_unlock(&h->lock);
}

/* Cuts those whose time is over: libmicrohttpd knows only silence. */
static void *
reap(void *arg)
{
	struct blob_http *h = arg;
	struct timespec t;
	struct guest *g;
	uint64_t now;

	pthread_mutex_lock(&h->lock);
	while (!h->stopping) {
		now = mono_ms();
		for (g = h->guests; g != NULL; g = g->next)
			if (g->until_ms <= now)
				(void)shutdown(g->fd, SHUT_RDWR);
		clock_gettime(CLOCK_MONOTONIC, &t);
		t.tv_nsec += TICK_MS * 1000000L;
		if (t.tv_nsec >= 1000000000L) {
			t.tv_nsec -= 1000000000L;
			t.tv_sec++;
		}
		pthread_cond_timedwait(&h->cond, &h->lock, &t);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* ---- requests ------------------------------------------------------------------- */

/* What each method does with each kind of URL. */
static enum MHD_Result
dispatch(struct MHD_Connection *c, struct blob_request *rq, const char *method)
{
	static const struct answer odd = {
	    .status = MHD_HTTP_METHOD_NOT_ALLOWED, .text = "not like that"};
	bool head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0;
	bool put = strcmp(method, MHD_HTTP_METHOD_PUT) == 0;

	if (!head && !get && !put)
		return http_answer(c, &odd);
	if (rq->grant.verb == BLOB_VERB_GET)
		return put ? http_refuse(c, ERR_DENIED) : http_serve(c, rq);
	if (head)
		return http_look(c, rq);
	return put ? http_put_begin(c, rq) : http_refuse(c, ERR_DENIED);
}

static enum MHD_Result
begin(struct blob_http *h, struct MHD_Connection *c, const char *url,
    const char *method, void **state)
{
	uint64_t now_s = relay_clock_wall(h->env.clock) / 1000;
	struct blob_request *rq = calloc(1, sizeof(*rq));
	int r;

	if (rq == NULL)
		return MHD_NO;
	*state = rq;
	rq->h = h;
	r = blob_path_read(h->env.secret, url, now_s, &rq->grant);
	return r != 0 ? http_refuse(c, r) : dispatch(c, rq, method);
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **state)
{
	struct blob_request *rq = *state;

	(void)version;
	if (rq == NULL)
		return begin(arg, c, url, method, state);
	if (rq->put == NULL) { /* a body nobody asked for */
		*upload_len = 0;
		return MHD_YES;
	}
	if (*upload_len > 0)
		return http_put_piece(rq, upload, upload_len);
	return http_put_end(c, rq);
}

static void
on_completed(void *arg, struct MHD_Connection *c, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct blob_request *rq = *state;

	(void)arg;
	(void)c;
	(void)why;
	if (rq == NULL)
		return;
	blob_put_leave(rq->put);
	free(rq);
	*state = NULL;
}

/* libmicrohttpd complains in its own words: for developers. */
static void on_log(void *arg, const char *fmt, va_list ap) PRINTF(2, 0);

static void
on_log(void *arg, const char *fmt, va_list ap)
{
	struct blob_http *h = arg;
	char text[256];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	log_debug(h->env.log, "blobs", LOG_STR("text", text));
}

/* ---- life ------------------------------------------------------------------------ */

/* A file as a string. */
static int
read_pem(const char *path, struct buf *out)
{
	uint8_t chunk[4096];
	ssize_t n;
	int fd, r = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ERR_CONFIG;
	while (r == 0 && (n = read(fd, chunk, sizeof(chunk))) != 0)
		r = n > 0 ? buf_put(out, chunk, (size_t)n) : ERR_CONFIG;
	close(fd);
	sodium_memzero(chunk, sizeof(chunk));
	return r == 0 ? buf_put_u8(out, 0) : r;
}

static int
start_mhd(struct blob_http *h, int fd)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD |
			 MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
			 MHD_USE_ERROR_LOG | MHD_USE_ITC;
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_MEM_CERT, 0, h->cert.p},
	    {MHD_OPTION_HTTPS_MEM_KEY, 0, h->key.p},
	    {MHD_OPTION_END, 0, NULL},
	};

	if (h->env.cert != NULL)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	h->mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, h, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT,
	    h->env.connections != 0 ? h->env.connections : UINT_MAX,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, h->env.per_address,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
	    MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_ARRAY,
	    tls, MHD_OPTION_END);
	if (h->mhd != NULL)
		return 0;
	return h->env.cert != NULL ? ERR_CONFIG : ERR_SYS;
}

static int
start_reaper(struct blob_http *h)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->cond, &attr);
	pthread_condattr_destroy(&attr);
	h->has_reaper = pthread_create(&h->reaper, NULL, reap, h) == 0;
	return h->has_reaper ? 0 : ERR_SYS;
}

static int
start(struct blob_http *h)
{
	int fd, r;

	r = start_reaper(h);
	if (r == 0 && h->env.cert != NULL)
		r = read_pem(h->env.cert, &h->cert);
	if (r == 0 && h->env.key != NULL)
		r = read_pem(h->env.key, &h->key);
	if (r == 0)
		r = tcp_listen(h->env.listen, BACKLOG, &fd);
	if (r != 0)
		return r;
	h->port = tcp_port(fd);
	r = start_mhd(h, fd);
	if (r != 0)
		close(fd);
	return r;
}

int
blob_http_start(struct blob_http **out, const struct blob_http_env *env)
{
	struct blob_http *h = calloc(1, sizeof(*h));
	int r;

	if (h == NULL)
		return ERR_NOMEM;
	h->env = *env;
	buf_init(&h->cert, PEM_MAX);
	buf_init(&h->key, PEM_MAX);
	r = start(h);
	if (r != 0) {
		blob_http_stop(h);
		return r;
	}
	*out = h;
	return 0;
}

uint16_t
blob_http_port(const struct blob_http *h)
{
	return h->port;
}

void
blob_http_stop(struct blob_http *h)
{
	struct guest *g;

	if (h == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	h->stopping = true;
	for (g = h->guests; g != NULL; g = g->next)
		(void)shutdown(g->fd, SHUT_RDWR);
	pthread_cond_signal(&h->cond);
	pthread_mutex_unlock(&h->lock);
	if (h->mhd != NULL)
		MHD_stop_daemon(h->mhd);
	if (h->has_reaper)
		pthread_join(h->reaper, NULL);
	pthread_cond_destroy(&h->cond);
	pthread_mutex_destroy(&h->lock);
	buf_clear(&h->cert);
	buf_clear(&h->key);
	free(h);
}
