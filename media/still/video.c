/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/still/video.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "media/still/libav.h"
#include "media/still_int.h"

/* What phones and cameras make, and nothing that names other files. */
#define CONTAINERS "mov,mp4,matroska,webm,avi,ogg,mpegts,mpeg,flv,asf,3gp"
#define CODECS                                                                 \
	"h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mpeg1video,mpeg2video,h263,"     \
	"theora,mjpeg,vc1,wmv3,wmv2,wmv1,msmpeg4,flv"
#define IO_BUFFER   (64 * 1024)
#define PROBE_BYTES (2 * 1024 * 1024)
#define PACKETS_MAX 2000 /* looked through for frames */
#define FRAMES_MAX  90 /* looked at for one that is not dark */
#define DARK	    24 /* mean of the green, 0..255 */
#define LATEST_US   3000000 /* where the picture is from at the latest */

struct reader {
	const struct video_source *source;
	uint64_t at;
	bool failed;
};

static int
on_read(void *opaque, uint8_t *p, int len)
{
	struct reader *rd = opaque;
	uint64_t left = rd->source->size - rd->at;
	size_t n = (uint64_t)len < left ? (size_t)len : (size_t)left;

	if (n == 0)
		return AVERROR_EOF;
	if (rd->failed ||
	    rd->source->read(rd->source->ctx, rd->at, p, n) != 0) {
		rd->failed = true;
		return AVERROR(EIO);
	}
	rd->at += n;
	return (int)n;
}

static int64_t
on_seek(void *opaque, int64_t to, int whence)
{
	struct reader *rd = opaque;
	int64_t size = (int64_t)rd->source->size;

	whence &= ~AVSEEK_FORCE;
	if (whence == AVSEEK_SIZE)
		return size;
	if (whence == SEEK_CUR)
		to += (int64_t)rd->at;
	else if (whence == SEEK_END)
		to += size;
	else if (whence != SEEK_SET)
		return AVERROR(EINVAL);
	if (to < 0 || to > size)
		return AVERROR(EINVAL);
	rd->at = (uint64_t)to;
	return to;
}

void
video_warm_up(void)
{
	av_log_set_level(AV_LOG_QUIET);
	(void)av_cpu_count();
	(void)av_get_cpu_flags();
}

struct video {
	struct reader reader;
	AVIOContext *io;
	AVFormatContext *f;
	AVCodecContext *c;
	AVStream *s; /* of f */
	AVPacket *packet;
	AVFrame *frame; /* the last one decoded */
	AVFrame *best; /* the one to show */
};

static void
video_close(struct video *v)
{
	av_frame_free(&v->best);
	av_frame_free(&v->frame);
	av_packet_free(&v->packet);
	avcodec_free_context(&v->c);
	avformat_close_input(&v->f);
	if (v->io != NULL)
		av_freep(&v->io->buffer);
	avio_context_free(&v->io);
}

/* ---- opening -------------------------------------------------------------------- */

static int
open_io(struct video *v)
{
	uint8_t *buffer = av_malloc(IO_BUFFER);

	if (buffer == NULL)
		return ERR_NOMEM;
	v->io = avio_alloc_context(
	    buffer, IO_BUFFER, 0, &v->reader, on_read, NULL, on_seek);
	if (v->io == NULL)
		av_free(buffer);
	v->f = avformat_alloc_context();
	v->packet = av_packet_alloc();
	v->frame = av_frame_alloc();
	v->best = av_frame_alloc();
	if (v->io == NULL || v->f == NULL || v->packet == NULL ||
	    v->frame == NULL || v->best == NULL)
		return ERR_NOMEM;
	v->f->pb = v->io;
	v->f->flags |= AVFMT_FLAG_CUSTOM_IO;
	v->f->probesize = PROBE_BYTES;
	return 0;
}

