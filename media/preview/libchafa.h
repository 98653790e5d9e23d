/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libchafa.h — <chafa.h>, whose macros our warnings do not like. */
#ifndef MEDIA_PREVIEW_LIBCHAFA_H
#define MEDIA_PREVIEW_LIBCHAFA_H

#pragma GCC system_header

#include <chafa.h>

#endif
