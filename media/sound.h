/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sound.h — voice notes on a libuv loop: recorded and played by sotto-audio,
 * which has the devices; decoded by sotto-preview, which has nothing. Neither
 * runs while nothing is recorded or played. docs/adr/0021-sound-in-a-child.md.
 */
#ifndef MEDIA_SOUND_H
#define MEDIA_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "common/base.h"
#include "media/preview.h"

#define SOUND_NOTE_MAX	 PREVIEW_FILE_MAX /* bytes of a recorded note */
#define SOUND_DEVICE_MAX 512 /* bytes of a device's id, NUL included */
#define SOUND_SPEED_MIN	 50 /* percent */
#define SOUND_SPEED_MAX	 200
#define SOUND_LIST_MAX	 64

struct sound_device {
	const char *id; /* media/audio/audio.h */
	const char *name; /* not sanitised */
	bool is_default;
};

enum sound_kind {
	SOUND_DEVICES, /* devices, n */
	SOUND_LEVEL, /* at_ms recorded so far, loudness */
	SOUND_RECORDED, /* note, len, at_ms its length, bars; it is over */
	SOUND_POSITION, /* at_ms is heard about now */
	SOUND_ENDED, /* played to its end, stopped or cancelled */
	SOUND_FAILED, /* code, text; it is over */
};

/* What happened; all of it borrowed for the call. */
struct sound_event {
	enum sound_kind kind;
	uint32_t at_ms;
	uint8_t loudness; /* 0..255 */
	const struct sound_device *devices; /* the default first */
	size_t n;
	const uint8_t *note; /* Ogg Opus */
	size_t len;
	const uint8_t *bars; /* PREVIEW_BARS */
	int code; /* common/err.h */
	const char *text; /* a sentence; not sanitised */
};

/* Called from the loop, never from inside of a function of this header. It may
 * call them, but for sound_free(). */
typedef void sound_event_fn(void *ctx, const struct sound_event *ev);

struct sound; /* heap; belongs to its loop's thread */

/*
 * Starts nothing yet. The process ignores SIGPIPE: children may die.
 *   preview  borrowed, outlives it; used to play
 *   env      borrowed, outlives it: what sotto-audio gets to know
 * 0, ERR_NOMEM.
 */
int sound_new(struct sound **s, uv_loop_t *loop, struct preview *preview,
    char **env, sound_event_fn *fn, void *ctx) MUST_USE;

/* What is under way is given up; nobody is called any more. The loop runs on
 * for a moment before the memory is gone. NULL is fine. */
void sound_free(struct sound *s);

bool sound_is_busy(const struct sound *s);

/*
 * Record until sound_stop(), sound_cancel() or max_ms. device NULL or "": the
 * default. Returns 0, and a SOUND_RECORDED, SOUND_ENDED or SOUND_FAILED comes;
 * ERR_BUSY something is under way; ERR_RANGE; ERR_SYS, ERR_NOMEM.
 */
int sound_record(struct sound *s, const char *device, uint32_t max_ms) MUST_USE;

/*
 * Play a note from there on; what is played already is given up without a word.
 *   note     copied
 *   percent  of the speed
 * Returns 0, and a SOUND_ENDED or SOUND_FAILED comes; ERR_BUSY it records;
 * ERR_RANGE; ERR_SYS, ERR_NOMEM.
 */
int sound_play(struct sound *s, const char *device, const uint8_t *note,
    size_t len, uint32_t from_ms, int percent) MUST_USE;

/* The devices of one kind: SOUND_DEVICES or SOUND_FAILED. As sound_record(). */
int sound_list(struct sound *s, bool loudspeakers) MUST_USE;

/* Of what is under way, if anything is. */
void sound_seek(struct sound *s, uint32_t from_ms); /* playing */
void sound_speed(struct sound *s, int percent); /* playing */
void sound_pause(struct sound *s, bool on);
void sound_stop(struct sound *s); /* a recording is kept */
void sound_cancel(struct sound *s); /* a recording is not */

/* Tests: the program to start instead. NULL: as usual. */
void sound_override(const char *program);

#endif
