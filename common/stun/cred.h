/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cred.h — credentials that hold for a time: whoever shares a secret with a
 * TURN server gives them out, and the server needs no list of users. The name
 * is "<Unix time>:<anything>", the password base64(HMAC-SHA1(secret, name)).
 * Source: draft-uberti-behave-turn-rest-00 §2.2, as coturn has it.
 */
#ifndef COMMON_STUN_CRED_H
#define COMMON_STUN_CRED_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define TURN_NAME_CAP	  96 /* with its NUL */
#define TURN_PASSWORD_CAP 29

/* 0; ERR_RANGE who is too long. */
int turn_cred_name(char out[static TURN_NAME_CAP], uint64_t expires_s,
    const char *who) MUST_USE;

void turn_cred_password(char out[static TURN_PASSWORD_CAP], const void *secret,
    size_t secret_len, const void *name, size_t name_len);

/*
 * Take a name apart.
 *   who  out, where what follows the ':' begins in name
 * Returns 0; ERR_FORMAT. Outputs are written on success only.
 */
int turn_cred_split(
    const void *name, size_t len, uint64_t *expires_s, size_t *who) MUST_USE;

#endif
