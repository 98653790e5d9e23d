/* SPDX-License-Identifier: GPL-3.0-or-later */
/* schema.c — the tables, step by step. docs/store.md §4. */
#include "tui/store/schema.h"

#include <stdio.h>

#include "tui/store/query.h"

/*
 * Accounts are named by their 16-byte id, messages by their sender and the
 * sender's 16-byte id, and locally by an integer that is never reused. Chats
 * have a kind; senders have a device: groups, several devices and more kinds of
 * content add tables and columns, and change no key.
 */
static const char v1_identity[] =
    "CREATE TABLE meta("
    "  name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE self("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  registered INTEGER NOT NULL,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  phone TEXT NOT NULL, name TEXT NOT NULL,"
    "  relay_uri TEXT NOT NULL, relay_name TEXT NOT NULL, relay_key BLOB,"
    "  noise_secret BLOB NOT NULL, noise_public BLOB NOT NULL,"
    "  identity_secret BLOB NOT NULL, identity_public BLOB NOT NULL,"
    "  registration_id INTEGER NOT NULL"
    ") STRICT;"

    "CREATE TABLE setting("
    "  name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE contact("
    "  account BLOB NOT NULL PRIMARY KEY CHECK (length(account) = 16),"
    "  phone TEXT NOT NULL, phone_known INTEGER NOT NULL,"
    "  name TEXT NOT NULL, profile_name TEXT NOT NULL,"
    "  identity BLOB, trust INTEGER NOT NULL,"
    "  key_changed_ms INTEGER NOT NULL, verified_ms INTEGER NOT NULL,"
    "  list_version INTEGER NOT NULL DEFAULT 0, device_list BLOB,"
    "  seen_ms INTEGER NOT NULL, blocked INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX contact_phone ON contact(phone);"

    "CREATE TABLE device("
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  identity BLOB NOT NULL, registration_id INTEGER NOT NULL,"
    "  active INTEGER NOT NULL, added_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (account, device)"
    ") STRICT, WITHOUT ROWID;"

    /* Records are large: a rowid table keeps them out of the key's tree. */
    "CREATE TABLE session("
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  record BLOB NOT NULL, updated_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (account, device)"
    ") STRICT;"

    "CREATE TABLE prekey("
    "  kind INTEGER NOT NULL, id INTEGER NOT NULL,"
    "  last_resort INTEGER NOT NULL, uploaded INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL,"
    "  record BLOB NOT NULL,"
    "  PRIMARY KEY (kind, id)"
    ") STRICT;"
    "CREATE TABLE prekey_last("
    "  kind INTEGER NOT NULL PRIMARY KEY, id INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE last_resort_spent("
    "  kyber_id INTEGER NOT NULL, signed_id INTEGER NOT NULL,"
    "  base_key BLOB NOT NULL,"
    "  PRIMARY KEY (kyber_id, signed_id, base_key)"
    ") STRICT, WITHOUT ROWID;";

