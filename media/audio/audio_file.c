/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audio_file.c — a WAV file as a device, and silence as one. Both keep time, as
 * a device does: a frame each 10 ms. Source: "Multimedia Programming Interface
 * and Data Specifications 1.0" (RIFF, WAVE).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "media/audio/audio_int.h"

#define HEADER_LEN 44
#define CHUNKS_MAX 64 /* before the samples */
#define FMT_MAX	   64 /* bytes of a "fmt " chunk */
#define DATA_MAX   (UINT32_MAX - HEADER_LEN)

struct file {
	FILE *f; /* NULL: silence */
	int64_t next_us; /* when the next frame is due */
	uint32_t left; /* IN: bytes of samples; OUT: bytes written */
};

static void
put_u16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void
put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, v & 0xffff);
	put_u16(p + 2, v >> 16);
}

static unsigned
get_u16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static uint32_t
get_u32(const uint8_t *p)
{
	return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

static int
write_header(FILE *f, uint32_t bytes)
{
	uint8_t h[HEADER_LEN];

	memcpy(h, "RIFF....WAVEfmt ", 16);
	put_u32(h + 4, HEADER_LEN - 8 + bytes);
	put_u32(h + 16, 16);
	put_u16(h + 20, 1); /* PCM */
	put_u16(h + 22, 1); /* mono */
	put_u32(h + 24, AUDIO_HZ);
	put_u32(h + 28, AUDIO_HZ * 2);
	put_u16(h + 32, 2);
	put_u16(h + 34, 16);
	memcpy(h + 36, "data", 4);
	put_u32(h + 40, bytes);
	return fseek(f, 0, SEEK_SET) == 0 && fwrite(h, sizeof(h), 1, f) == 1
		   ? 0
		   : ERR_IO;
}

static bool
is_our_format(const uint8_t *fmt, uint32_t len)
{
	return len >= 16 && get_u16(fmt) == 1 && get_u16(fmt + 2) == 1 &&
	       get_u32(fmt + 4) == AUDIO_HZ && get_u16(fmt + 14) == 16;
}

/* Up to the samples. 0, or ERR_FORMAT. */
static int
read_header(FILE *f, uint32_t *bytes)
{
	uint8_t h[12], fmt[FMT_MAX];
	bool known = false;

	if (fread(h, 12, 1, f) != 1 || memcmp(h, "RIFF", 4) != 0 ||
	    memcmp(h + 8, "WAVE", 4) != 0)
		return ERR_FORMAT;
	for (int i = 0; i < CHUNKS_MAX; i++) {
		uint32_t len;

		if (fread(h, 8, 1, f) != 1)
			return ERR_FORMAT;
		len = get_u32(h + 4);
		if (memcmp(h, "data", 4) == 0) {
			*bytes = len;
			return known ? 0 : ERR_FORMAT;
		}
		if (memcmp(h, "fmt ", 4) == 0) {
			if (len > FMT_MAX || fread(fmt, len, 1, f) != 1)
				return ERR_FORMAT;
			known = is_our_format(fmt, len);
		} else if (fseek(f, (long)len + (len & 1), SEEK_CUR) != 0) {
			return ERR_FORMAT;
		}
	}
	return ERR_FORMAT;
}

static int
open_failed(struct audio *a, const char *path)
{
	int e = errno;

	return audio_fail(&a->why,
	    e == ENOENT				      ? ERR_NOTFOUND
	    : e == EACCES || e == EPERM || e == EROFS ? ERR_DENIED
						      : ERR_IO,
	    "%.100s: %s", path, strerror(e));
}

static int
start(struct audio *a, FILE *f, uint32_t left)
{
	struct file *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		if (f != NULL)
			fclose(f);
		return audio_fail(&a->why, ERR_NOMEM, "Out of memory.");
	}
	p->f = f;
	p->left = left;
	p->next_us = audio_now_us();
	a->state = p;
	return 0;
}

