# SPDX-License-Identifier: GPL-3.0-or-later
# The client without its face.
tui/engine_SRC   := tui/engine/engine.c tui/engine/cmd.c tui/engine/event.c \
	tui/engine/commands.c tui/engine/chat.c tui/engine/timer.c \
	tui/engine/once.c tui/engine/forward.c tui/engine/info.c tui/engine/report.c \
	tui/engine/commands_care.c tui/engine/history.c tui/engine/history_out.c \
	tui/engine/history_in.c tui/engine/account_care.c tui/engine/number.c \
	tui/engine/commands_group.c tui/engine/group.c tui/engine/group_follow.c \
	tui/engine/group_own.c tui/engine/group_paper.c tui/engine/group_work.c \
	tui/engine/group_words.c tui/engine/group_row.c tui/engine/group_cmd.c \
	tui/engine/group_link.c \
	tui/engine/connection.c tui/engine/account.c tui/engine/register.c \
	tui/engine/upkeep.c tui/engine/prekeys.c tui/engine/contact.c \
	tui/engine/keys.c tui/engine/seal.c tui/engine/outbox.c \
	tui/engine/action.c tui/engine/inbox.c tui/engine/compose.c tui/engine/presence.c \
	tui/engine/view.c tui/engine/row.c tui/engine/devicelist.c tui/engine/content.c \
	tui/engine/draft.c tui/engine/receipt.c \
	tui/engine/sender_keys.c tui/engine/group_room.c tui/engine/group_send.c \
	tui/engine/group_receive.c tui/engine/group_answer.c \
	tui/engine/status.c tui/engine/status_send.c tui/engine/status_receive.c \
	tui/engine/status_people.c tui/engine/status_cmd.c tui/engine/commands_status.c \
	tui/engine/peer_session.c tui/engine/repair.c tui/engine/sentlog.c \
	tui/engine/arrive.c tui/engine/sync.c tui/engine/sync_take.c tui/engine/devices.c \
	tui/engine/devices_cmd.c tui/engine/backups.c tui/engine/backups_thread.c tui/engine/linking.c \
	tui/engine/linking_new.c tui/engine/linking_trusted.c
tui/engine_SRC   += tui/engine/commands_media.c tui/engine/media_cmd.c \
	tui/engine/media.c tui/engine/media_carry.c tui/engine/media_task.c \
	tui/engine/media_prepare.c tui/engine/media_content.c tui/engine/media_rules.c \
	tui/engine/media_still.c
tui/engine_SRC   += tui/engine/mention.c
tui/engine_PKG   := libuv
tui/engine_DEPS  := tui/backup tui/net tui/store tui/base media/transfer media common/blob common/aws common/backup common/group common/link common/signal common/noise common/proto common
tui/engine_TESTS := test_content test_devicelist test_engine test_engine_receipt test_engine_repair test_engine_sentlog \
	test_engine_memory test_engine_devices test_engine_action test_engine_chat test_engine_group_send
tui/engine_TESTS += test_engine_history test_engine_account test_engine_backup
ENGINE_RIG := tests/unit/engine_rig.c tests/unit/engine_rig_groups.c \
	tests/unit/engine_rig_status.c tests/unit/store_help.c
tui/engine_TESTS += test_engine_status
test_engine_status_SRC := $(ENGINE_RIG)
test_engine_receipt_SRC := $(ENGINE_RIG)
test_engine_sentlog_SRC := $(ENGINE_RIG)
test_engine_repair_SRC := $(ENGINE_RIG)
test_engine_memory_SRC := $(ENGINE_RIG)
test_engine_history_SRC := $(ENGINE_RIG)
test_engine_account_SRC := $(ENGINE_RIG)
test_engine_backup_SRC := tests/unit/store_help.c
test_engine_devices_SRC := $(ENGINE_RIG)
test_engine_action_SRC := $(ENGINE_RIG)
test_engine_chat_SRC := $(ENGINE_RIG)
test_engine_group_send_SRC := $(ENGINE_RIG)
tui/engine_TESTS += test_engine_group
test_engine_group_SRC := $(ENGINE_RIG)
tui/engine_FUZZ  := fuzz_content
tui/engine_TESTS += test_engine_session
test_engine_session_SRC := $(ENGINE_RIG)
tui/engine_TESTS += test_engine_media
test_engine_media_SRC := $(ENGINE_RIG) tests/unit/media_help.c
$(B)/tests/test_engine_media: | $(B)/sotto-preview $(B)/sotto-still