static int
open_container(struct video *v)
{
	AVDictionary *o = NULL;
	int e = av_dict_set(&o, "format_whitelist", CONTAINERS, 0), best;

	if (e >= 0)
		e = av_dict_set(&o, "codec_whitelist", CODECS, 0);
	/* Frees f when it fails. */
	if (e >= 0)
		e = avformat_open_input(&v->f, NULL, NULL, &o);
	av_dict_free(&o);
	if (e < 0)
		return e == AVERROR(ENOMEM) ? ERR_NOMEM : ERR_FORMAT;
	if (avformat_find_stream_info(v->f, NULL) < 0)
		return ERR_FORMAT;
	best = av_find_best_stream(v->f, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
	if (best < 0)
		return ERR_FORMAT;
	v->s = v->f->streams[best];
	return 0;
}

static int
open_codec(struct video *v)
{
	const AVCodec *codec = avcodec_find_decoder(v->s->codecpar->codec_id);
	AVDictionary *o = NULL;
	int e;

	if (codec == NULL)
		return ERR_FORMAT;
	v->c = avcodec_alloc_context3(codec);
	if (v->c == NULL)
		return ERR_NOMEM;
	if (v->s->codecpar->width > STILL_VIDEO_SIDE ||
	    v->s->codecpar->height > STILL_VIDEO_SIDE)
		return ERR_RANGE;
	v->c->max_pixels = (int64_t)STILL_VIDEO_SIDE * STILL_VIDEO_SIDE / 2;
	e = avcodec_parameters_to_context(v->c, v->s->codecpar);
	if (e >= 0)
		e = av_dict_set(&o, "codec_whitelist", CODECS, 0);
	v->c->thread_count = 1; /* the sandbox has no others */
	if (e >= 0)
		e = avcodec_open2(v->c, codec, &o);
	av_dict_free(&o);
	return e >= 0 ? 0 : e == AVERROR(ENOMEM) ? ERR_NOMEM : ERR_FORMAT;
}

/* ---- the frame -------------------------------------------------------------------- */

/* A tenth into it, at most LATEST_US; where that cannot be, from the start. */
static void
go_to(struct video *v)
{
	int64_t to = v->f->duration > 0 ? v->f->duration / 10 : 0;
	int64_t start =
	    v->f->start_time != AV_NOPTS_VALUE ? v->f->start_time : 0;

	if (to > LATEST_US)
		to = LATEST_US;
	if (av_seek_frame(v->f, -1, start + to, AVSEEK_FLAG_BACKWARD) < 0)
		(void)av_seek_frame(v->f, -1, start, AVSEEK_FLAG_BACKWARD);
}

/* The next frame into v->frame: 1, 0 there is none, or an error. */
static int
next_frame(struct video *v, int *packets)
{
	int e, r = 0;

	while ((e = avcodec_receive_frame(v->c, v->frame)) == AVERROR(EAGAIN)) {
		if (++*packets > PACKETS_MAX)
			return 0;
		e = av_read_frame(v->f, v->packet);
		if (e == 0 && v->packet->stream_index == v->s->index)
			/* A broken packet costs its frame. */
			(void)avcodec_send_packet(v->c, v->packet);
		else if (e < 0)
			r = avcodec_send_packet(v->c, NULL);
		av_packet_unref(v->packet);
		if (r < 0)
			return 0;
	}
	if (e == AVERROR(ENOMEM))
		return ERR_NOMEM;
	return e == 0;
}

/* w x h pixels of a frame, in rows without gaps. */
static int
to_rgb(const AVFrame *f, int w, int h, uint8_t *rgb)
{
	struct SwsContext *sws;
	uint8_t *planes[4] = {rgb, NULL, NULL, NULL};
	int strides[4] = {3 * w, 0, 0, 0}, n;

	sws = sws_getContext(f->width, f->height, f->format, w, h,
	    AV_PIX_FMT_RGB24, SWS_AREA, NULL, NULL, NULL);
	if (sws == NULL)
		return ERR_FORMAT;
	n = sws_scale(sws, (const uint8_t *const *)f->data, f->linesize, 0,
	    f->height, planes, strides);
	sws_freeContext(sws);
	return n == h ? 0 : ERR_FORMAT;
}

/* How light it is, 0..255. */
static int
lightness(const AVFrame *f)
{
	static uint8_t small[3 * 16 * 16];
	int i, sum = 0;

	if (to_rgb(f, 16, 16, small) != 0)
		return 0;
	for (i = 0; i < 256; i++)
		sum += small[3 * i + 1];
	return sum / 256;
}

/* The first that is not dark, or the lightest of many, into v->best. */
static int
find_frame(struct video *v)
{
	int packets = 0, frames = 0, best = -1, light, r;

	while (frames++ < FRAMES_MAX && (r = next_frame(v, &packets)) != 0) {
		if (r < 0)
			return r;
		if (v->frame->width <= 0 || v->frame->height <= 0)
			continue;
		light = lightness(v->frame);
		if (light > best) {
			best = light;
			av_frame_unref(v->best);
			av_frame_move_ref(v->best, v->frame);
		}
		if (best >= DARK)
			break;
	}
	return best >= 0 ? 0 : ERR_FORMAT;
}

/* ---- turning ------------------------------------------------------------------------ */

/* Quarters, clockwise, that the file wants it turned by. */
static int
quarters(const AVStream *s)
{
	size_t len = 0;
	const uint8_t *m =
	    av_stream_get_side_data(s, AV_PKT_DATA_DISPLAYMATRIX, &len);
	double turn;

	if (m == NULL || len < 9 * sizeof(int32_t))
		return 0;
	turn = -av_display_rotation_get((const int32_t *)(const void *)m);
	if (!(turn >= -360 && turn <= 360)) /* no rotation at all: NaN */
		return 0;
	return ((int)((turn + 720 + 45) / 90)) % 4;
}

/* From w x h to upright. */
static void
turn_rgb(const uint8_t *from, uint8_t *to, int w, int h, int turns)
{
	int x, y, tx, ty, tw = turns % 2 != 0 ? h : w;

	for (y = 0; y < h; y++) {
		for (x = 0; x < w; x++) {
			tx = turns == 1	  ? h - 1 - y
			     : turns == 2 ? w - 1 - x
			     : turns == 3 ? y
					  : x;
			ty = turns == 1	  ? x
			     : turns == 2 ? h - 1 - y
			     : turns == 3 ? w - 1 - x
					  : y;
			memcpy(to + 3 * ((size_t)ty * (size_t)tw + (size_t)tx),
			    from + 3 * ((size_t)y * (size_t)w + (size_t)x), 3);
		}
	}
}

/* Pixels need not be square: the width as it is meant. */
static int
shown_width(struct video *v, const AVFrame *f)
{
	AVRational a =
	    av_guess_sample_aspect_ratio(v->f, v->s, (AVFrame *)(uintptr_t)f);
	int64_t w = f->width;

	if (a.num > 0 && a.den > 0)
		w = w * a.num / a.den;
	return w >= 1 && w <= STILL_VIDEO_SIDE ? (int)w : f->width;
}

static int
make_still(struct video *v, int side, struct video_still *out)
{
	const AVFrame *f = v->best;
	int w = shown_width(v, f), h = f->height, turns = quarters(v->s), r;
	int longest = w > h ? w : h, pw = w, ph = h;
	uint8_t *raw, *up;

	if (w > STILL_VIDEO_SIDE || h > STILL_VIDEO_SIDE)
		return ERR_RANGE;
	if (longest > side) {
		pw = (int)((int64_t)w * side / longest);
		ph = (int)((int64_t)h * side / longest);
		pw = pw > 0 ? pw : 1;
		ph = ph > 0 ? ph : 1;
	}
	raw = malloc(3 * (size_t)pw * (size_t)ph);
	up = malloc(3 * (size_t)pw * (size_t)ph);
	r = raw != NULL && up != NULL ? to_rgb(f, pw, ph, raw) : ERR_NOMEM;
	if (r == 0) {
		turn_rgb(raw, up, pw, ph, turns);
		*out = (struct video_still){
		    .video_w = (uint32_t)(turns % 2 != 0 ? h : w),
		    .video_h = (uint32_t)(turns % 2 != 0 ? w : h),
		    .w = (uint32_t)(turns % 2 != 0 ? ph : pw),
		    .h = (uint32_t)(turns % 2 != 0 ? pw : ph),
		    .rgb = up,
		};
		up = NULL;
	}
	free(raw);
	free(up);
	return r;
}

int
video_still(
    const struct video_source *source, int side, struct video_still *out)
{
	struct video v = {.reader = {.source = source}};
	int64_t ms;
	int r = open_io(&v);

	if (r == 0)
		r = open_container(&v);
	if (r == 0)
		r = open_codec(&v);
	if (r == 0) {
		go_to(&v);
		r = find_frame(&v);
	}
	if (r == 0)
		r = make_still(&v, side, out);
	if (r == 0 && v.f->duration > 0) {
		ms = v.f->duration / (AV_TIME_BASE / 1000);
		out->duration_ms = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
	}
	video_close(&v);
	return r;
}
