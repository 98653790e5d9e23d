/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/hist.h"
#include "tui/screen/hist_media.h"
#include "tui/screen/when.h"

void
hist_init(struct hist *h)
{
	memset(h, 0, sizeof(*h));
	h->width = 80;
	h->view = 20;
}

static void
text_free(char *s)
{
	if (s != NULL)
		sodium_memzero(s, strlen(s));
	free(s);
}

static void
item_clear(struct item *it)
{
	text_free(it->text);
	text_free(it->quote);
	text_free(it->quote_from);
	text_free(it->reactions);
	text_free(it->from);
	free(it->mentions);
	hist_media_free(it->media);
	memset(it, 0, sizeof(*it));
}

static void
items_free(struct item *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		item_clear(&v[i]);
	free(v);
}

void
hist_clear(struct hist *h)
{
	items_free(h->v, h->n);
	hist_init(h);
}

void
hist_open(struct hist *h, int64_t chat)
{
	int width = h->width, view = h->view;
	bool roomy = h->roomy, pictures = h->pictures;

	hist_clear(h);
	h->chat = chat;
	h->width = width;
	h->view = view;
	h->roomy = roomy;
	h->pictures = pictures;
}

/* A copy of what may be NULL; false without memory. */
static bool
copy(char **out, const char *s)
{
	if (s == NULL)
		return true;
	*out = strdup(s);
	return *out != NULL;
}

static bool
copy_mentions(struct item *it, const struct msg_row *row)
{
	if (row->n_mentions == 0)
		return true;
	it->mentions = calloc(row->n_mentions, sizeof(*it->mentions));
	if (it->mentions == NULL)
		return false;
	memcpy(it->mentions, row->mentions,
	    row->n_mentions * sizeof(*it->mentions));
	it->n_mentions = row->n_mentions;
	return true;
}

static bool
copy_media(struct item *it, const struct msg_row *row)
{
	if (row->media != NULL)
		it->media = hist_media_copy(row->media);
	return row->media == NULL || it->media != NULL;
}

static int
item_make(struct item *it, const struct msg_row *row)
{
	memset(it, 0, sizeof(*it));
	if (!copy(&it->text, row->text != NULL ? row->text : "") ||
	    !copy(&it->quote, row->quote) ||
	    !copy(&it->quote_from, row->quote_from) ||
	    !copy(&it->reactions, row->reactions) ||
	    !copy(&it->from, row->from) || !copy_mentions(it, row) ||
	    !copy_media(it, row)) {
		item_clear(it);
		return ERR_NOMEM;
	}
	it->len = strlen(it->text);
	it->id = row->id;
	it->kind = row->kind;
	it->state = row->state;
	it->outgoing = row->outgoing;
	memcpy(it->author, row->author, sizeof(it->author));
	it->quote_id = row->quote_id;
	it->expire_s = row->expire_s;
	it->expires_ms = row->expires_ms;
	it->edited = row->edited;
	it->starred = row->starred;
	it->forwarded = row->forwarded;
	it->opened = row->opened;
	it->sent_ms = row->sent_ms;
	it->received_ms = row->received_ms;
	it->ms = row->sent_ms;
	/* Their clock may be wrong, but not that wrong. */
	if (row->received_ms != 0 && it->ms > row->received_ms)
		it->ms = row->received_ms;
	return 0;
}

/* ---- heights ----------------------------------------------------------------- */

int
hist_height(struct hist *h, size_t i)
{
	struct layout l;

	if (h->v[i].height == 0) {
		hist_layout(h, i, &l);
		h->v[i].height = l.height;
	}
	return h->v[i].height;
}

int
hist_total(struct hist *h)
{
	int sum = 0;
	size_t i;

	for (i = 0; i < h->n; i++)
		sum += hist_height(h, i);
	return sum;
}

static void
forget_heights(struct hist *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		h->v[i].height = 0;
}

/* ---- scrolling ----------------------------------------------------------------- */

static int
scroll_max(struct hist *h)
{
	int over = hist_total(h) - h->view;

	return over > 0 ? over : 0;
}

