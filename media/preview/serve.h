/* SPDX-License-Identifier: GPL-3.0-or-later */
/* serve.h — answer requests on a descriptor (common/proto/preview.proto). */
#ifndef MEDIA_PREVIEW_SERVE_H
#define MEDIA_PREVIEW_SERVE_H

#include "common/base.h"

/* Until the other end closes it. Returns 0; ERR_IO; ERR_FORMAT, ERR_RANGE what
 * was asked makes no sense; ERR_NOMEM. */
int serve(int fd) MUST_USE;

#endif
