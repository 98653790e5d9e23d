/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signal_peer.h — what the files of our own peer share: its store and its
 * commands. tests/interop/README.md.
 */
#ifndef TESTS_INTEROP_SIGNAL_PEER_H
#define TESTS_INTEROP_SIGNAL_PEER_H

#include "common/signal/prekey.h"
#include "common/signal/sender_key.h"
#include "common/signal/session.h"
#include "tests/interop/peer_json.h"

#define PEERS_MAX 64
#define KEYS_MAX  1024

struct known {
	char address[80];
	struct buf record;
};

struct group {
	struct sender_key_name name;
	struct buf record;
};

/* A handshake that used a last-resort key: not to be answered again. */
struct last_resort {
	uint32_t kyber_id, signed_id;
	struct ec_pk base_key;
};

struct me {
	uint8_t account[ACCOUNT_ID_LEN];
	uint32_t device;
	struct group group[PEERS_MAX];
	size_t ngroups;
	struct identity_key_pair identity;
	struct signal_local local;
	bool ready;
	struct known peer[PEERS_MAX];
	size_t npeers;
	struct signed_pre_key signed_key[KEYS_MAX];
	size_t nsigned;
	struct one_time_pre_key one_time[KEYS_MAX];
	size_t none_time;
	struct kyber_pre_key kyber[KEYS_MAX];
	size_t nkyber;
	struct last_resort used[KEYS_MAX];
	size_t nused;
};

/* ---- signal_peer_store.c -------------------------------------------------- */

/* The wall clock, and the seconds that field `later` adds. */
uint64_t peer_now_ms(json_t *req);

/* For session_decrypt(); both live as long as me. */
struct signal_prekeys me_prekeys(struct me *me);
void me_one_time_remove(struct me *me, uint32_t id);

/* Remember a handshake; false when it was there, or there is no room. */
bool me_last_resort(struct me *me, const struct last_resort *l);

/* Whom an address names, made when new; NULL without one, or without room. */
struct known *me_known(struct me *me, json_t *req, const char *field);
void known_commit(struct known *with, struct buf *made);

/* 16 bytes of a UUID with its dashes. */
bool get_uuid(json_t *o, const char *field, uint8_t out[static 16]);

bool get_public(json_t *o, const char *name, struct ec_pk *pk);
bool get_identity(json_t *o, const char *name, struct identity_pk *pk);
void put_public(json_t *o, const char *name, const struct ec_pk *pk);

/* ---- commands ------------------------------------------------------------- */

#define SIGNAL_PEER_CMDS(X)                                                    \
	X(init) /* signal_peer_store.c */                                      \
	X(bundle)                                                              \
	X(digest)                                                              \
	X(process) /* signal_peer_session.c */                                 \
	X(encrypt)                                                             \
	X(decrypt)                                                             \
	X(getsession)                                                          \
	X(setsession)                                                          \
	X(forget)                                                              \
	X(archive)                                                             \
	X(about)                                                               \
	X(skdm) /* signal_peer_group.c */                                      \
	X(skprocess)                                                           \
	X(skreset)                                                             \
	X(gencrypt)                                                            \
	X(gdecrypt)                                                            \
	X(version) /* signal_peer_misc.c */                                    \
	X(fingerprint)                                                         \
	X(compare)                                                             \
	X(sign)                                                                \
	X(verify)                                                              \
	X(agree)                                                               \
	X(keygen)                                                              \
	X(hkdf)                                                                \
	X(parse)

#define X(name) const char *cmd_##name(void *peer, json_t *req, json_t *reply);
SIGNAL_PEER_CMDS(X)
#undef X

#endif
