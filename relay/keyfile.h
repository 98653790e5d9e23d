/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyfile.h — the relay's own Noise key, in <data-dir>/relay.key: one line of
 * base64url, readable by its owner only. It is made once and never changes:
 * clients pin it.
 */
#ifndef RELAY_KEYFILE_H
#define RELAY_KEYFILE_H

#include <stddef.h>

#include "common/base.h"
#include "common/noise/noise.h"

#define KEYFILE_NAME "relay.key"

/*
 * Read the key, make it when there is none. dir exists. kp lies in memory that
 * may hold secrets (sodium_malloc).
 * Returns 0; ERR_DENIED others may read the file; ERR_FORMAT it is no key;
 * ERR_SYS, ERR_IO. why (cap bytes): a sentence, set on error.
 */
int keyfile_load(
    const char *dir, struct noise_keypair *kp, char *why, size_t cap) MUST_USE;

#endif
