/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libav.h — FFmpeg's headers, whose macros our warnings do not like. */
#ifndef MEDIA_STILL_LIBAV_H
#define MEDIA_STILL_LIBAV_H

#pragma GCC system_header

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/cpu.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>

#endif
