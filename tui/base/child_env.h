/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child_env.h — the environment of programs that are started for the person:
 * an editor, a passphrase command. It is ours without the secrets it may hold
 * and without what is set for our own libraries.
 */
#ifndef TUI_BASE_CHILD_ENV_H
#define TUI_BASE_CHILD_ENV_H

#include "common/base.h"

/*
 * To be called once, before there is a second thread: keeps GnuTLS, which
 * libcurl brings along and which is never used, from starting itself. That is a
 * megabyte of an idle client's memory.
 */
void child_env_lean(void);

/*
 * The entries of env but SOTTO_PASSPHRASE, SOTTO_PIN, SOTTO_BACKUP_PASSWORD,
 * SOTTO_BACKUP_CODE and what child_env_lean() has set.
 *   env  "NAME=value", NULL-terminated; outlives the result, which holds its
 *        strings
 * Returns what the caller gives to free(), NULL without memory.
 */
char **child_env(char *const *env) MUST_USE;

#endif
