/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dump_int.h — inside of dump.h: what is neither contact, chat nor message. */
#ifndef TUI_BACKUP_DUMP_INT_H
#define TUI_BACKUP_DUMP_INT_H

#include "common/proto/backup.pb-c.h"
#include "tui/backup/dump.h"

ProtobufCBinaryData dump_bytes(const void *p, size_t len); /* borrowed */
int dump_pack(const Sotto__Backup__Record *rec, struct buf *out) MUST_USE;

/* Groups, people of status posts, settings; of the time when it is made. */
struct dump_more; /* heap */
int dump_more_new(struct dump_more **m, struct store *s) MUST_USE;
/* As dump_next(). */
int dump_more_next(struct dump_more *m, struct buf *out) MUST_USE;
void dump_more_free(struct dump_more *m); /* NULL is fine */

/* s NULL: only check. What is there already stays. */
int restore_group(struct store *s, const Sotto__Backup__Group *k) MUST_USE;
int restore_person(struct store *s, const Sotto__Backup__Person *k) MUST_USE;
int restore_setting(struct store *s, const Sotto__Backup__Setting *k) MUST_USE;

#endif
