/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * linking.h — taking in a new device, from both sides: through a mailbox of the
 * relay, inside the channel of common/link. docs/linking.md.
 *
 * One linking at a time. Nothing of it is on disk before it has worked: after a
 * crash both sides begin anew, and a device that was let in but is not in the
 * signed list is there for nobody.
 */
#ifndef TUI_ENGINE_LINKING_H
#define TUI_ENGINE_LINKING_H

#include "common/link/link.h"
#include "common/proto/link.pb-c.h"
#include "tui/engine/devices.h"

#define LINKING_MS	(10ull * 60 * 1000) /* then it is over */
#define LINKING_POLL_MS 2000 /* is the new device listed? */

/* In the order of each side. */
enum linking_step {
	/* the new device */
	LINKING_OPENING, /* no mailbox yet */
	LINKING_SHOWN, /* the offer is on the screen */
	LINKING_COMPARED, /* so is the code; the other side decides */
	LINKING_FINISHING, /* keys are on their way to the relay */
	LINKING_LISTING, /* waits for the signed list */
	/* either: the other side is being told that it is over */
	LINKING_REFUSING,
	/* the trusted one */
	LINKING_ANSWERED, /* waits for the new device's first message */
	LINKING_ASKING, /* the code is on the screen; the person decides */
	LINKING_AUTHORIZING,
	LINKING_GRANTED, /* waits for its countersignature */
	LINKING_PUBLISHING,
};

struct linking { /* sodium_malloc */
	struct engine *e;
	enum linking_step step;
	uint64_t tag; /* the command that waits, 0: none */
	uint64_t until_ms;
	bool has_mailbox;
	uint8_t mailbox[LINK_MAILBOX_LEN];
	uint32_t number; /* of the last message that came */
	struct link_channel channel;
	char name[DEVICE_NAME_MAX + 1]; /* the new device's */
	struct identity_pk identity; /* the new device's */
	uint32_t device; /* its number; 0: none yet */
	uint32_t listed; /* the same, once it is in the list */
	/* the new device: what it was granted */
	uint8_t account[STORE_ID_LEN];
	char phone[STORE_PHONE_MAX];
	char profile[STORE_NAME_MAX];
	struct identity_pk primary;
	struct device_secret secret;
};

/* ---- linking.c: what both sides do ----------------------------------------------- */

/* A new one; false after the command was answered. */
bool linking_start(struct engine *e, uint64_t tag, enum linking_step step);
/* It is over: wipe all of it. The command that waits gets the sentence, else
 * EV_LINK_ENDED says it. */
void linking_end(struct engine *e, int code, const char *text);
/* It has worked: wipe all of it, say nothing. */
void linking_done(struct engine *e);
/* Seal a message and have it carried; NULL: the first, which says nothing.
 * Ends the linking when that cannot be. */
void linking_say(struct engine *e, const Sotto__Link__LinkMessage *m);
/* Tell the other side that it is over, and why; then EV_DONE for the command. */
void linking_refuse(struct engine *e, uint64_t tag, const char *text);
/* EV_LINK_CODE for the command that waits, or by itself. */
void linking_show_code(struct engine *e);
/* Ask for the mailbox: a new one, or what came since `number`. */
void linking_open(struct engine *e, link_reply_fn *cb);
/* The timer goes off in ms, at the latest when the time is over. */
void linking_wait(struct engine *e, uint64_t ms);

/* ---- from elsewhere in the engine -------------------------------------------------- */

void linking_link_open(struct engine *e);
void linking_link_lost(struct engine *e, int err, const char *reason);
void linking_event(struct engine *e, const uint8_t *body, size_t len);
/* A list of ours is on the relay, or was refused. */
void linking_published(struct engine *e, int r);
/* The engine ends. */
void linking_close(struct engine *e);

/* ---- linking_new.c, linking_trusted.c: one side each -------------------------------- */

void linking_new_open(struct engine *e);
void linking_new_message(struct engine *e, const uint8_t *p, size_t len);
void linking_new_poll(struct engine *e);
void linking_trusted_message(struct engine *e, const uint8_t *p, size_t len);
void linking_trusted_published(struct engine *e, int r);
/* Let go of a device that was let in and is not listed. */
void linking_trusted_undo(struct engine *e);

#endif
