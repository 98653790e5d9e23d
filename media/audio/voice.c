/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/audio/voice.h"

#include <stdlib.h>

#include <opusenc.h>

#include "media/loudness.h"

#define FRAMES_A_PEAK (VOICE_PEAK_MS / AUDIO_FRAME_MS)

struct voice {
	OggOpusEnc *enc;
	voice_sink_fn *sink;
	void *ctx;
	int sink_code; /* what it returned, once it was not 0 */
	uint32_t frames, frames_max;
	uint16_t peaks[]; /* 0..32768, one for FRAMES_A_PEAK */
};

static int
on_write(void *ctx, const unsigned char *p, opus_int32 len)
{
	struct voice *v = ctx;

	if (v->sink_code == 0)
		v->sink_code = v->sink(v->ctx, p, (size_t)len);
	return v->sink_code != 0;
}

static int
on_close(void *ctx)
{
	(void)ctx;
	return 0;
}

static int
code_of(const struct voice *v, int e)
{
	if (e == OPE_OK)
		return 0;
	if (v->sink_code != 0)
		return v->sink_code;
	return e == OPE_ALLOC_FAIL ? ERR_NOMEM : ERR_INTERNAL;
}

static int
set_up(OggOpusEnc *enc)
{
	int e = ope_encoder_ctl(enc, OPUS_SET_BITRATE(VOICE_BITRATE));

	if (e == OPE_OK)
		e = ope_encoder_ctl(enc, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
	if (e == OPE_OK)
		e = ope_encoder_ctl(enc, OPUS_SET_VBR(1));
	return e;
}

static struct voice *
voice_alloc(uint32_t max_ms)
{
	uint32_t ms = max_ms < 1	      ? 1
		      : max_ms > VOICE_MAX_MS ? VOICE_MAX_MS
					      : max_ms;
	uint32_t frames = (ms + AUDIO_FRAME_MS - 1) / AUDIO_FRAME_MS;
	size_t peaks = (frames + FRAMES_A_PEAK - 1) / FRAMES_A_PEAK;
	struct voice *v = calloc(1, sizeof(*v) + peaks * sizeof(v->peaks[0]));

	if (v != NULL)
		v->frames_max = frames;
	return v;
}

int
voice_new(struct voice **out, uint32_t max_ms, voice_sink_fn *sink, void *ctx)
{
	static const OpusEncCallbacks calls = {on_write, on_close};
	struct voice *v = voice_alloc(max_ms);
	OggOpusComments *none = ope_comments_create();
	int e = OPE_ALLOC_FAIL, r;

	if (v != NULL && none != NULL) {
		v->sink = sink;
		v->ctx = ctx;
		v->enc = ope_encoder_create_callbacks(
		    &calls, v, none, AUDIO_HZ, 1, 0, &e);
	}
	if (v != NULL && v->enc != NULL)
		e = set_up(v->enc);
	if (none != NULL)
		ope_comments_destroy(none);
	if (e == OPE_OK) {
		*out = v;
		return 0;
	}
	r = v == NULL ? ERR_NOMEM : code_of(v, e);
	voice_free(v);
	return r;
}

void
voice_free(struct voice *v)
{
	if (v == NULL)
		return;
	if (v->enc != NULL)
		ope_encoder_destroy(v->enc);
	free(v);
}

static int
peak_of(const int16_t *frame)
{
	int peak = 0;

	for (size_t i = 0; i < AUDIO_FRAME; i++) {
		if (abs(frame[i]) > peak)
			peak = abs(frame[i]);
	}
	return peak;
}

uint8_t
voice_level(const int16_t frame[static AUDIO_FRAME])
{
	return loudness_of(peak_of(frame));
}

int
voice_put(struct voice *v, const int16_t frame[static AUDIO_FRAME])
{
	int p = peak_of(frame), r;
	uint16_t *peak;

	if (v->frames >= v->frames_max)
		return ERR_FULL;
	peak = &v->peaks[v->frames / FRAMES_A_PEAK];
	r = code_of(v, ope_encoder_write(v->enc, frame, AUDIO_FRAME));
	if (r != 0)
		return r;
	if (p > *peak)
		*peak = (uint16_t)p;
	v->frames++;
	return 0;
}

/* Each bar has the loudest of its peaks; a short note's peaks stretch. */
static void
draw_bars(const struct voice *v, uint8_t bars[static VOICE_BARS])
{
	size_t n = (v->frames + FRAMES_A_PEAK - 1) / FRAMES_A_PEAK;

	for (size_t b = 0; b < VOICE_BARS; b++) {
		size_t from = b * n / VOICE_BARS, to = (b + 1) * n / VOICE_BARS;
		int most = 0;

		if (to <= from)
			to = from + 1;
		for (size_t i = from; i < to; i++) {
			if (v->peaks[i] > most)
				most = v->peaks[i];
		}
		bars[b] = loudness_of(most);
	}
}

int
voice_finish(struct voice *v, struct voice_facts *out)
{
	int r;

	if (v->frames == 0)
		return ERR_STATE;
	r = code_of(v, ope_encoder_drain(v->enc));
	if (r != 0)
		return r;
	out->duration_ms = voice_ms(v);
	draw_bars(v, out->bars);
	return 0;
}

uint32_t
voice_ms(const struct voice *v)
{
	return v->frames * AUDIO_FRAME_MS;
}
