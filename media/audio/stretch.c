/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/audio/stretch.h"

#include <string.h>

#define STEP STRETCH_STEP
#define SEEK STRETCH_SEEK

void
stretch_set(struct stretch *s, int percent)
{
	s->percent = percent < STRETCH_MIN   ? STRETCH_MIN
		     : percent > STRETCH_MAX ? STRETCH_MAX
					     : percent;
}

void
stretch_init(struct stretch *s, int percent)
{
	memset(s, 0, sizeof(*s));
	stretch_set(s, percent);
}

size_t
stretch_room(const struct stretch *s)
{
	return STRETCH_ROOM - s->len;
}

void
stretch_put(struct stretch *s, const int16_t *samples, size_t n)
{
	if (n > stretch_room(s))
		n = stretch_room(s);
	memcpy(s->in + s->len, samples, n * sizeof(*samples));
	s->len += n;
}

/* How alike the tail and what begins at p are: the correlation by the energy
 * of p, every other sample. */
static double
likeness(const int16_t *tail, const int16_t *p)
{
	double sum = 0.0, energy = 1.0;

	for (size_t i = 0; i < STEP; i += 2) {
		sum += (double)tail[i] * p[i];
		energy += (double)p[i] * p[i];
	}
	return sum <= 0.0 ? 0.0 : sum * sum / energy;
}

/* Where the next piece goes best: coarsely, then sample by sample around it. */
static size_t
best_place(const struct stretch *s)
{
	size_t low = s->at > SEEK ? s->at - SEEK : 0, high = s->at + SEEK;
	size_t best = s->at, from, to;
	double most = likeness(s->tail, s->in + best), v;

	for (size_t i = low; i <= high; i += 8) {
		v = likeness(s->tail, s->in + i);
		if (v > most) {
			most = v;
			best = i;
		}
	}
	from = best > low + 7 ? best - 7 : low;
	to = best + 7 < high ? best + 7 : high;
	for (size_t i = from; i <= to; i++) {
		v = likeness(s->tail, s->in + i);
		if (v > most) {
			most = v;
			best = i;
		}
	}
	return best;
}

/* Nothing before SEEK behind the next place is looked at any more. */
static void
drop_used(struct stretch *s)
{
	size_t n = s->at > SEEK ? s->at - SEEK : 0;

	if (n > s->len)
		n = s->len;
	s->len -= n;
	s->at -= n;
	memmove(s->in, s->in + n, s->len * sizeof(s->in[0]));
}

bool
stretch_get(struct stretch *s, int16_t out[static STEP])
{
	size_t place;

	/* The piece, wherever it is found, and the half that follows it. */
	if (s->at + SEEK + 2 * STEP > s->len)
		return false;
	/* At 100 a piece that follows the last one exactly needs no search. */
	place = s->begun && !(s->percent == 100 && s->exact) ? best_place(s)
							     : s->at;
	s->exact = place == s->at;
	for (size_t i = 0; i < STEP; i++) {
		int32_t a = s->begun ? s->tail[i] : s->in[place + i];
		int32_t b = s->in[place + i];

		out[i] = (int16_t)((a * (int32_t)(STEP - i) + b * (int32_t)i) /
				   (int32_t)STEP);
	}
	memcpy(s->tail, s->in + place + STEP, sizeof(s->tail));
	s->begun = true;
	/* From the place the speed asks for, not from the one found: errors
	 * do not add up. At 100 there is no other. */
	s->at += STEP * (size_t)s->percent / 100;
	drop_used(s);
	return true;
}
