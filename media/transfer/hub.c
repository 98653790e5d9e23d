/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "media/transfer/hub_int.h"

#define TELL_MS	     250
#define POLL_MS	     1000
#define BACKOFF_MAX  60000
#define VERIFY_BYTES ((size_t)1 << 20) /* hashed in one turn */
#define SPEED_MIN    1024

uint64_t
hub_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- events ---------------------------------------------------------------------- */

static void
push(struct media_hub *h, struct event_node *n)
{
	bool first;

	n->next = NULL;
	pthread_mutex_lock(&h->lock);
	first = h->events == NULL;
	*h->events_tail = n;
	h->events_tail = &n->next;
	pthread_mutex_unlock(&h->lock);
	if (first && h->opts.wake != NULL)
		h->opts.wake(h->opts.ctx);
}

static struct media_event
event_of(const struct transfer *t, enum media_event_kind kind)
{
	return (struct media_event){
	    .kind = kind, .id = t->id, .done = t->at, .size = t->size};
}

/* One that may be lost when there is no memory. */
static void
tell(struct transfer *t, const struct media_event *ev)
{
	struct event_node *n = malloc(sizeof(*n));

	if (n == NULL)
		return;
	n->ev = *ev;
	push(t->hub, n);
	t->told_ms = hub_now_ms();
}

static void
tell_progress(struct transfer *t)
{
	struct media_event ev = event_of(t, MEDIA_PROGRESS);

	if (hub_now_ms() - t->told_ms >= TELL_MS)
		tell(t, &ev);
}

void
media_hub_events(struct media_hub *h,
    void (*fn)(void *arg, const struct media_event *ev), void *arg)
{
	struct event_node *n, *next;

	pthread_mutex_lock(&h->lock);
	n = h->events;
	h->events = NULL;
	h->events_tail = &h->events;
	pthread_mutex_unlock(&h->lock);
	for (; n != NULL; n = next) {
		next = n->next;
		fn(arg, &n->ev);
		free(n);
	}
}

/* ---- a transfer's life ------------------------------------------------------------- */

static void
transfer_free(struct transfer *t)
{
	if (t == NULL)
		return;
	attempt_end(t);
	blob_hash_free(t->hash);
	free(t->last);
	free(t->url);
	free(t->path);
	free(t);
}

/* The last thing that is heard of it. The caller takes it from the list. */
static void
end(struct transfer *t, int err)
{
	struct event_node *n = t->last;

	t->last = NULL;
	n->ev = event_of(t, err == 0 ? MEDIA_DONE : MEDIA_FAILED);
	n->ev.err = err;
	attempt_end(t);
	push(t->hub, n);
}

static uint32_t
pause_before_try(const struct transfer *t)
{
	unsigned base = t->hub->opts.backoff_ms != 0 ? t->hub->opts.backoff_ms
						     : MEDIA_BACKOFF_MS;
	unsigned shift = t->tries > 7 ? 6 : t->tries - 1;
	uint64_t ms = (uint64_t)base << shift;

	if (ms > BACKOFF_MAX)
		ms = BACKOFF_MAX;
	/* Not all at the same moment. */
	return (uint32_t)(ms - randombytes_uniform((uint32_t)(ms / 4) + 1));
}

static void
retry(struct transfer *t, int err)
{
	unsigned most =
	    t->hub->opts.tries != 0 ? t->hub->opts.tries : MEDIA_TRIES;
	struct media_event ev;

	if (t->at > t->done)
		t->tries = 0;
	attempt_end(t);
	if (++t->tries > most) {
		end(t, err);
		return;
	}
	t->phase = PH_BACKOFF;
	ev = event_of(t, MEDIA_WAITING);
	ev.err = err;
	ev.wait_ms = pause_before_try(t);
	t->wake_ms = hub_now_ms() + ev.wait_ms;
	tell(t, &ev);
}

static void
begin(struct transfer *t)
{
	int r = attempt_start(t);

	if (r != 0)
		end(t, r);
}

/* ---- downloads are verified ---------------------------------------------------------- */

/* Other bytes than were promised. After having been gone on with, perhaps only
 * what was there before: once more, from the beginning. */
static void
wrong(struct transfer *t)
{
	bool again = t->resumed && !t->again;

	if (t->fd < 0 || ftruncate(t->fd, 0) != 0)
		again = false;
	t->at = 0;
	t->hashed = 0;
	blob_hash_free(t->hash);
	t->hash = NULL;
	attempt_end(t);
	if (!again) {
		end(t, ERR_AUTH);
		return;
	}
	t->again = true;
	t->phase = PH_READY;
}

