/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child.h — where the programs are that only sotto starts. */
#ifndef MEDIA_CHILD_H
#define MEDIA_CHILD_H

#include <stddef.h>

#define CHILD_PATH_MAX 4096

/* Beside the program that runs, as in a build folder; else where it was
 * installed. */
void child_path(const char *program, char path[static CHILD_PATH_MAX]);

#endif
