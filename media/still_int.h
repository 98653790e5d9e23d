/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * still_int.h — what goes between sotto and sotto-still; numbers are big-endian.
 *
 *   to the child, once     u64 size of the video, u32 side
 *   from it, often         'R', u64 at, u32 len
 *   answered by            u32 len (0: it cannot be had), the bytes
 *   from it, at the end    'A', u32 -code, u32 duration in ms,
 *                          u32 width, height of the video,
 *                          u32 width, height of the picture, its RGB
 */
#ifndef MEDIA_STILL_INT_H
#define MEDIA_STILL_INT_H

#define STILL_HEAD_LEN	 12
#define STILL_READ	 'R'
#define STILL_READ_LEN	 12 /* behind the letter */
#define STILL_ANSWER	 'A'
#define STILL_ANSWER_LEN 24 /* behind the letter, before RGB */
#define STILL_VIDEO_SIDE 8192 /* pixels of a frame, one way */

#endif