static void
clamp(struct hist *h)
{
	int max = scroll_max(h);

	if (h->scroll > max)
		h->scroll = max;
	if (h->scroll < 0)
		h->scroll = 0;
}

bool
hist_scroll(struct hist *h, int lines)
{
	int was = h->scroll;

	h->scroll += lines;
	clamp(h);
	return h->scroll != was;
}

bool
hist_at_end(const struct hist *h)
{
	return h->scroll == 0 && !h->more_after;
}

void
hist_to_end(struct hist *h)
{
	h->scroll = 0;
}

/* Lines below the last line of a message. */
static int
lines_below(struct hist *h, size_t i)
{
	int sum = 0;

	for (i++; i < h->n; i++)
		sum += hist_height(h, i);
	return sum;
}

bool
hist_show(struct hist *h, int64_t id)
{
	struct item *it = hist_find(h, id);
	int below, height;

	if (it == NULL)
		return false;
	below = lines_below(h, (size_t)(it - h->v));
	height = hist_height(h, (size_t)(it - h->v));
	if (below >= h->scroll && below + height <= h->scroll + h->view)
		return true;
	h->scroll = below + height / 2 - h->view / 2;
	clamp(h);
	return true;
}

void
hist_show_marker(struct hist *h)
{
	struct item *it = h->marker != 0 ? hist_find(h, h->marker) : NULL;
	size_t i;

	if (it == NULL)
		return;
	i = (size_t)(it - h->v);
	h->scroll = lines_below(h, i) + hist_height(h, i) - h->view;
	clamp(h);
}

/* The message the bottom line of the view belongs to, and how many of its
 * lines are below the view. */
static size_t
bottom(struct hist *h, int *hidden)
{
	int below = 0;
	size_t i;

	for (i = h->n; i-- > 0;) {
		if (below + hist_height(h, i) > h->scroll) {
			*hidden = h->scroll - below;
			return i;
		}
		below += hist_height(h, i);
	}
	*hidden = 0;
	return 0;
}

int64_t
hist_bottom_id(struct hist *h)
{
	int hidden;
	size_t i;

	if (h->n == 0)
		return 0;
	i = bottom(h, &hidden);
	if (hidden > 0)
		return i > 0 ? h->v[i - 1].id : 0;
	return h->v[i].id;
}

bool
hist_first_in_view(struct hist *h, size_t *i, int *line)
{
	int hidden, at;

	if (h->n == 0)
		return false;
	*i = bottom(h, &hidden);
	at = h->view + hidden - hist_height(h, *i);
	while (at > 0 && *i > 0)
		at -= hist_height(h, --*i);
	*line = at;
	return true;
}

void
hist_resize(struct hist *h, int width, int view)
{
	int hidden = 0;
	int64_t id = 0;
	struct item *it;

	if (width < 1)
		width = 1;
	if (view < 1)
		view = 1;
	if (width == h->width && view == h->view)
		return;
	if (h->n > 0 && h->scroll > 0)
		id = h->v[bottom(h, &hidden)].id;
	h->view = view;
	h->roomy = view >= 14;
	h->width = width;
	forget_heights(h);
	it = id != 0 ? hist_find(h, id) : NULL;
	h->scroll = it != NULL ? lines_below(h, (size_t)(it - h->v)) : 0;
	clamp(h);
	if (h->selected != 0)
		hist_show(h, h->selected);
}

void
hist_set_pictures(struct hist *h, bool on)
{
	if (h->pictures == on)
		return;
	h->pictures = on;
	forget_heights(h);
	clamp(h);
}

bool
hist_needs_before(struct hist *h)
{
	return h->more_before && h->want == WANT_NOTHING &&
	       hist_total(h) - h->scroll - h->view < h->view;
}

bool
hist_needs_after(const struct hist *h)
{
	return h->more_after && h->want == WANT_NOTHING && h->scroll < h->view;
}

/* ---- the messages ------------------------------------------------------------------ */