static int
file_open(struct audio *a, const char *path)
{
	FILE *f = fopen(path, a->dir == AUDIO_IN ? "rbe" : "wbe");
	uint32_t left = 0;
	int r;

	if (f == NULL)
		return open_failed(a, path);
	r = a->dir == AUDIO_IN ? read_header(f, &left) : write_header(f, 0);
	if (r != 0) {
		fclose(f);
		return audio_fail(&a->why, r,
		    r == ERR_FORMAT
			? "%.100s: not a WAV file of 48,000 Hz, mono, 16 bit"
			: "%.100s: cannot be written",
		    path);
	}
	return start(a, f, left);
}

static int
null_open(struct audio *a, const char *name)
{
	(void)name;
	return start(a, NULL, UINT32_MAX);
}

static void
file_close(struct audio *a)
{
	struct file *p = a->state;

	/* Nobody is left to be told; a player takes a short length as an end */
	if (p->f != NULL) {
		if (a->dir == AUDIO_OUT)
			(void)write_header(p->f, p->left);
		fclose(p->f);
	}
	free(p);
}

/* Until the next frame is due: 0, or ERR_TIMEOUT after timeout_ms. */
static int
keep_time(struct file *p, int timeout_ms)
{
	int64_t now = audio_now_us(), wait = p->next_us - now;
	bool late = wait > (int64_t)timeout_ms * 1000;

	if (late)
		wait = (int64_t)timeout_ms * 1000;
	if (wait > 0) {
		struct timespec ts = {
		    .tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000};

		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	}
	if (late)
		return ERR_TIMEOUT;
	p->next_us += AUDIO_FRAME_MS * 1000;
	return 0;
}

static int
ended(struct audio *a)
{
	return audio_fail(&a->why, ERR_CLOSED, "The sound file has ended.");
}

static int
file_read(struct audio *a, int16_t *frame, int timeout_ms)
{
	struct file *p = a->state;
	uint8_t b[AUDIO_FRAME_BYTES] = {0};
	size_t want = p->left < sizeof(b) ? p->left & ~1u : sizeof(b);
	int r;

	if (want == 0)
		return ended(a);
	r = keep_time(p, timeout_ms);
	if (r != 0)
		return r;
	if (p->f != NULL) {
		size_t got = fread(b, 1, want, p->f) & ~(size_t)1;

		if (got == 0)
			return ended(a);
		p->left = got < want ? 0 : p->left - (uint32_t)want;
	}
	for (size_t i = 0; i < AUDIO_FRAME; i++)
		frame[i] = (int16_t)get_u16(b + 2 * i);
	return 0;
}

static int
file_write(struct audio *a, const int16_t *frame, int timeout_ms)
{
	struct file *p = a->state;
	uint8_t b[AUDIO_FRAME_BYTES];
	int r = keep_time(p, timeout_ms);

	if (r != 0 || p->f == NULL)
		return r;
	if (p->left > DATA_MAX - sizeof(b))
		return audio_fail(&a->why, ERR_FULL, "The sound file is full.");
	for (size_t i = 0; i < AUDIO_FRAME; i++)
		put_u16(b + 2 * i, (uint16_t)frame[i]);
	if (fwrite(b, sizeof(b), 1, p->f) != 1)
		return audio_fail(
		    &a->why, ERR_IO, "Writing the sound: %s.", strerror(errno));
	p->left += sizeof(b);
	return 0;
}

static int
file_drain(struct audio *a, int timeout_ms)
{
	struct file *p = a->state;

	(void)timeout_ms;
	if (p->f != NULL &&
	    (write_header(p->f, p->left) != 0 || fflush(p->f) != 0 ||
		fseek(p->f, 0, SEEK_END) != 0))
		return audio_fail(
		    &a->why, ERR_IO, "Writing the sound: %s.", strerror(errno));
	return 0;
}

static int
file_delay_ms(struct audio *a)
{
	(void)a;
	return 0;
}

const struct audio_ops audio_file = {.prefix = "file",
    .open = file_open,
    .close = file_close,
    .read = file_read,
    .write = file_write,
    .drain = file_drain,
    .delay_ms = file_delay_ms};

const struct audio_ops audio_null = {.prefix = "null",
    .open = null_open,
    .close = file_close,
    .read = file_read,
    .write = file_write,
    .drain = file_drain,
    .delay_ms = file_delay_ms};
