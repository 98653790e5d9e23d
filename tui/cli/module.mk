# SPDX-License-Identifier: GPL-3.0-or-later
tui/cli_SRC   := tui/cli/args.c tui/cli/json.c tui/cli/cli.c tui/cli/common.c \
	tui/cli/front.c tui/cli/register.c tui/cli/link.c tui/cli/devices.c tui/cli/group.c tui/cli/status.c \
	tui/cli/history.c tui/cli/account.c tui/cli/send.c tui/cli/media.c tui/cli/recv.c \
	tui/cli/show.c tui/cli/rows.c tui/cli/message.c tui/cli/chat.c tui/cli/people.c tui/cli/picture.c tui/cli/sound.c tui/cli/care.c tui/cli/backup.c tui/cli/backup_auto.c tui/cli/full_screen.c
tui/cli_PKG   :=
tui/cli_DEPS  := common
tui/cli_TESTS := test_cli