static void
compare(struct transfer *t)
{
	struct blob_digest got;
	int r = blob_hash_end(t->hash, &got);

	blob_hash_free(t->hash);
	t->hash = NULL;
	if (r != 0)
		end(t, r);
	else if (sodium_memcmp(got.b, t->digest.b, sizeof(got.b)) != 0)
		wrong(t);
	else
		end(t, fsync(t->fd) == 0 ? 0 : ERR_IO);
}

/* A piece of what was not hashed while it came. */
static void
verify(struct transfer *t, uint8_t *scratch)
{
	ssize_t n;

	if (t->hashed == t->size) {
		compare(t);
		return;
	}
	n = pread(t->fd, scratch, VERIFY_BYTES, (off_t)t->hashed);
	if (n <= 0) {
		end(t, ERR_IO);
		return;
	}
	if (blob_hash_add(t->hash, scratch, (size_t)n) != 0)
		end(t, ERR_NOMEM);
	t->hashed += (uint64_t)n;
}

/* ---- turns ---------------------------------------------------------------------------- */

static void
judge(struct transfer *t, CURLcode code)
{
	int err = ERR_INTERNAL;

	switch (attempt_judge(t, code, &err)) {
	case V_DONE:
		if (t->way == MEDIA_UP) {
			t->at = t->size;
			end(t, 0);
			return;
		}
		/* The file stays open for that. */
		(void)t->hub->curl->multi_remove_handle(t->hub->multi, t->easy);
		t->hub->curl->easy_cleanup(t->easy);
		t->easy = NULL;
		t->phase = PH_VERIFYING;
		return;
	case V_MORE:
		attempt_end(t);
		t->phase = PH_READY;
		return;
	case V_RETRY:
		retry(t, err);
		return;
	case V_FAIL:
		if (err == ERR_AUTH && t->way == MEDIA_DOWN)
			wrong(t);
		else
			end(t, err);
		return;
	}
}

