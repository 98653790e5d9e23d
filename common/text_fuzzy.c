/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <string.h>

#include <utf8proc.h>

#include "common/text.h"
#include "common/text_fuzzy.h"

/* ---- folding ------------------------------------------------------------- */

#define FOLD_ONE_MAX 32 /* longest decomposition of a code point is 18 */

/* Letters that have no decomposition and yet are typed without their stroke. */
static const struct {
	uint32_t from;
	char to[3];
} strokes[] = {
    {0xe6, "ae"},
    {0xf0, "d"},
    {0xf8, "o"},
    {0xfe, "th"},
    {0x111, "d"},
    {0x127, "h"},
    {0x131, "i"},
    {0x142, "l"},
    {0x153, "oe"},
    {0x167, "t"},
};

/* Yields folded code points one by one. */
struct folder {
	const char *s;
	size_t len;
	size_t pos; /* next source byte */
	size_t from; /* source offset of what is pending */
	utf8proc_int32_t pending[FOLD_ONE_MAX];
	int n, i;
	bool in_blank;
};

static void
fold_init(struct folder *f, const char *s, size_t len)
{
	f->s = s;
	f->len = len;
	f->pos = f->from = 0;
	f->n = f->i = 0;
	f->in_blank = false;
}

static bool
is_blank(uint32_t cp)
{
	const int cat = utf8proc_category((utf8proc_int32_t)cp);

	return cat >= UTF8PROC_CATEGORY_ZS && cat <= UTF8PROC_CATEGORY_CC;
}

static void
decompose(struct folder *f, uint32_t cp)
{
	utf8proc_ssize_t n;
	size_t k;

	n = utf8proc_decompose_char((utf8proc_int32_t)cp, f->pending,
	    FOLD_ONE_MAX,
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
		UTF8PROC_STRIPMARK | UTF8PROC_IGNORE,
	    NULL);
	f->n = n < 0 || n > FOLD_ONE_MAX ? 0 : (int)n;
	if (f->n != 1)
		return;
	for (k = 0; k < ARRAY_LEN(strokes); k++) {
		if ((uint32_t)f->pending[0] != strokes[k].from)
			continue;
		f->n = 0;
		while (strokes[k].to[f->n] != '\0') {
			f->pending[f->n] = (unsigned char)strokes[k].to[f->n];
			f->n++;
		}
		return;
	}
}

/* Decompose and fold one code point into pending. */
static void
fold_one(struct folder *f, uint32_t cp)
{
	if (is_blank(cp))
		cp = ' ';
	if (cp >= 'A' && cp <= 'Z')
		cp += 'a' - 'A';
	f->pending[0] = (utf8proc_int32_t)cp;
	f->n = 1;
	f->i = 0;
	if (cp >= 0x80)
		decompose(f, cp);
}

static bool
fold_next(struct folder *f, uint32_t *cp)
{
	uint32_t next;

	for (;;) {
		while (f->i < f->n) {
			*cp = (uint32_t)f->pending[f->i++];
			if (*cp == ' ' && f->in_blank)
				continue;
			f->in_blank = *cp == ' ';
			return true;
		}
		if (f->pos >= f->len)
			return false;
		f->from = f->pos;
		f->pos += text_codepoint(f->s + f->pos, f->len - f->pos, &next);
		fold_one(f, next);
	}
}

size_t
text_fold(char *out, size_t cap, const char *s, size_t len)
{
	struct folder f;
	uint32_t cp;
	char enc[4];
	size_t k, n = 0;

	fold_init(&f, s, len);
	while (fold_next(&f, &cp)) {
		k = text_encode(enc, cp);
		if (k > cap - 1 - n)
			break;
		memcpy(out + n, enc, k);
		n += k;
	}
	out[n] = '\0';
	return n;
}

int
text_fold_cmp(const char *a, size_t alen, const char *b, size_t blen)
{
	struct folder fa, fb;
	uint32_t ca, cb;
	bool more_a, more_b;

	fold_init(&fa, a, alen);
	fold_init(&fb, b, blen);
	for (;;) {
		more_a = fold_next(&fa, &ca);
		more_b = fold_next(&fb, &cb);
		if (!more_a || !more_b)
			return (more_a ? 1 : 0) - (more_b ? 1 : 0);
		if (ca != cb)
			return ca < cb ? -1 : 1;
	}
}

static bool
fold_starts_with(const char *s, size_t len, const char *needle, size_t nlen)
{
	struct folder fs, fn;
	uint32_t cs, cn;

	fold_init(&fs, s, len);
	fold_init(&fn, needle, nlen);
	while (fold_next(&fn, &cn))
		if (!fold_next(&fs, &cs) || cs != cn)
			return false;
	return true;
}

bool
text_fold_find(
    const char *s, size_t len, const char *needle, size_t nlen, size_t *at)
{
	struct folder f;
	uint32_t cp;
	size_t last = SIZE_MAX;

	if (fold_starts_with(s, len, needle, nlen)) {
		if (at != NULL)
			*at = 0;
		return true;
	}
	fold_init(&f, s, len);
	while (fold_next(&f, &cp)) {
		if (f.from == last)
			continue;
		last = f.from;
		if (!fold_starts_with(s + last, len - last, needle, nlen))
			continue;
		if (at != NULL)
			*at = last;
		return true;
	}
	return false;
}

