# SPDX-License-Identifier: GPL-3.0-or-later
# sotto-still: one picture out of a video, in a process that can do nothing else.
media/still_SRC  := media/still/video.c
media/still_PKG  := libavformat libavcodec libswscale libavutil
media/still_DEPS := media/preview media common
sotto-still_MAIN := media/still/main.c
sotto-still_MODS := media/still media/preview media common
