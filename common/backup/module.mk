# SPDX-License-Identifier: GPL-3.0-or-later
# The sealed file a person's history travels in: backups, and history for a
# new device.
common/backup_SRC   := common/backup/code.c common/backup/head.c \
	common/backup/seal.c common/backup/open.c
common/backup_PKG   := libsodium
common/backup_DEPS  := common
common/backup_TESTS := test_backup_code test_backup
common/backup_FUZZ  := fuzz_backup