/* ---- ranking ------------------------------------------------------------- */

enum {
	SCORE_LETTER = 16,
	SCORE_RUN = 12, /* right behind the letter before */
	SCORE_WORD = 8, /* starts a word */
	SCORE_FIRST = 12, /* starts the text */
	SCORE_GAP = -3, /* a gap begins; each further letter costs 1 */
	SCORE_PREFIX = 20, /* the whole query is how the text starts */
	SCORE_EXACT = 50, /* ... and ends */
	SCORE_SLIP = 4, /* per letter of a term with a slip */
	SLIP_LEN_MIN = 4, /* shorter terms forgive nothing */
	SCORE_NONE = -10000, /* unreachable */
};

/* The candidate, folded. */
struct candidate {
	uint32_t cp[FUZZY_TEXT_MAX];
	uint32_t at[FUZZY_TEXT_MAX]; /* source offset */
	bool word[FUZZY_TEXT_MAX]; /* starts a word */
	bool hit[FUZZY_TEXT_MAX];
	size_t n;
};

static bool
is_alnum(uint32_t cp)
{
	const int cat = utf8proc_category((utf8proc_int32_t)cp);

	return cat >= UTF8PROC_CATEGORY_LU && cat <= UTF8PROC_CATEGORY_NO;
}

static void
candidate_init(struct candidate *c, const char *s, size_t len)
{
	struct folder f;
	uint32_t cp;
	bool alnum, before = false;

	c->n = 0;
	fold_init(&f, s, len);
	while (c->n < FUZZY_TEXT_MAX && fold_next(&f, &cp)) {
		alnum = is_alnum(cp);
		c->cp[c->n] = cp;
		c->at[c->n] = (uint32_t)f.from;
		c->word[c->n] = alnum && !before;
		c->hit[c->n] = false;
		before = alnum;
		c->n++;
	}
}

void
fuzzy_prepare(struct fuzzy_query *q, const char *s, size_t len)
{
	struct folder f;
	uint32_t cp;

	q->n = 0;
	fold_init(&f, s, len);
	while (q->n < FUZZY_QUERY_MAX && fold_next(&f, &cp)) {
		if (cp == ' ')
			cp = 0;
		if (cp == 0 && q->n == 0)
			continue;
		q->cp[q->n++] = cp;
	}
	if (q->n > 0 && q->cp[q->n - 1] == 0)
		q->n--;
}

static bool
is_subsequence(const uint32_t *term, size_t n, const struct candidate *c)
{
	size_t i = 0, j;

	for (j = 0; i < n && j < c->n; j++)
		if (c->cp[j] == term[i])
			i++;
	return i == n;
}

static int
letter_score(const struct candidate *c, size_t j)
{
	if (j == 0)
		return SCORE_LETTER + SCORE_FIRST;
	return SCORE_LETTER + (c->word[j] ? SCORE_WORD : 0);
}

/* Best scores with the letter of this row at each column. */
struct row {
	int v[FUZZY_TEXT_MAX];
};

static void
first_row(struct row *row, uint32_t letter, const struct candidate *c)
{
	size_t j;

	for (j = 0; j < c->n; j++)
		row->v[j] =
		    c->cp[j] == letter ? letter_score(c, j) : SCORE_NONE;
}

/*
 * One more letter below the row above: right behind the letter before it, or
 * after the best gap. from tells the column that was best.
 */
static void
next_row(struct row *row, const struct row *above, uint8_t *from,
    uint32_t letter, const struct candidate *c)
{
	int run, gap = SCORE_NONE;
	size_t j, gap_at = 0;

	for (j = 0; j < c->n; j++) {
		if (gap > SCORE_NONE)
			gap--;
		if (j >= 2 && above->v[j - 2] > SCORE_NONE &&
		    above->v[j - 2] + SCORE_GAP > gap) {
			gap = above->v[j - 2] + SCORE_GAP;
			gap_at = j - 2;
		}
		row->v[j] = SCORE_NONE;
		from[j] = 0;
		if (c->cp[j] != letter)
			continue;
		run = j > 0 && above->v[j - 1] > SCORE_NONE
			  ? above->v[j - 1] + SCORE_RUN
			  : SCORE_NONE;
		if (run == SCORE_NONE && gap == SCORE_NONE)
			continue;
		row->v[j] = letter_score(c, j) + (run > gap ? run : gap);
		from[j] = (uint8_t)(run > gap ? j - 1 : gap_at);
	}
}

