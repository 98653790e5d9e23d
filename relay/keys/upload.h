/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upload.h — pre-keys as they come from a device, checked and copied into one
 * block that lives as long as the store needs it.
 */
#ifndef RELAY_KEYS_UPLOAD_H
#define RELAY_KEYS_UPLOAD_H

#include "common/base.h"
#include "common/proto/relay.pb-c.h"
#include "relay/store/store.h"

/*
 * Check the shapes of all keys and copy them.
 *   keys  out, borrows from the block
 * Returns 0 and a block for free(); ERR_FORMAT, ERR_RANGE, ERR_NOMEM with a
 * sentence in text.
 */
int upload_copy(const Sotto__Relay__PreKeys *in, struct store_keys *keys,
    void **block, const char **text) MUST_USE;

/* Has an identity key its 33 bytes and its type? */
bool upload_identity_ok(const ProtobufCBinaryData *pk);

#endif
