/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/screen/backend.h"

const struct backend backend_engine = {
    .unlock = engine_unlock,
    .start = engine_register,
    .verify = engine_verify,
    .relay_key = engine_relay_key,
    .self = engine_self,
    .set_profile = engine_set_profile,
    .contact = engine_contact,
    .chats = engine_chats,
    .chats_top = engine_chats_top,
    .page_before = engine_page_before,
    .page_after = engine_page_after,
    .page_around = engine_page_around,
    .send_text = engine_send_text,
    .retry = engine_retry,
    .mark_read = engine_mark_read,
    .set_draft = engine_set_draft,
    .typing = engine_typing,
    .search = engine_search,
    .safety = engine_safety,
    .set_trust = engine_set_trust,
    .reconnect = engine_reconnect,
};
