# SPDX-License-Identifier: GPL-3.0-or-later
# What the relay remembers: store.c collects, sqlite*.c is the embedded backend.
relay/store_SRC   := relay/store/store.c relay/store/cache.c \
	relay/store/recent.c relay/store/hot.c relay/store/folder.c \
	relay/store/schema.c \
	relay/store/sqlite.c relay/store/wal.c relay/store/sqlite_account.c \
	relay/store/sqlite_register.c relay/store/sqlite_keys.c \
	relay/store/sqlite_send.c relay/store/sqlite_queue.c \
	relay/store/sqlite_settle.c relay/store/sqlite_admin.c \
	relay/store/group_cache.c relay/store/sqlite_group.c \
	relay/store/sqlite_fan.c relay/store/sqlite_link.c \
	relay/store/sqlite_lock.c relay/store/sqlite_blob.c
relay/store_PKG   := sqlite3 libsodium
relay/store_DEPS  := common/group common/signal common/proto common
relay/store_TESTS := test_relay_store_suite test_relay_store_sqlite \
	test_relay_store_groups \
	test_relay_store_memory test_relay_store_crash \
	test_relay_store_powercut
test_relay_store_suite_SRC := tests/unit/relay_store_suite.c \
	tests/unit/relay_store_accounts.c tests/unit/relay_store_groups.c \
	tests/unit/relay_store_blobs.c \
	tests/unit/relay_store_help.c
test_relay_store_groups_SRC := tests/unit/relay_store_help.c
test_relay_store_sqlite_SRC := tests/unit/relay_store_help.c
test_relay_store_crash_SRC := tests/unit/relay_store_help.c
test_relay_store_powercut_SRC := tests/unit/relay_store_help.c \
	tests/unit/tapvfs.c tests/unit/powercut.c
