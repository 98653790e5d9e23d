/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * banned.h — functions this project does without. Included before every file
 * by DEVELOPER=1; the system headers come first so that they may still use
 * what we may not.
 */
#ifndef COMMON_BANNED_H
#define COMMON_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Some are macros under _FORTIFY_SOURCE, which clang will not poison. */
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef strncpy
#undef strncat
#undef strtok

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok
#pragma GCC poison strncpy strncat atoi atol atof
#pragma GCC poison gmtime localtime ctime asctime
#pragma GCC poison srand tmpnam mktemp
/* OpenSSL's headers have parameters of this name, so only the call is refused */
#undef rand
#define rand() rand_is_banned

#endif
