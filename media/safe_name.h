/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * safe_name.h — where a file of somebody else's is put: a name that harms
 * nobody, and a new file of that name, never over another.
 */
#ifndef MEDIA_SAFE_NAME_H
#define MEDIA_SAFE_NAME_H

#include <stddef.h>

#include "common/base.h"

#define SAFE_NAME_MAX 200 /* bytes */
#define SAFE_NAME_CAP (SAFE_NAME_MAX + 1)

/*
 * A name for a download out of what its sender calls it (any bytes). Always:
 * one component of valid, clean UTF-8 (no control, no bidi override, nothing
 * invisible), not hidden, not "-x", none that a system reserves (CON, NUL, a
 * trailing dot), no sign with a meaning to shells or other systems, no ending
 * out of view behind blanks. What could be started looks like what it is: in
 * "photo.jpg.exe" only the last dot stays.
 *   name, len  may be NULL, 0: then it is "file"
 *   mime       "image/jpeg" as the sender says, or NULL: gives an ending where
 *              there is none, and one behind an ending that could be started
 */
void safe_name(char out[static SAFE_NAME_CAP], const char *name, size_t len,
    const char *mime);

/*
 * Create a new, empty file for it, 0600, in the folder dir (an open
 * descriptor): "a.jpg", or else "a (1).jpg", "a (2).jpg", ... Links are not
 * followed, nothing is replaced.
 *   name  from safe_name(); rewritten to the one that was free
 *   fd    out, O_WRONLY; the caller closes
 * Returns 0; ERR_EXISTS a thousand are taken; ERR_SYS with errno.
 */
int safe_name_create(
    int dir, char name[static SAFE_NAME_CAP], int *fd) MUST_USE;

#endif