static const char v1_chats[] =
    /* last_* and unread repeat what message says: the list is one query. */
    "CREATE TABLE chat("
    "  id INTEGER PRIMARY KEY,"
    "  kind INTEGER NOT NULL,"
    "  peer BLOB NOT NULL CHECK (length(peer) = 16),"
    "  title TEXT NOT NULL DEFAULT '',"
    "  created_ms INTEGER NOT NULL,"
    "  active_ms INTEGER NOT NULL,"
    "  unread INTEGER NOT NULL DEFAULT 0,"
    "  read_sort INTEGER NOT NULL DEFAULT -1,"
    "  read_id INTEGER NOT NULL DEFAULT 0,"
    "  last_id INTEGER NOT NULL DEFAULT 0,"
    "  last_sort INTEGER NOT NULL DEFAULT 0,"
    "  last_ms INTEGER NOT NULL DEFAULT 0,"
    "  last_dir INTEGER NOT NULL DEFAULT 0,"
    "  last_kind INTEGER NOT NULL DEFAULT 0,"
    "  last_state INTEGER NOT NULL DEFAULT 0,"
    "  last_text TEXT NOT NULL DEFAULT ''"
    ") STRICT;"
    "CREATE UNIQUE INDEX chat_peer ON chat(kind, peer);"
    "CREATE INDEX chat_unread ON chat(id) WHERE unread > 0;"

    "CREATE TABLE draft("
    "  chat INTEGER PRIMARY KEY REFERENCES chat(id) ON DELETE CASCADE,"
    "  text TEXT NOT NULL, updated_ms INTEGER NOT NULL"
    ") STRICT;"

    /* AUTOINCREMENT: an id that a reader's cursor has passed never comes back. */
    "CREATE TABLE message("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  chat INTEGER NOT NULL REFERENCES chat(id) ON DELETE CASCADE,"
    "  sort INTEGER NOT NULL,"
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  dir INTEGER NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL,"
    "  sent_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL,"
    "  text TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX message_page ON message(chat, sort);" /* and id */
    "CREATE UNIQUE INDEX message_ident ON message(message_id, account)"
    "  WHERE dir < 2;"

    "CREATE TABLE receipt("
    "  message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  delivered_ms INTEGER NOT NULL, read_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (message, account, device)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE outbox("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  message INTEGER NOT NULL," /* 0: none */
    "  message_id BLOB NOT NULL UNIQUE CHECK (length(message_id) = 16),"
    "  attempts INTEGER NOT NULL,"
    "  created_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL,"
    "  request BLOB NOT NULL"
    ") STRICT;"

    "CREATE TABLE inbox("
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  received_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (account, device, message_id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX inbox_received ON inbox(received_ms);";

static const char v1_search[] =
    /* The chat's number is indexed like a word, so that a search in one chat
     * does not walk through the hits of all others. */
    "CREATE VIRTUAL TABLE message_fts USING fts5("
    "  text, chat, content='message', content_rowid='id', columnsize=0,"
    "  tokenize='unicode61 remove_diacritics 2');"
    "CREATE TRIGGER message_fts_insert AFTER INSERT ON message BEGIN"
    "  INSERT INTO message_fts(rowid, text, chat)"
    "    VALUES (new.id, new.text, new.chat);"
    "END;"
    "CREATE TRIGGER message_fts_delete AFTER DELETE ON message BEGIN"
    "  INSERT INTO message_fts(message_fts, rowid, text, chat)"
    "    VALUES ('delete', old.id, old.text, old.chat);"
    "END;"
    "CREATE TRIGGER message_fts_update AFTER UPDATE OF text, chat ON message "
    "BEGIN"
    "  INSERT INTO message_fts(message_fts, rowid, text, chat)"
    "    VALUES ('delete', old.id, old.text, old.chat);"
    "  INSERT INTO message_fts(rowid, text, chat)"
    "    VALUES (new.id, new.text, new.chat);"
    "END;";

static const char *const version_1[] = {v1_identity, v1_chats, v1_search, NULL};

/*
 * receipt_due: what is owed and not sealed yet; READ says DELIVERED too.
 * unreadable: messages that did not open, and how often they were asked for.
 * resent: how often a message of ours went out again.
 * repair: what was done for a device whose sessions broke, to bound it.
 */
static const char v2_repair[] =
    "ALTER TABLE outbox ADD COLUMN line INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE outbox ADD COLUMN account BLOB;" /* NULL: of version 1 */
    "ALTER TABLE outbox ADD COLUMN device INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX outbox_line ON outbox(account, line) WHERE line > 0;"

    "CREATE TABLE receipt_due("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  kind INTEGER NOT NULL,"
    "  UNIQUE (account, message_id)"
    ") STRICT;"

    "CREATE TABLE unreadable("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  device INTEGER NOT NULL,"
    "  asked INTEGER NOT NULL, due INTEGER NOT NULL,"
    "  first_ms INTEGER NOT NULL, asked_ms INTEGER NOT NULL,"
    "  UNIQUE (account, message_id)"
    ") STRICT;"
    "CREATE INDEX unreadable_due ON unreadable(account, device) WHERE due;"

    "CREATE TABLE resent("
    "  message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,"
    "  device INTEGER NOT NULL, times INTEGER NOT NULL,"
    "  PRIMARY KEY (message, device)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE repair("
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  renewed_ms INTEGER NOT NULL,"
    "  asks INTEGER NOT NULL, answers INTEGER NOT NULL,"
    "  since_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (account, device)"
    ") STRICT, WITHOUT ROWID;";

static const char *const version_2[] = {v2_repair, NULL};

/*
 * edit: former texts of a message. reaction: an empty one was taken back.
 * quote: what a message answers. early: actions whose message has not come.
 */
static const char v3_actions[] =
    "ALTER TABLE message ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message ADD COLUMN expire_s INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message ADD COLUMN edited_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message ADD COLUMN expires_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message ADD COLUMN reactions INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message ADD COLUMN starred INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX message_expires ON message(expires_ms)"
    "  WHERE expires_ms > 0;"
    "CREATE INDEX message_starred ON message(sort) WHERE starred;"

    "ALTER TABLE chat ADD COLUMN muted_until_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE chat ADD COLUMN pinned_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE chat ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE chat ADD COLUMN expire_s INTEGER NOT NULL DEFAULT 0;"

    "CREATE TABLE edit("
    "  message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,"
    "  written_ms INTEGER NOT NULL, text TEXT NOT NULL,"
    "  PRIMARY KEY (message, written_ms)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE reaction("
    "  message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  emoji TEXT NOT NULL, when_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (message, account)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE quote("
    "  message INTEGER PRIMARY KEY"
    "    REFERENCES message(id) ON DELETE CASCADE,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  text TEXT NOT NULL"
    ") STRICT;"

    "CREATE TABLE early("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  kind INTEGER NOT NULL,"
    "  author BLOB NOT NULL CHECK (length(author) = 16),"
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  actor BLOB NOT NULL CHECK (length(actor) = 16),"
    "  when_ms INTEGER NOT NULL, text TEXT NOT NULL,"
    "  added_ms INTEGER NOT NULL,"
    "  UNIQUE (author, message_id, kind, actor)"
    ") STRICT;"
    "CREATE INDEX early_actor ON early(actor, id);"
    "CREATE INDEX early_added ON early(added_ms);";

static const char *const version_3[] = {v3_actions, NULL};

/*
 * sender_key_own: what seals our messages to a group; sender_key_given: the
 * devices that have it, and the outbox row it left in. sender_key_peer: those
 * of other devices. group_sent: for whoever asks for it again.
 * group_held_content: what was written by a member that we cannot know yet.
 */
static const char v4_sender_keys[] =
    "CREATE TABLE sender_key_own("
    "  group_id BLOB NOT NULL PRIMARY KEY CHECK (length(group_id) = 16),"
    "  distribution BLOB NOT NULL CHECK (length(distribution) = 16),"
    "  created_ms INTEGER NOT NULL, messages INTEGER NOT NULL,"
    "  given_at INTEGER NOT NULL, record BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE sender_key_given("
    "  group_id BLOB NOT NULL CHECK (length(group_id) = 16),"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  registration_id INTEGER NOT NULL, outbox INTEGER NOT NULL,"
    "  PRIMARY KEY (group_id, account, device)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX sender_key_given_row ON sender_key_given(outbox);"

    "CREATE TABLE sender_key_peer("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  distribution BLOB NOT NULL CHECK (length(distribution) = 16),"
    "  group_id BLOB NOT NULL CHECK (length(group_id) = 16),"
    "  identity BLOB NOT NULL CHECK (length(identity) = 33),"
    "  added_ms INTEGER NOT NULL, record BLOB NOT NULL,"
    "  UNIQUE (account, device, distribution)"
    ") STRICT;"
    "CREATE INDEX sender_key_peer_group"
    "  ON sender_key_peer(group_id, account, device);"

    "CREATE TABLE group_sent("
    "  message_id BLOB NOT NULL PRIMARY KEY CHECK (length(message_id) = 16),"
    "  group_id BLOB NOT NULL CHECK (length(group_id) = 16),"
    "  version INTEGER NOT NULL, sent_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX group_sent_ms ON group_sent(sent_ms);"

    "CREATE TABLE group_held_content("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  group_id BLOB NOT NULL CHECK (length(group_id) = 16),"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  wire_id BLOB NOT NULL CHECK (length(wire_id) = 16),"
    "  received_ms INTEGER NOT NULL, content BLOB NOT NULL"
    ") STRICT;";

/*
 * group_row: todo is what is still to be done, held and wanted what for.
 * group_change: own changes, oldest first; the first may be with the relay.
 * group_entry: came, and waits for a list of devices. group_paper: welcomes and
 * secrets that came before their time. group_owed: such as members need of us.
 */
static const char v4_groups[] =
    "CREATE TABLE group_row("
    "  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),"
    "  chat INTEGER NOT NULL UNIQUE REFERENCES chat(id) ON DELETE CASCADE,"
    "  standing INTEGER NOT NULL,"
    "  version INTEGER NOT NULL DEFAULT 0, wanted INTEGER NOT NULL,"
    "  todo INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    "  next_ms INTEGER NOT NULL,"
    "  alarm INTEGER NOT NULL, alarm_version INTEGER NOT NULL,"
    "  alarm_ms INTEGER NOT NULL, alarm_accepted INTEGER NOT NULL,"
    "  asked_ms INTEGER NOT NULL, asked INTEGER NOT NULL,"
    "  token BLOB, failed TEXT NOT NULL, record BLOB"
    ") STRICT;"
    "CREATE INDEX group_todo ON group_row(next_ms) WHERE todo > 0;"
    "CREATE TABLE group_change("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  group_id BLOB NOT NULL REFERENCES group_row(id) ON DELETE CASCADE,"
    "  intent BLOB NOT NULL, version INTEGER NOT NULL,"
    "  entry BLOB, record BLOB, tries INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX group_change_of ON group_change(group_id);"
    "CREATE TABLE group_entry("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  group_id BLOB NOT NULL REFERENCES group_row(id) ON DELETE CASCADE,"
    "  version INTEGER NOT NULL, entry BLOB NOT NULL,"
    "  UNIQUE (group_id, version, entry)"
    ") STRICT;"
    "CREATE TABLE group_paper("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  group_id BLOB NOT NULL REFERENCES group_row(id) ON DELETE CASCADE,"
    "  kind INTEGER NOT NULL,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  paper BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX group_paper_of ON group_paper(group_id, kind);"
    "CREATE TABLE group_owed("
    "  group_id BLOB NOT NULL REFERENCES group_row(id) ON DELETE CASCADE,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  what INTEGER NOT NULL, helped_ms INTEGER NOT NULL DEFAULT 0,"
    "  PRIMARY KEY (group_id, account)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX group_owing ON group_owed(group_id) WHERE what > 0;";

/*
 * sent: what was sent and is no message (store_sent.h), without what its
 * deleted message said. sent_again: whatever was sent anew, and to whom.
 */
static const char v4_sent_log[] =
    "CREATE TABLE sent("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  about BLOB CHECK (length(about) = 16),"
    "  sent_ms INTEGER NOT NULL, len INTEGER NOT NULL,"
    "  content BLOB NOT NULL,"
    "  UNIQUE (message_id, account)"
    ") STRICT;"
    "CREATE INDEX sent_about ON sent(about) WHERE about IS NOT NULL;"
    "CREATE INDEX sent_age ON sent(sent_ms);"
    "CREATE INDEX sent_len ON sent(id, len);"
    "CREATE TRIGGER sent_message_gone AFTER DELETE ON message"
    "  WHEN old.dir = 1 BEGIN"
    "  DELETE FROM sent WHERE about = old.message_id;"
    "END;"
    "CREATE TRIGGER sent_message_retracted AFTER UPDATE OF kind ON message"
    "  WHEN new.kind = 3 AND new.dir = 1 BEGIN"
    "  DELETE FROM sent WHERE about = new.message_id;"
    "END;"

    "CREATE TABLE sent_again("
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  times INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (message_id, account, device)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX sent_again_age ON sent_again(last_ms);";

/*
 * once: texts that can be looked at once; message has none for them, so that
 * no list, search, quote or copy does. clock: when a setting was made last, by
 * whichever device (store_clock.h).
 */
static const char v4_actions[] =
    "CREATE TABLE once("
    "  message INTEGER PRIMARY KEY"
    "    REFERENCES message(id) ON DELETE CASCADE,"
    "  text TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE clock("
    "  id BLOB NOT NULL CHECK (length(id) = 16),"
    "  what INTEGER NOT NULL, stamp INTEGER NOT NULL,"
    "  PRIMARY KEY (id, what)"
    ") STRICT, WITHOUT ROWID;"
    "ALTER TABLE chat ADD COLUMN unread_mark INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX quote_of ON quote(message_id);"
    "CREATE INDEX message_timer ON message(chat)"
    "  WHERE expire_s > 0 AND expires_ms = 0;";

/* History between devices of this account, and its parts on their way. */
static const char v4_transfer[] =
    "CREATE TABLE transfer("
    "  device INTEGER NOT NULL, incoming INTEGER NOT NULL,"
    "  transfer BLOB NOT NULL CHECK (length(transfer) = 16),"
    "  state INTEGER NOT NULL,"
    "  days INTEGER NOT NULL, messages INTEGER NOT NULL,"
    "  since_ms INTEGER NOT NULL,"
    "  part INTEGER NOT NULL, acked INTEGER NOT NULL,"
    "  stage INTEGER NOT NULL, last_id INTEGER NOT NULL,"
    "  until_id INTEGER NOT NULL,"
    "  contacts INTEGER NOT NULL, done INTEGER NOT NULL,"
    "  total INTEGER NOT NULL, touched_ms INTEGER NOT NULL,"
    "  why TEXT NOT NULL, rest BLOB NOT NULL,"
    "  PRIMARY KEY (device, incoming)"
    ") STRICT;"
    "CREATE TABLE transfer_part("
    "  device INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,"
    "  PRIMARY KEY (device, part)"
    ") STRICT;";

/*
 * status: posts, ours and others' (store_status.h). status_to: whom ours went
 * to. status_view: who saw ours. status_owed: views of ours to be told.
 * status_person: marks are bits; wrote: we wrote to them once, which makes a
 * contact of them, and outlives what was written.
 */
static const char v5_status[] =
    "CREATE TABLE status("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  device INTEGER NOT NULL,"
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  state INTEGER NOT NULL, kind INTEGER NOT NULL,"
    "  text TEXT NOT NULL, media BLOB,"
    "  posted_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
    "  seen INTEGER NOT NULL,"
    "  UNIQUE (message_id, account)"
    ") STRICT;"
    "CREATE INDEX status_of ON status(account, posted_ms);"
    "CREATE INDEX status_expires ON status(expires_ms);"
    "CREATE TABLE status_to("
    "  status INTEGER NOT NULL REFERENCES status(id) ON DELETE CASCADE,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  PRIMARY KEY (status, account)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE status_view("
    "  status INTEGER NOT NULL REFERENCES status(id) ON DELETE CASCADE,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  viewed_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (status, account)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE status_owed("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  message_id BLOB NOT NULL CHECK (length(message_id) = 16),"
    "  UNIQUE (account, message_id)"
    ") STRICT;"
    "CREATE TABLE status_person("
    "  account BLOB NOT NULL PRIMARY KEY CHECK (length(account) = 16),"
    "  marks INTEGER NOT NULL DEFAULT 0, wrote INTEGER NOT NULL DEFAULT 0"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO status_person(account, wrote)"
    "  SELECT peer, 1 FROM chat WHERE kind = 1 AND EXISTS"
    "   (SELECT 1 FROM message WHERE chat = chat.id AND dir = 1);"
    "CREATE TRIGGER status_wrote AFTER INSERT ON message"
    "  WHEN new.dir = 1 AND NOT EXISTS (SELECT 1 FROM chat AS c"
    "   LEFT JOIN status_person AS p ON p.account = c.peer"
    "   WHERE c.id = new.chat AND (c.kind <> 1 OR p.wrote)) BEGIN"
    "  INSERT INTO status_person(account, wrote)"
    "   SELECT peer, 1 FROM chat WHERE id = new.chat"
    "   ON CONFLICT(account) DO UPDATE SET wrote = 1;"
    "END;"
    "ALTER TABLE quote ADD COLUMN status INTEGER NOT NULL DEFAULT 0;";

/*
 * media: files of messages (store_media.h). media_left: what has no row any
 * more, until it is removed from the disk, too. A row goes with its message, or
 * when that is taken back, or when nobody may look at it again (once). An upload
 * that no message carries yet, and one that was taken back, the relay may drop.
 */
static const char v6_media[] =
    "CREATE TABLE media("
    "  message INTEGER PRIMARY KEY"
    "    REFERENCES message(id) ON DELETE CASCADE,"
    "  kind INTEGER NOT NULL, state INTEGER NOT NULL,"
    "  flags INTEGER NOT NULL,"
    "  file BLOB NOT NULL CHECK (length(file) = 16),"
    "  locator BLOB NOT NULL CHECK (length(locator) = 16),"
    "  key BLOB NOT NULL CHECK (length(key) = 32),"
    "  digest BLOB NOT NULL CHECK (length(digest) = 32),"
    "  size INTEGER NOT NULL, sealed_size INTEGER NOT NULL,"
    "  name TEXT NOT NULL, mime TEXT NOT NULL,"
    "  width INTEGER NOT NULL, height INTEGER NOT NULL,"
    "  duration_ms INTEGER NOT NULL, bars BLOB, tiny BLOB,"
    "  album BLOB CHECK (length(album) = 16),"
    "  contact_name TEXT NOT NULL, contact_phone TEXT NOT NULL,"
    "  lat_e7 INTEGER NOT NULL, lon_e7 INTEGER NOT NULL,"
    "  why TEXT NOT NULL, source TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX media_moves ON media(state) WHERE state <> 3;"
    "CREATE INDEX media_album ON media(album) WHERE album IS NOT NULL;"
    "CREATE INDEX media_file ON media(file);"
    "CREATE INDEX media_untold ON media(message) WHERE flags & 96 = 32;"
    "CREATE TABLE media_left("
    "  file BLOB NOT NULL PRIMARY KEY CHECK (length(file) = 16),"
    "  locator BLOB"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER media_gone AFTER DELETE ON media"
    "  WHEN old.flags & 128 BEGIN"
    "  INSERT OR IGNORE INTO media_left(file, locator)"
    "    VALUES (old.file, iif(old.state IN (1, 2, 7)"
    "      AND old.flags & 16, old.locator, NULL));"
    "END;"
    "CREATE TRIGGER media_retracted AFTER UPDATE OF kind ON message"
    "  WHEN new.kind = 3 BEGIN"
    "  DELETE FROM media WHERE message = new.id;"
    "END;"
    "CREATE TRIGGER media_once AFTER DELETE ON once BEGIN"
    "  DELETE FROM media WHERE message = old.message;"
    "END;";

/* mention: whom a text in a group names, and where: bytes of it. */
static const char v6_mentions[] =
    "CREATE TABLE mention("
    "  message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,"
    "  start INTEGER NOT NULL, len INTEGER NOT NULL,"
    "  account BLOB NOT NULL CHECK (length(account) = 16),"
    "  PRIMARY KEY (message, start)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX message_names_me ON message(chat, sort)"
    "  WHERE flags & 16 <> 0;"
    "CREATE TRIGGER mention_retracted AFTER UPDATE OF kind ON message"
    "  WHEN new.kind = 3 BEGIN"
    "  DELETE FROM mention WHERE message = new.id;"
    "END;";

/* clang-format off: a line each, so that they can be added side by side */
static const char *const version_4[] = {
    v4_actions,
    v4_groups,
    v4_sender_keys,
    v4_sent_log,
    v4_transfer,
    NULL,
};

static const char *const version_5[] = {
    v5_status,
    NULL,
};

static const char *const version_6[] = {
    v6_media,
    v6_mentions,
    NULL,
};
/* clang-format on */

const struct migration store_migrations[] = {
    {1, version_1},
    {2, version_2},
    {3, version_3},
    {4, version_4},
    {5, version_5},
    {6, version_6},
};
const size_t store_migrations_len = ARRAY_LEN(store_migrations);

static int
get_version(struct store *s, int *version)
{
	struct query q;

	q_begin(&q, s, "PRAGMA user_version");
	if (q_row(&q))
		*version = (int)q_get_int(&q, 0);
	return q_end(&q);
}

/* A PRAGMA takes no parameters. */
static int
set_version(struct store *s, int version)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	return store_exec(s, sql);
}

static int
step(struct store *s, const struct migration *m)
{
	struct tx tx;
	int r = tx_enter(s, &tx);

	if (r != 0)
		return r;
	for (size_t i = 0; m->sql[i] != NULL && r == 0; i++)
		r = store_exec(s, m->sql[i]);
	if (r == 0)
		r = set_version(s, m->version);
	return tx_leave(s, &tx, r);
}

int
schema_migrate(struct store *s, const struct migration *steps, size_t n)
{
	int version = 0, last = steps[n - 1].version;
	int r = get_version(s, &version);

	if (r != 0)
		return r;
	if (version > last)
		return store_fail(s, ERR_VERSION,
		    "the store has version %d, this sotto knows "
		    "%d: it was made by a newer one",
		    version, last);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (steps[i].version > version)
			r = step(s, &steps[i]);
	}
	return r;
}
