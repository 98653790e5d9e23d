/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hub_int.h — what the files of the hub share. hub.c decides which transfer
 * runs and what becomes of it; attempt.c makes one HTTP request of one.
 * Everything without a note is the hub's thread's alone.
 */
#ifndef MEDIA_TRANSFER_HUB_INT_H
#define MEDIA_TRANSFER_HUB_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include <curl/curl.h>

#include "media/transfer/curl_fns.h"
#include "media/transfer/transfer.h"

struct event_node {
	struct event_node *next;
	struct media_event ev;
};

enum phase {
	PH_READY, /* waits for its turn */
	PH_BACKOFF, /* until wake_ms */
	PH_LOOKING, /* up: asks how far it is */
	PH_MOVING, /* bytes go */
	PH_VERIFYING, /* down: the file is hashed, a piece a turn */
};

struct transfer {
	struct transfer *next;
	struct media_hub *hub;
	struct event_node *last; /* for its end, made at its beginning */
	uint64_t id;
	enum media_way way;
	char *url, *path;
	uint64_t size;
	struct blob_digest digest;
	atomic_bool paused, cancelled, poked; /* any thread */

	enum phase phase;
	bool in_one; /* up: each try is the whole */
	bool look; /* up: ask before sending */
	bool finish; /* up: all is there, have it put in its place */
	bool again; /* down: was wrong once, after having been gone on with */
	uint64_t done; /* bytes before this attempt */
	uint64_t at; /* bytes now */
	unsigned tries;
	uint64_t wake_ms, told_ms;

	/* of one attempt */
	CURL *easy;
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE];
	int fd;
	int failed; /* in a callback */
	uint64_t offset; /* the server's Upload-Offset */
	bool has_offset, checked;
	bool stalled; /* down: libcurl holds back what has come */
	bool resumed; /* down: some of the bytes are from an earlier time */

	/* A download's share of the bandwidth: libcurl's own limit lets
	 * megabytes pass before it begins. */
	uint64_t rate; /* bytes a second; 0: any */
	uint64_t rate_since_ms, rate_bytes; /* came since then */

	/* of a download */
	struct blob_hash *hash;
	uint64_t hashed;
};

/* Monotonic. */
uint64_t hub_now_ms(void);

struct media_hub {
	const struct media_curl *curl;
	struct media_hub_opts opts;
	CURLM *multi;
	pthread_t thread;
	bool has_thread;
	struct transfer *list; /* changed under lock, read by the thread */

	pthread_mutex_t lock;
	struct transfer *incoming; /* these under lock; newest first */
	uint64_t next_id;
	struct event_node *events, **events_tail;
	uint64_t up_bytes_s, down_bytes_s;
	bool stop;
};

/* Open the file, make the request, add it. 0; ERR_IO, ERR_FULL; ERR_NOMEM. */
int attempt_start(struct transfer *t) MUST_USE;

/* Remove and close all that attempt_start() made. */
void attempt_end(struct transfer *t);

enum verdict {
	V_DONE, /* the server has or gave all */
	V_MORE, /* go on at once */
	V_RETRY, /* later; err says why */
	V_FAIL, /* err */
};

/* What the end of an attempt means. */
enum verdict attempt_judge(struct transfer *t, CURLcode code, int *err);

/* Share of the bandwidth. */
void attempt_speed(struct transfer *t, uint64_t bytes_s);
/* How long it is to be held back yet; 0: not, and then it goes on. */
uint32_t attempt_go_on(struct transfer *t);

#endif
