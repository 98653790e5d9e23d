/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apply.h — internal: one opened entry on one public record. */
#ifndef COMMON_GROUP_APPLY_H
#define COMMON_GROUP_APPLY_H

#include "common/group/public.h"

/* As group_public_apply(), with the entry opened already. */
int apply_entry(const uint8_t *record, size_t len, const struct group_entry *e,
    const struct group_keys *keys, struct buf *out,
    enum group_why *why) MUST_USE;

/* 0; ERR_DENIED and *why NO_DEVICE or SIGNATURE; ERR_NOMEM, errors of keys. */
int apply_verify(const struct group_entry *e, const struct group_keys *keys,
    enum group_why *why) MUST_USE;

#endif
