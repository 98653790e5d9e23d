# SPDX-License-Identifier: GPL-3.0-or-later
# The client's encrypted store: sealing VFS, key file, tables by noun.
tui/store_SRC   := tui/store/vfs.c tui/store/vfs_page.c tui/store/vfs_db.c \
	tui/store/vfs_wal.c tui/store/vfs_journal.c tui/store/vfs_probe.c \
	tui/store/lock.c tui/store/fileio.c tui/store/command.c \
	tui/store/keyfile.c tui/store/query.c tui/store/schema.c \
	tui/store/store.c tui/store/store_care.c tui/store/store_export.c \
	tui/store/store_account.c tui/store/store_contact.c \
	tui/store/store_session.c tui/store/store_prekey.c \
	tui/store/store_chat.c tui/store/store_message.c tui/store/store_page.c \
	tui/store/store_action.c tui/store/store_timer.c tui/store/store_history.c \
	tui/store/store_receipt.c tui/store/store_outbox.c \
	tui/store/store_sender_key.c \
	tui/store/store_clock.c tui/store/store_once.c tui/store/store_clear.c \
	tui/store/store_due.c tui/store/store_repair.c tui/store/store_sent.c \
	tui/store/store_search.c tui/store/store_setting.c \
	tui/store/store_transfer.c \
	tui/store/store_group.c tui/store/store_group_wait.c \
	tui/store/store_status.c tui/store/store_status_people.c
tui/store_SRC   += tui/store/store_media.c
tui/store_SRC   += tui/store/store_mention.c
tui/store_PKG   := sqlite3 libsodium libutf8proc
tui/store_DEPS  := common tui/base
tui/store_TESTS := test_store_sent test_store_action test_keyfile test_store test_store_rows test_store_settings test_store_message test_vfs \
	test_vfs_crash test_store_group test_store_status
test_store_status_SRC := tests/unit/store_help.c
test_store_group_SRC := tests/unit/store_help.c
tui/store_FUZZ  := fuzz_store_search fuzz_store_files

test_store_SRC := tests/unit/store_help.c
test_store_rows_SRC := tests/unit/store_help.c
test_store_message_SRC := tests/unit/store_help.c
test_vfs_SRC := tests/unit/store_help.c tests/unit/vfs_help.c tests/unit/tapvfs.c
test_keyfile_SRC := tests/unit/store_help.c
test_vfs_crash_SRC := $(test_vfs_SRC) tests/unit/powercut.c
test_store_action_SRC := tests/unit/store_help.c
test_store_settings_SRC := tests/unit/store_help.c
test_store_sent_SRC := tests/unit/store_help.c
