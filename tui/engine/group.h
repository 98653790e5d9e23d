/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group.h — the groups we are in: their chain of signed changes, followed,
 * checked and added to; who gets welcomes and secrets; what is shown when a
 * relay tells two stories. docs/groups.md §9. Messages to groups are
 * group_send.h's.
 */
#ifndef TUI_ENGINE_GROUP_H
#define TUI_ENGINE_GROUP_H

#include "common/group/group.h"
#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/store/store_group.h"

/* ---- for messages ------------------------------------------------------------ */

/*
 * The group as we know it, with what the relay is to be told. The caller
 * clears it by group_view_clear(). Returns 0; ERR_NOTFOUND no such group, or
 * nothing is known of it yet.
 */
int group_view_get(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    struct group_view *v) MUST_USE;

/*
 * May a message be written to it now? Returns 0; or with *why a sentence
 * (static): ERR_NOTFOUND no such group; ERR_STATE not a member yet: it may wait
 * in the outbox; ERR_DENIED not a member any more, or only admins may;
 * ERR_UNTRUSTED there is an alarm that the person has not decided about.
 */
int group_may_send(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const char **why) MUST_USE;

/*
 * The person goes on in spite of an alarm: the relay's version may be another
 * one than ours, and is to be named to it; members and keys are ours.
 */
bool group_overridden(struct engine *e, const uint8_t id[static GROUP_ID_LEN]);

/* The chat of a group that we know. ERR_NOTFOUND. */
int group_chat(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    int64_t *chat) MUST_USE;

/*
 * A member's message named this head (opened and authentic). Entries are
 * fetched when they are ahead; a fork raises the alarm. *place says where they
 * are. In a transaction. ERR_NOTFOUND; ERR_FORMAT.
 */
int group_head_seen(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t account[static GROUP_ACCOUNT_LEN],
    const Sotto__Content__GroupHead *head, enum group_place *place) MUST_USE;

/* The relay says that the group is at this version: fetch what we lack, or hear
 * once more that it lacks what it has acknowledged, which is an alarm.
 * outbox_kick() follows when it is there. In or outside a transaction. */
int group_relay_at(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    uint32_t version) MUST_USE;

/* ---- pairwise contents ----------------------------------------------------------- */

/* Body `group` of a content, from a device of that account. In a transaction. */
int group_content_take(struct engine *e,
    const uint8_t account[static STORE_ID_LEN],
    const Sotto__Content__Group *g) MUST_USE;

/*
 * What two members tell each other besides messages: any body that is set in
 * c, sealed for every device of the account (our own: all others). c has its
 * body; id, time and group_id are filled in. In a transaction; then
 * outbox_kick().
 */
int group_tell(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t account[static STORE_ID_LEN],
    Sotto__Content__Content *c) MUST_USE;

/* ---- for the engine ----------------------------------------------------------------- */

/* An item of type 64 (GROUP_ITEM_ENTRY) from the queue. In a transaction. */
#define GROUP_ITEM_ENTRY 64
int group_entry_take(struct engine *e, const uint8_t id[static GROUP_ID_LEN],
    const uint8_t *entry, size_t len) MUST_USE;

/* The connection is open: what moved meanwhile? */
void groups_online(struct engine *e);
void groups_link_lost(struct engine *e);
/* Something may be to do: at the outbox's next turn. */
void groups_wake(struct engine *e);
/* The outbox's turn. Returns 0, or after how many ms there is more to do. */
uint64_t groups_flush(struct engine *e);
/* Is a request or a change under way? */
bool groups_busy(const struct engine *e);
/* Everything a new device of ours needs: sync_all(). In a transaction. */
int groups_tell_own(struct engine *e) MUST_USE;
void groups_close(struct engine *e);

/* How a person knows an account: "You", their name for it, its own, its number
 * as shown, or "Somebody". Sanitised. */
#define GROUP_WHO_MAX STORE_NAME_MAX
const char *group_who(struct engine *e,
    const uint8_t account[static STORE_ID_LEN], char out[static GROUP_WHO_MAX]);

#endif
