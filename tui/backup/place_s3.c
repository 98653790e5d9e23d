/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place_s3.c — what S3 is asked for, and the signature under it. Buckets by
 * path: https://host/bucket/folder. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/aws/sigv4.h"
#include "tui/backup/place_int.h"

#define PATH_CAP (PLACE_URL_MAX + PLACE_NAME_MAX)

/* host[:port], without the port that the scheme has anyway */
static int
host_of(const struct place *p, char out[static PLACE_URL_MAX])
{
	const char *host = strstr(p->url, "://") + 3;
	const char *usual = p->url[4] == 's' ? ":443" : ":80";
	size_t n = strcspn(host, "/");

	if (n > strlen(usual) &&
	    strncmp(host + n - strlen(usual), usual, strlen(usual)) == 0)
		n -= strlen(usual);
	if (n == 0 || n >= PLACE_URL_MAX)
		return ERR_RANGE;
	memcpy(out, host, n);
	out[n] = '\0';
	return 0;
}

/* /bucket/folder, or "" */
static const char *
path_of(const struct place *p)
{
	const char *path = strchr(strstr(p->url, "://") + 3, '/');

	return path != NULL ? path : "";
}

static int
make_url(const struct place *p, const struct sigv4 *s,
    char url[static PLACE_ASK_MAX])
{
	struct buf b;
	int r;

	buf_init(&b, PLACE_ASK_MAX);
	r = buf_put(&b, p->url, (size_t)(strstr(p->url, "://") + 3 - p->url));
	if (r == 0)
		r = buf_put(&b, s->host, strlen(s->host));
	if (r == 0)
		r = sigv4_target(s, &b);
	if (r == 0)
		memcpy(url, b.p, b.len);
	buf_clear(&b);
	return r;
}

static int
ask(const struct place *p, struct sigv4 *s, const char *hash,
    char url[static PLACE_ASK_MAX], struct buf *headers)
{
	char host[PLACE_URL_MAX];
	int r = host_of(p, host);

	s->key_id = p->user;
	s->secret = p->secret;
	s->region = p->region;
	s->now_s = (uint64_t)time(NULL);
	s->host = host;
	if (r == 0)
		r = make_url(p, s, url);
	if (r == 0)
		r = sigv4_headers(s, hash, headers);
	s->host = NULL;
	return r;
}

int
place_s3_object(const struct place *p, const char *method, const char *name,
    const char *hash, char url[static PLACE_ASK_MAX], struct buf *headers)
{
	char path[PATH_CAP];
	struct sigv4 s = {.method = method, .path = path};

	snprintf(path, sizeof(path), "%s/%s", path_of(p), name);
	return ask(p, &s, hash, url, headers);
}

int
place_s3_list(const struct place *p, const char *prefix, const char *after,
    char url[static PLACE_ASK_MAX], struct buf *headers)
{
	char bucket[PLACE_URL_MAX], begin[PATH_CAP], behind[PATH_CAP];
	const struct sigv4_pair query[] = {
	    {"list-type", "2"},
	    {"prefix", begin},
	    {"start-after", behind},
	};
	struct sigv4 s = {.method = "GET",
	    .path = bucket,
	    .query = query,
	    .n_query = after != NULL ? 3 : 2};
	const char *folder;

	snprintf(bucket, sizeof(bucket), "%s", path_of(p));
	folder = bucket[0] == '/' ? strchr(bucket + 1, '/') : NULL;
	folder = folder != NULL ? folder + 1 : "";
	snprintf(begin, sizeof(begin), "%s%s%s", folder,
	    folder[0] != '\0' ? "/" : "", prefix);
	snprintf(behind, sizeof(behind), "%s%s%s", folder,
	    folder[0] != '\0' ? "/" : "", after != NULL ? after : "");
	if (folder[0] != '\0') /* its names are in begin and behind */
		bucket[folder - 1 - bucket] = '\0';
	return ask(p, &s, PLACE_NO_BODY, url, headers);
}
