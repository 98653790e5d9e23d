/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include <opusfile.h>

#include "media/loudness.h"
#include "media/preview/sound.h"

#define RATE	   48000
#define PER_MS	   (RATE / 1000)
#define FRAMES_MAX 5760 /* of one call: 120 ms */

static int
open_sound(const struct preview_ask *ask, OggOpusFile **of, int64_t *frames)
{
	int e = 0;

	*of = op_open_memory(ask->file, ask->len, &e);
	if (*of == NULL)
		return e == OP_EFAULT ? ERR_NOMEM : ERR_FORMAT;
	*frames = op_pcm_total(*of, -1);
	if (*frames >= 1 && *frames <= (int64_t)PREVIEW_SOUND_MS * PER_MS)
		return 0;
	e = *frames < 1 ? ERR_FORMAT : ERR_RANGE;
	op_free(*of);
	return e;
}

/* Mono, at most FRAMES_MAX of them. Returns how many, 0 at the end, or
 * ERR_FORMAT. Holes are what a damaged file has: it goes on behind them. */
static int
read_mono(OggOpusFile *of, int16_t out[static FRAMES_MAX])
{
	opus_int16 two[2 * FRAMES_MAX];
	int n, i, holes = 0;

	do {
		n = op_read_stereo(of, two, 2 * FRAMES_MAX);
	} while (n == OP_HOLE && holes++ < 1000);
	if (n < 0)
		return ERR_FORMAT;
	for (i = 0; i < n; i++)
		out[i] = (int16_t)((two[2 * i] + two[2 * i + 1]) / 2);
	return n;
}

int
sound_look(const struct preview_ask *ask, struct preview_answer *out)
{
	static int16_t part[FRAMES_MAX];
	int peaks[PREVIEW_BARS] = {0};
	OggOpusFile *of;
	int64_t frames, at = 0, bar;
	int n, i, v, r = open_sound(ask, &of, &frames);

	if (r != 0)
		return r;
	while ((n = read_mono(of, part)) > 0 && at < frames) {
		for (i = 0; i < n; i++, at++) {
			bar = at * PREVIEW_BARS / frames;
			v = abs(part[i]);
			if (bar < PREVIEW_BARS && v > peaks[bar])
				peaks[bar] = v;
		}
	}
	op_free(of);
	if (n < 0)
		return n;
	for (i = 0; i < PREVIEW_BARS; i++)
		out->bars[i] = loudness_of(peaks[i]);
	out->duration_ms = (uint32_t)(frames / PER_MS);
	return 0;
}

int
sound_pcm(const struct preview_ask *ask, struct preview_answer *out)
{
	static int16_t part[FRAMES_MAX];
	int64_t frames, want = (int64_t)PREVIEW_PCM_MS * PER_MS, got = 0;
	OggOpusFile *of;
	uint8_t *o;
	int n = 0, i, r = open_sound(ask, &of, &frames);

	if (r != 0)
		return r;
	out->duration_ms = (uint32_t)(frames / PER_MS);
	if (ask->from_ms >= out->duration_ms ||
	    op_pcm_seek(of, (int64_t)ask->from_ms * PER_MS) != 0)
		r = ERR_RANGE;
	o = r == 0 ? malloc((size_t)want * 2) : NULL;
	out->data = o;
	if (r == 0 && o == NULL)
		r = ERR_NOMEM;
	while (r == 0 && got < want && (n = read_mono(of, part)) > 0) {
		for (i = 0; i < n && got < want; i++, got++) {
			*o++ = (uint8_t)part[i];
			*o++ = (uint8_t)((uint16_t)part[i] >> 8);
		}
	}
	out->len = (size_t)got * 2;
	op_free(of);
	return n < 0 ? n : r;
}