static void
collect(struct media_hub *h)
{
	struct transfer *t;
	CURLMsg *m;
	CURLcode code;
	int left;

	while ((m = h->curl->multi_info_read(h->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		code = m->data.result;
		if (h->curl->easy_getinfo(
			m->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK)
			judge(t, code);
	}
}

static void
take_incoming(struct media_hub *h)
{
	struct transfer *t, *next, **end_of = &h->list;
	struct transfer *in_order = NULL;

	pthread_mutex_lock(&h->lock);
	for (t = h->incoming; t != NULL; t = next) {
		next = t->next;
		t->next = in_order;
		in_order = t;
	}
	h->incoming = NULL;
	while (*end_of != NULL)
		end_of = &(*end_of)->next;
	*end_of = in_order;
	pthread_mutex_unlock(&h->lock);
}

static bool
is_active(const struct transfer *t)
{
	return t->phase != PH_READY && t->phase != PH_BACKOFF;
}

/* What the callers want. */
static void
obey(struct media_hub *h)
{
	struct transfer *t;

	for (t = h->list; t != NULL; t = t->next) {
		if (t->cancelled && t->last != NULL) {
			end(t, ERR_CLOSED);
		} else if (t->paused && is_active(t)) {
			attempt_end(t);
			t->look = true;
			t->phase = PH_READY;
		} else if (atomic_exchange(&t->poked, false) &&
			   t->phase == PH_BACKOFF) {
			t->phase = PH_READY;
		}
	}
}

/* Those that have ended leave. */
static void
bury(struct media_hub *h)
{
	struct transfer **p = &h->list, *t;

	while ((t = *p) != NULL) {
		if (t->last != NULL) {
			p = &t->next;
			continue;
		}
		pthread_mutex_lock(&h->lock);
		*p = t->next;
		pthread_mutex_unlock(&h->lock);
		transfer_free(t);
	}
}

static bool
is_due(const struct transfer *t, uint64_t now)
{
	return t->last != NULL && !t->paused &&
	       (t->phase == PH_READY ||
		   (t->phase == PH_BACKOFF && t->wake_ms <= now));
}

/* Small ones have a lane of their own. */
static void
fill(struct media_hub *h)
{
	unsigned room =
	    h->opts.parallel != 0 ? h->opts.parallel : MEDIA_PARALLEL;
	unsigned active[2] = {0, 0};
	uint64_t now = hub_now_ms();
	struct transfer *t;

	for (t = h->list; t != NULL; t = t->next)
		if (is_active(t) && t->last != NULL)
			active[t->size <= MEDIA_SMALL]++;
	for (t = h->list; t != NULL; t = t->next)
		if (is_due(t, now) && active[t->size <= MEDIA_SMALL] < room) {
			active[t->size <= MEDIA_SMALL]++;
			begin(t);
		}
}

static uint64_t
share(uint64_t all, unsigned n)
{
	if (all == 0)
		return 0;
	return all / n > SPEED_MIN ? all / n : SPEED_MIN;
}

static void
divide_bandwidth(struct media_hub *h)
{
	unsigned n[2] = {0, 0};
	struct transfer *t;
	uint64_t all[2];

	pthread_mutex_lock(&h->lock);
	all[MEDIA_UP] = h->up_bytes_s;
	all[MEDIA_DOWN] = h->down_bytes_s;
	pthread_mutex_unlock(&h->lock);
	for (t = h->list; t != NULL; t = t->next)
		n[t->way] += t->phase == PH_MOVING && t->easy != NULL;
	for (t = h->list; t != NULL; t = t->next)
		if (t->phase == PH_MOVING && t->easy != NULL)
			attempt_speed(t, share(all[t->way], n[t->way]));
}

/* Verify and tell; how long to wait for the network then. */
static int
look_around(struct media_hub *h, uint8_t *scratch)
{
	uint64_t now = hub_now_ms();
	struct transfer *t;
	uint32_t held;
	int wait = POLL_MS;

	for (t = h->list; t != NULL; t = t->next) {
		if (t->last != NULL && t->phase == PH_VERIFYING) {
			verify(t, scratch);
			wait = 0;
		} else if (t->last != NULL && t->phase == PH_MOVING) {
			tell_progress(t);
			if (wait > TELL_MS)
				wait = TELL_MS;
			held = attempt_go_on(t);
			if (held > 0 && held < (uint32_t)wait)
				wait = (int)held;
		} else if (t->phase == PH_BACKOFF) {
			if (t->wake_ms <= now)
				wait = 0;
			else if (t->wake_ms - now < (uint64_t)wait)
				wait = (int)(t->wake_ms - now);
		} else if (t->last == NULL) {
			wait = 0;
		}
	}
	return wait;
}

static bool
is_stopping(struct media_hub *h)
{
	bool stop;

	pthread_mutex_lock(&h->lock);
	stop = h->stop;
	pthread_mutex_unlock(&h->lock);
	return stop;
}

static void *
run(void *arg)
{
	struct media_hub *h = arg;
	uint8_t *scratch = malloc(VERIFY_BYTES);
	int running, wait;

	while (scratch != NULL && !is_stopping(h)) {
		take_incoming(h);
		obey(h);
		bury(h);
		fill(h);
		divide_bandwidth(h);
		(void)h->curl->multi_perform(h->multi, &running);
		collect(h);
		wait = look_around(h, scratch);
		(void)h->curl->multi_poll(h->multi, NULL, 0, wait, NULL);
	}
	free(scratch);
	return NULL;
}

/* ---- from outside ---------------------------------------------------------------------- */

static int
copy_opts(struct media_hub *h, const struct media_hub_opts *o)
{
	h->opts = *o;
	h->curl = o->curl;
	h->opts.proxy = o->proxy != NULL ? strdup(o->proxy) : NULL;
	h->opts.ca_file = o->ca_file != NULL ? strdup(o->ca_file) : NULL;
	h->up_bytes_s = o->up_bytes_s;
	h->down_bytes_s = o->down_bytes_s;
	return (o->proxy != NULL && h->opts.proxy == NULL) ||
		       (o->ca_file != NULL && h->opts.ca_file == NULL)
		   ? ERR_NOMEM
		   : 0;
}

int
media_hub_new(struct media_hub **out, const struct media_hub_opts *opts)
{
	struct media_hub *h = calloc(1, sizeof(*h));
	int r;

	if (h == NULL)
		return ERR_NOMEM;
	pthread_mutex_init(&h->lock, NULL);
	h->events_tail = &h->events;
	r = copy_opts(h, opts);
	if (r == 0) {
		h->multi = h->curl->multi_init();
		r = h->multi != NULL ? 0 : ERR_NOMEM;
	}
	if (r == 0) {
		h->has_thread = pthread_create(&h->thread, NULL, run, h) == 0;
		r = h->has_thread ? 0 : ERR_SYS;
	}
	if (r != 0) {
		media_hub_free(h);
		return r;
	}
	*out = h;
	return 0;
}

static void
free_list(struct transfer *t)
{
	struct transfer *next;

	for (; t != NULL; t = next) {
		next = t->next;
		transfer_free(t);
	}
}

void
media_hub_free(struct media_hub *h)
{
	struct event_node *n, *next;

	if (h == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_mutex_unlock(&h->lock);
	if (h->has_thread) {
		(void)h->curl->multi_wakeup(h->multi);
		pthread_join(h->thread, NULL);
	}
	free_list(h->list);
	free_list(h->incoming);
	for (n = h->events; n != NULL; n = next) {
		next = n->next;
		free(n);
	}
	if (h->multi != NULL)
		(void)h->curl->multi_cleanup(h->multi);
	free((char *)(uintptr_t)h->opts.proxy);
	free((char *)(uintptr_t)h->opts.ca_file);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void
media_hub_limit(struct media_hub *h, uint64_t up_bytes_s, uint64_t down_bytes_s)
{
	pthread_mutex_lock(&h->lock);
	h->up_bytes_s = up_bytes_s;
	h->down_bytes_s = down_bytes_s;
	pthread_mutex_unlock(&h->lock);
	(void)h->curl->multi_wakeup(h->multi);
}

static struct transfer *
transfer_new(struct media_hub *h, const struct media_job *job)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->hub = h;
	t->fd = -1;
	t->way = job->way;
	t->size = job->size;
	t->digest = job->digest;
	t->in_one = job->in_one;
	t->look = job->begun;
	t->last = calloc(1, sizeof(*t->last));
	t->url = strdup(job->url);
	t->path = strdup(job->path);
	if (t->last == NULL || t->url == NULL || t->path == NULL) {
		transfer_free(t);
		return NULL;
	}
	return t;
}

int
media_start(struct media_hub *h, const struct media_job *job, uint64_t *id)
{
	struct transfer *t;

	if (job->size == 0 || strlen(job->url) > MEDIA_URL_MAX ||
	    strlen(job->path) > MEDIA_URL_MAX)
		return ERR_RANGE;
	t = transfer_new(h, job);
	if (t == NULL)
		return ERR_NOMEM;
	pthread_mutex_lock(&h->lock);
	t->id = ++h->next_id;
	*id = t->id;
	t->next = h->incoming;
	h->incoming = t;
	pthread_mutex_unlock(&h->lock);
	(void)h->curl->multi_wakeup(h->multi);
	return 0;
}

enum wish { WISH_PAUSE, WISH_RESUME, WISH_CANCEL };

static void
wish_in(struct transfer *t, uint64_t id, enum wish wish)
{
	for (; t != NULL; t = t->next)
		if (t->id == id) {
			if (wish == WISH_CANCEL)
				t->cancelled = true;
			else
				t->paused = wish == WISH_PAUSE;
			t->poked = wish == WISH_RESUME;
		}
}

static void
set_wish(struct media_hub *h, uint64_t id, enum wish wish)
{
	pthread_mutex_lock(&h->lock);
	wish_in(h->incoming, id, wish);
	wish_in(h->list, id, wish);
	pthread_mutex_unlock(&h->lock);
	(void)h->curl->multi_wakeup(h->multi);
}

void
media_pause(struct media_hub *h, uint64_t id)
{
	set_wish(h, id, WISH_PAUSE);
}

void
media_resume(struct media_hub *h, uint64_t id)
{
	set_wish(h, id, WISH_RESUME);
}

void
media_cancel(struct media_hub *h, uint64_t id)
{
	set_wish(h, id, WISH_CANCEL);
}

int
media_url(const char *url, const char *host, char *out, size_t cap)
{
	bool v6 = strchr(host, ':') != NULL;
	int n;

	if (url[0] == ':')
		n = snprintf(out, cap, "http://%s%s%s%s", v6 ? "[" : "", host,
		    v6 ? "]" : "", url);
	else if (strncmp(url, "https://", 8) == 0 ||
		 strncmp(url, "http://", 7) == 0)
		n = snprintf(out, cap, "%s", url);
	else
		return ERR_FORMAT;
	return n < 0 || (size_t)n >= cap ? ERR_RANGE : 0;
}
