/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base.h — the few macros every file needs, and the error codes. */
#ifndef COMMON_BASE_H
#define COMMON_BASE_H

#include "common/err.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The caller must look at the result. */
#define MUST_USE     __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NORETURN     __attribute__((noreturn))

#endif
