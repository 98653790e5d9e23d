/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backend_dir.c — the folder, and the server before it. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "relay/blobs/backend.h"
#include "relay/blobs/http.h"

struct dir_backend {
	struct blob_backend be;
	struct relay_conf *conf;
	struct blob_dir *dir;
	struct blob_http *http;
	uint8_t secret[BLOB_SECRET_LEN];
	uint16_t port;
	char base[BLOB_BASE_MAX + 1]; /* before "/b/..." */
};

static struct dir_backend *
of(struct blob_backend *be)
{
	return (struct dir_backend *)be;
}

static int
dir_prepare(struct blob_backend *be, struct store_blob *blob, uint64_t keep)
{
	uint64_t there = blob_dir_free_bytes(of(be)->dir);

	return there < keep || there - keep < blob->size ? ERR_IO : 0;
}

static int
dir_check(struct blob_backend *be, const struct store_blob *blob)
{
	uint64_t bytes;
	bool whole;
	int r;

	r = blob_dir_look(of(be)->dir, &blob->locator, &bytes, &whole);
	if (r != 0)
		return r;
	return whole && bytes == blob->size ? 0 : ERR_AGAIN;
}

static int
dir_remove(struct blob_backend *be, const struct store_blob *blob)
{
	return blob_dir_remove(of(be)->dir, &blob->locator);
}

static int
dir_walk(struct blob_backend *be, uint64_t before_s,
    void (*fn)(void *arg, const struct blob_locator *l), void *arg)
{
	return blob_dir_walk(of(be)->dir, before_s, fn, arg);
}

static int
dir_way(const struct blob_backend *be, const struct blob_grant *g,
    char out[static BLOB_URL_CAP])
{
	const struct dir_backend *d = (const struct dir_backend *)be;
	char path[BLOB_PATH_CAP];

	blob_path(d->secret, g, path);
	(void)snprintf(out, BLOB_URL_CAP, "%s%s", d->base, path);
	return 0;
}

static uint16_t
dir_port(const struct blob_backend *be)
{
	return ((const struct dir_backend *)be)->port;
}

static void
dir_stop(struct blob_backend *be)
{
	blob_http_stop(of(be)->http);
	of(be)->http = NULL;
}

static void
dir_close(struct blob_backend *be)
{
	struct dir_backend *d = of(be);

	blob_http_stop(d->http);
	blob_dir_close(d->dir);
	relay_conf_unref(d->conf);
	sodium_memzero(d->secret, sizeof(d->secret));
	free(d);
}

static const struct blob_backend_ops ops = {
    .prepare = dir_prepare,
    .check = dir_check,
    .remove = dir_remove,
    .walk = dir_walk,
    .way = dir_way,
    .port = dir_port,
    .stop = dir_stop,
    .close = dir_close,
};

/* ---- opening ------------------------------------------------------------------ */

static int
open_dir(struct dir_backend *d, char *why)
{
	char path[PATH_MAX];
	int r;

	if (d->conf->blobs_dir != NULL)
		(void)snprintf(path, sizeof(path), "%s", d->conf->blobs_dir);
	else
		(void)snprintf(
		    path, sizeof(path), "%s/blobs", d->conf->data_dir);
	r = blob_dir_open(&d->dir, path);
	if (r != 0)
		(void)snprintf(why, BLOBS_WHY_MAX, "blobs-dir %.400s: %s", path,
		    r == ERR_SYS ? strerror(errno) : err_str(r));
	return r;
}

static int
open_http(struct dir_backend *d, const struct blobs_env *env, char *why)
{
	const struct blob_http_env he = {
	    .dir = d->dir,
	    .secret = d->secret,
	    .listen = d->conf->blobs_listen,
	    .cert = d->conf->blobs_tls_cert,
	    .key = d->conf->blobs_tls_key,
	    .connections = d->conf->blobs_connections,
	    .per_address = d->conf->blobs_per_address,
	    .log = env->log,
	    .clock = env->clock,
	};
	int r;

	errno = 0;
	r = blob_http_start(&d->http, &he);
	if (r == ERR_CONFIG)
		(void)snprintf(why, BLOBS_WHY_MAX,
		    "blobs-tls-cert %.200s and blobs-tls-key %.200s: cannot "
		    "be used",
		    he.cert, he.key);
	else if (r != 0)
		(void)snprintf(why, BLOBS_WHY_MAX, "blobs-listen %s: %s",
		    he.listen,
		    r == ERR_SYS && errno != 0 ? strerror(errno) : err_str(r));
	return r;
}

/* ":7788" stands for the relay's own host. */
static void
choose_base(struct dir_backend *d)
{
	const char *url = d->conf->blobs_url;
	size_t n;

	d->port = blob_http_port(d->http);
	if (url == NULL) {
		(void)snprintf(
		    d->base, sizeof(d->base), ":%u", (unsigned)d->port);
		return;
	}
	(void)snprintf(d->base, sizeof(d->base), "%s", url);
	for (n = strlen(d->base); n > 0 && d->base[n - 1] == '/'; n--)
		d->base[n - 1] = '\0';
}

int
blob_backend_dir(
    struct blob_backend **out, const struct blobs_env *env, char *why)
{
	struct dir_backend *d = calloc(1, sizeof(*d));
	int r;

	if (d == NULL)
		return ERR_NOMEM;
	d->be.ops = &ops;
	d->conf = relay_conf_ref(env->conf);
	memcpy(d->secret, env->secret, sizeof(d->secret));
	r = open_dir(d, why);
	if (r == 0)
		r = open_http(d, env, why);
	if (r != 0) {
		dir_close(&d->be);
		return r;
	}
	choose_base(d);
	*out = &d->be;
	return 0;
}
