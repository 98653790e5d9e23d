/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer.h — up- and downloads of sealed files over HTTP(S), many at a time,
 * on a thread of their own. docs/media.md §3.2.
 *
 * A transfer goes on where it was cut: by itself when the network comes back,
 * and after a restart of the program when the caller starts it again with the
 * same file. Nothing else is to be remembered: how far an upload is, the server
 * says; how far a download is, the file's length.
 *
 * Memory does not depend on sizes. Events gather; wake() says that there are
 * some, media_hub_events() hands them out on the caller's thread.
 */
#ifndef MEDIA_TRANSFER_TRANSFER_H
#define MEDIA_TRANSFER_TRANSFER_H

#include <stdbool.h>

#include "common/blob/blob.h"

#define MEDIA_URL_MAX	 8192 /* bytes of a URL */
#define MEDIA_SMALL	 ((uint64_t)1 << 20) /* does not wait for larger ones */
#define MEDIA_PARALLEL	 3 /* at a time, and as many small ones */
#define MEDIA_TRIES	 8 /* in a row without a byte, then it has failed */
#define MEDIA_BACKOFF_MS 1000 /* doubled each time, up to a minute */

struct media_hub; /* heap, owned by the caller; a thread, a libcurl multi */

struct media_curl; /* media/transfer/curl_fns.h */

/* Zero is the default of every field but wake and curl. */
struct media_hub_opts {
	const struct media_curl *curl; /* borrowed, outlives it */
	void (*wake)(void *ctx); /* any thread: uv_async_send() or the like */
	void *ctx;
	unsigned parallel;
	uint64_t up_bytes_s, down_bytes_s; /* shared by all of a kind; 0: any */
	const char *proxy; /* as libcurl's; NULL none. Copied, as the next */
	const char *ca_file; /* PEM, instead of the system's */
	unsigned backoff_ms, tries, idle_s; /* silence: 60 s */
};

/* curl_global_init() and sodium_init() were called. 0; ERR_NOMEM; ERR_SYS. */
int media_hub_new(
    struct media_hub **h, const struct media_hub_opts *opts) MUST_USE;

/* Ends all transfers as they are, without events. NULL is fine. */
void media_hub_free(struct media_hub *h);

/* Bytes a second for all of a kind; 0: any. */
void media_hub_limit(
    struct media_hub *h, uint64_t up_bytes_s, uint64_t down_bytes_s);

/* ---- transfers ---------------------------------------------------------------- */

enum media_way { MEDIA_UP, MEDIA_DOWN };

struct media_job {
	enum media_way way;
	const char *url; /* absolute, http or https; copied */
	/* Up: the sealed file. Down: where it comes, made when absent, gone on
	 * with when it is there. Copied. */
	const char *path;
	uint64_t size; /* of the sealed file */
	struct blob_digest digest; /* down: checked before MEDIA_DONE */
	bool begun; /* up: part of it may be there already */
	bool in_one; /* up: the relay says that it cannot be gone on with */
};

/* *id is unique within the hub, never 0. Returns 0; ERR_RANGE size 0, or a URL
 * or path that is too long; ERR_NOMEM. */
int media_start(
    struct media_hub *h, const struct media_job *job, uint64_t *id) MUST_USE;

/* An id that has ended does nothing. A paused transfer keeps what it has and
 * its place in the row; resuming one that waits after a cut tries at once: the
 * network has come back. */
void media_pause(struct media_hub *h, uint64_t id);
void media_resume(struct media_hub *h, uint64_t id);

/* No more events of it, but one that is on its way: MEDIA_FAILED with
 * ERR_CLOSED. What a download has stays in its file. */
void media_cancel(struct media_hub *h, uint64_t id);

/* ---- events ------------------------------------------------------------------- */

enum media_event_kind {
	MEDIA_PROGRESS, /* at most four a second for each */
	MEDIA_WAITING, /* cut; tried again in wait_ms */
	MEDIA_DONE, /* up: the server has all. Down: on disk, digest right */
	MEDIA_FAILED,
};

struct media_event {
	enum media_event_kind kind;
	uint64_t id;
	uint64_t done, size; /* bytes */
	uint32_t wait_ms;
	/* FAILED, WAITING: ERR_EXPIRED the URL is no good any more: ask for
	 * another; ERR_NOTFOUND gone; ERR_AUTH down: other bytes than were
	 * promised, the file was emptied; ERR_FULL no room, there or here;
	 * ERR_IO the file; ERR_TIMEOUT no connection, or it broke; ERR_DENIED
	 * refused for good; ERR_CLOSED cancelled; ERR_NOMEM */
	int err;
};

/* Hand out what has gathered; fn may call anything here but media_hub_free(). */
void media_hub_events(struct media_hub *h,
    void (*fn)(void *arg, const struct media_event *ev), void *arg);

/*
 * A relay's URL made absolute: one that begins with ':' is on the relay's own
 * host, which is a name or an address, IPv6 without brackets. Returns 0;
 * ERR_FORMAT neither that nor http(s); ERR_RANGE too long for out.
 */
int media_url(
    const char *url, const char *host, char *out, size_t cap) MUST_USE;

#endif