/* The place of an id, or where it would go. */
static size_t
place(const struct hist *h, int64_t id)
{
	size_t lo = 0, hi = h->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (h->v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct item *
hist_find(const struct hist *h, int64_t id)
{
	size_t i = place(h, id);

	return i < h->n && h->v[i].id == id ? &h->v[i] : NULL;
}

int64_t
hist_neighbour(struct hist *h, int dir)
{
	size_t i = place(h, h->selected);
	int hidden;

	if (h->n == 0)
		return 0;
	if (h->selected == 0)
		return h->v[bottom(h, &hidden)].id;
	if (dir < 0)
		return i > 0 ? h->v[i - 1].id : 0;
	return i + 1 < h->n ? h->v[i + 1].id : 0;
}

static int
reserve(struct hist *h, size_t n)
{
	size_t cap = h->cap > 0 ? h->cap : 64;
	struct item *v;

	if (n <= h->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	v = realloc(h->v, cap * sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	h->v = v;
	h->cap = cap;
	return 0;
}

/* The first messages go; the new first one shows its date again. */
static void
drop_front(struct hist *h, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	for (i = 0; i < n; i++)
		item_clear(&h->v[i]);
	memmove(h->v, h->v + n, (h->n - n) * sizeof(h->v[0]));
	h->n -= n;
	h->more_before = true;
	if (h->n > 0)
		h->v[0].height = 0;
	clamp(h);
}

static void
drop_back(struct hist *h, size_t n)
{
	for (; n > 0 && h->n > 0; n--) {
		h->scroll -= hist_height(h, h->n - 1);
		item_clear(&h->v[--h->n]);
		h->more_after = true;
	}
	clamp(h);
}

static int
items_make(const struct msg_row *rows, size_t n, struct item **out)
{
	struct item *v = calloc(n > 0 ? n : 1, sizeof(*v));
	size_t i;

	if (v == NULL)
		return ERR_NOMEM;
	for (i = 0; i < n; i++) {
		if (item_make(&v[i], &rows[i]) != 0) {
			items_free(v, i);
			return ERR_NOMEM;
		}
	}
	*out = v;
	return 0;
}

static void
put_front(struct hist *h, struct item *v, size_t n)
{
	/* What overlaps is there already. */
	while (n > 0 && h->n > 0 && v[n - 1].id >= h->v[0].id)
		item_clear(&v[--n]);
	memmove(h->v + n, h->v, h->n * sizeof(h->v[0]));
	memcpy(h->v, v, n * sizeof(v[0]));
	h->n += n;
	if (n < h->n)
		h->v[n].height = 0; /* it may share the date now */
	if (h->n > HIST_MAX)
		drop_back(h, h->n - HIST_MAX);
}

static void
put_back(struct hist *h, struct item *v, size_t n)
{
	size_t skip = 0, i;

	while (skip < n && h->n > 0 && v[skip].id <= h->v[h->n - 1].id)
		item_clear(&v[skip++]);
	memcpy(h->v + h->n, v + skip, (n - skip) * sizeof(v[0]));
	i = h->n;
	h->n += n - skip;
	for (; i < h->n; i++)
		h->scroll += hist_height(h, i);
	if (h->n > HIST_MAX)
		drop_front(h, h->n - HIST_MAX);
}

static void
put_all(struct hist *h, struct item *v, size_t n)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		item_clear(&h->v[i]);
	memcpy(h->v, v, n * sizeof(v[0]));
	h->n = n;
	h->scroll = 0;
}

int
hist_page(struct hist *h, const struct msg_row *rows, size_t n,
    bool more_before, bool more_after)
{
	enum hist_want want = h->want;
	struct item *v;

	if (reserve(h, h->n + n) != 0 || items_make(rows, n, &v) != 0)
		return ERR_NOMEM;
	h->want = WANT_NOTHING;
	if (want == WANT_BEFORE) {
		put_front(h, v, n);
		h->more_before = more_before;
	} else if (want == WANT_AFTER) {
		put_back(h, v, n);
		h->more_after = more_after;
	} else {
		put_all(h, v, n);
		h->more_before = more_before;
		h->more_after = more_after;
	}
	free(v);
	if (want == WANT_OLDEST)
		h->scroll = scroll_max(h);
	else if (want == WANT_AROUND)
		hist_show(h, h->target);
	clamp(h);
	return 0;
}

/* A message that took `was` lines is another one now: what is in view stays. */
static void
measure_again(struct hist *h, size_t i, int was)
{
	h->v[i].height = 0;
	if (lines_below(h, i) < h->scroll)
		h->scroll += hist_height(h, i) - was;
}

/* it is taken. The gap of the one below depends on it, too. */
static void
replace(struct hist *h, size_t i, const struct item *it)
{
	int was = hist_height(h, i);
	int next = i + 1 < h->n ? hist_height(h, i + 1) : 0;
	bool picked = h->v[i].picked;

	item_clear(&h->v[i]);
	h->v[i] = *it;
	h->v[i].picked = picked;
	if (i + 1 < h->n)
		measure_again(h, i + 1, next);
	measure_again(h, i, was);
}

int
hist_add(struct hist *h, const struct msg_row *row)
{
	struct item *old = hist_find(h, row->id), it;
	int r;

	if (old == NULL && h->more_after)
		return 0;
	if (old == NULL && h->n > 0 && row->id < h->v[h->n - 1].id)
		return 0; /* it belongs to what is not loaded */
	r = reserve(h, h->n + 1);
	if (r == 0)
		r = item_make(&it, row);
	if (r != 0)
		return r;
	if (old != NULL) {
		replace(h, place(h, row->id), &it);
	} else {
		h->v[h->n++] = it;
		if (h->scroll > 0)
			h->scroll += hist_height(h, h->n - 1);
		if (h->n > HIST_MAX)
			drop_front(h, h->n - HIST_MAX);
	}
	clamp(h);
	return 0;
}

void
hist_drop(struct hist *h, int64_t id)
{
	struct item *it = hist_find(h, id);
	size_t i;

	if (it == NULL)
		return;
	i = (size_t)(it - h->v);
	if (lines_below(h, i) < h->scroll)
		h->scroll -= hist_height(h, i);
	item_clear(it);
	memmove(it, it + 1, (h->n - i - 1) * sizeof(*it));
	h->n--;
	if (h->selected == id)
		h->selected = 0;
	if (h->marker == id)
		h->marker = i < h->n ? h->v[i].id : 0;
	if (i < h->n)
		h->v[i].height = 0; /* its date, gap and marker */
	clamp(h);
}

bool
hist_state(struct hist *h, int64_t id, enum msg_state state)
{
	struct item *it = hist_find(h, id);
	bool back;

	if (it == NULL || it->state == state)
		return false;
	/* Failed ones are sent again; the rest only goes forward. */
	back = it->outgoing && it->state != MSG_FAILED && state < it->state;
	if (back)
		return false;
	it->state = state;
	it->height = 0;
	clamp(h);
	return true;
}

void
hist_set_marker(struct hist *h, uint32_t count)
{
	size_t i = h->n;
	uint32_t left = count;

	h->marker = 0;
	h->marker_count = count;
	while (i > 0 && left > 0) {
		i--;
		if (!h->v[i].outgoing && !hist_is_line(&h->v[i])) {
			h->marker = h->v[i].id;
			left--;
		}
	}
	forget_heights(h);
}

/* ---- picked ones --------------------------------------------------------------- */

size_t
hist_npicked(const struct hist *h)
{
	size_t i, n = 0;

	for (i = 0; i < h->n; i++)
		n += h->v[i].picked;
	return n;
}

bool
hist_pick(struct hist *h, int64_t id)
{
	struct item *it = hist_find(h, id);

	if (it == NULL)
		return true;
	if (!it->picked && hist_npicked(h) == HIST_PICKED_MAX)
		return false;
	it->picked = !it->picked;
	return true;
}

void
hist_unpick(struct hist *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		h->v[i].picked = false;
}

size_t
hist_chosen(const struct hist *h, int64_t ids[static HIST_PICKED_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < h->n && n < HIST_PICKED_MAX; i++) {
		if (h->v[i].picked)
			ids[n++] = h->v[i].id;
	}
	if (n == 0 && hist_find(h, h->selected) != NULL)
		ids[n++] = h->selected;
	return n;
}