/* The best way to lay the term's letters over the candidate; marks the hits. */
static int
align(const uint32_t *term, size_t n, struct candidate *c)
{
	uint8_t from[FUZZY_QUERY_MAX][FUZZY_TEXT_MAX] = {{0}};
	struct row rows[2] = {{{0}}};
	const struct row *last = &rows[(n - 1) % 2];
	size_t i, j, end = 0;
	int best;

	first_row(&rows[0], term[0], c);
	for (i = 1; i < n; i++)
		next_row(&rows[i % 2], &rows[(i + 1) % 2], from[i], term[i], c);
	for (j = 1; j < c->n; j++)
		if (last->v[j] > last->v[end])
			end = j;
	best = last->v[end];
	for (i = n - 1; i > 0; i--) {
		c->hit[end] = true;
		end = from[i][end];
	}
	c->hit[end] = true;
	return best < 1 ? 1 : best;
}

/* Letters of term that open s, both n and m long at most. */
static size_t
common_prefix(const uint32_t *term, size_t n, const uint32_t *s, size_t m)
{
	size_t k = 0;

	while (k < n && k < m && term[k] == s[k])
		k++;
	return k;
}

static bool
starts(const uint32_t *term, size_t n, const uint32_t *s, size_t m)
{
	return common_prefix(term, n, s, m) == n;
}

/* Does s start with term but for one letter wrong, too many or swapped? (With
 * one missing it would be a subsequence.) */
static bool
starts_nearly(const uint32_t *term, size_t n, const uint32_t *s, size_t m)
{
	const size_t k = common_prefix(term, n, s, m);

	if (k == n)
		return true;
	term += k;
	n -= k;
	s += k;
	m -= k;
	if (starts(term + 1, n - 1, s, m))
		return true;
	if (m == 0)
		return false;
	if (starts(term + 1, n - 1, s + 1, m - 1))
		return true;
	return n >= 2 && m >= 2 && term[0] == s[1] && term[1] == s[0] &&
	       starts(term + 2, n - 2, s + 2, m - 2);
}

static int
slip(const uint32_t *term, size_t n, struct candidate *c)
{
	size_t i, j;

	if (n < SLIP_LEN_MIN)
		return 0;
	for (j = 0; j < c->n; j++) {
		if (!c->word[j] || !starts_nearly(term, n, c->cp + j, c->n - j))
			continue;
		for (i = j; i < c->n && i < j + n; i++)
			c->hit[i] = true;
		return (int)n * SCORE_SLIP + (j == 0 ? 2 : 0);
	}
	return 0;
}

static int
score_term(const uint32_t *term, size_t n, struct candidate *c)
{
	if (is_subsequence(term, n, c))
		return align(term, n, c);
	return slip(term, n, c);
}

/* Short texts before long ones, and what was typed in full before all. */
static int
score_whole(const struct fuzzy_query *q, const struct candidate *c)
{
	size_t i;
	int score = -(int)(c->n / 8);

	for (i = 0; i < q->n && i < c->n; i++)
		if ((q->cp[i] == 0 ? ' ' : q->cp[i]) != c->cp[i])
			return score;
	if (i < q->n)
		return score;
	return score + (q->n == c->n ? SCORE_EXACT : SCORE_PREFIX);
}

static void
collect(struct fuzzy_match *m, const struct candidate *c, int score)
{
	size_t j;

	m->score = score;
	m->n = 0;
	for (j = 0; j < c->n && m->n < FUZZY_QUERY_MAX; j++)
		if (c->hit[j] && (m->n == 0 || m->at[m->n - 1] != c->at[j]))
			m->at[m->n++] = c->at[j];
}

int
fuzzy_match(const struct fuzzy_query *q, const char *s, size_t len,
    struct fuzzy_match *m)
{
	struct candidate c;
	size_t i, start;
	int part, score = 0;

	candidate_init(&c, s, len);
	for (start = 0; start < q->n; start = i + 1) {
		for (i = start; i < q->n && q->cp[i] != 0; i++)
			;
		part = score_term(q->cp + start, i - start, &c);
		if (part <= 0)
			return 0;
		score += part;
	}
	score = q->n == 0 ? 1 : score + score_whole(q, &c);
	if (score < 1)
		score = 1;
	if (m != NULL)
		collect(m, &c, score);
	return score;
}

/* The texts from their first difference on, a at least as long as b. */
static bool
one_edit(const uint32_t *a, size_t n, const uint32_t *b, size_t m)
{
	if (m == 0)
		return n <= 1;
	if (n > m)
		return starts(a + 1, n - 1, b, m);
	if (starts(a + 1, n - 1, b + 1, m - 1))
		return true;
	return n >= 2 && a[0] == b[1] && a[1] == b[0] &&
	       starts(a + 2, n - 2, b + 2, m - 2);
}

bool
fuzzy_near(const char *a, size_t alen, const char *b, size_t blen)
{
	struct candidate ca, cb;
	size_t k;

	candidate_init(&ca, a, alen);
	candidate_init(&cb, b, blen);
	if (ca.n > cb.n + 1 || cb.n > ca.n + 1)
		return false;
	k = common_prefix(ca.cp, ca.n, cb.cp, cb.n);
	if (ca.n >= cb.n)
		return one_edit(ca.cp + k, ca.n - k, cb.cp + k, cb.n - k);
	return one_edit(cb.cp + k, cb.n - k, ca.cp + k, ca.n - k);
}
