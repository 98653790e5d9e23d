/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * offer.h — what a new device shows, as a QR code and as text, so that a
 * trusted one can reach it:
 *     SOTTO:LINK/1/<base32 of: mailbox, key>
 * The mailbox is where the relay keeps messages for the new device; the key,
 * made for this one linking, is what the relay does not learn. Capitals and
 * digits only: 90 characters make a QR code of 33x33 modules, which fits 80x24.
 * docs/protocol.md, "Linking".
 */
#ifndef COMMON_LINK_OFFER_H
#define COMMON_LINK_OFFER_H

#include "common/base.h"
#include "common/buf.h"
#include "common/noise/noise.h"

#define LINK_MAILBOX_LEN  16
#define LINK_OFFER_PREFIX "SOTTO:LINK/" /* then the version and a slash */
#define LINK_OFFER_MAX	  512 /* longest text link_offer_parse() looks at */

struct link_offer {
	uint8_t mailbox[LINK_MAILBOX_LEN];
	struct noise_public key;
};

/* Append the text of an offer. 0, ERR_FULL, ERR_NOMEM. */
int link_offer_format(const struct link_offer *o, struct buf *out) MUST_USE;

/*
 * Read what was scanned or pasted: either case, white space anywhere (a text
 * that a terminal has wrapped).
 * Returns 0; ERR_FORMAT, ERR_VERSION a later program made it. On error *why
 * (if why is not NULL) is a sentence for the person, static storage, and *o is
 * unchanged.
 */
int link_offer_parse(
    const char *text, struct link_offer *o, const char **why) MUST_USE;

#endif
