# SPDX-License-Identifier: GPL-3.0-or-later
# A store as the records of a backup, and back.
tui/backup_SRC   := tui/backup/dump.c tui/backup/dump_more.c tui/backup/restore.c tui/backup/file.c \
	tui/backup/place.c tui/backup/place_url.c tui/backup/place_s3.c tui/backup/schedule.c tui/backup/found.c
tui/backup_SRC   += tui/backup/media_record.c
tui/backup_PKG   := libprotobuf-c
tui/backup_DEPS  := tui/net tui/store tui/base common/blob common/aws common/backup common/proto common
tui/backup_TESTS := test_dump test_backup_file test_backup_place
test_backup_place_SRC := tests/unit/store_help.c
test_dump_SRC    := tests/unit/store_help.c
test_backup_file_SRC := tests/unit/store_help.c
