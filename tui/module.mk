# SPDX-License-Identifier: GPL-3.0-or-later
# The client. Arrows point down: cli, screen -> engine -> net, store -> common.
sotto_MAIN := tui/main.c
sotto_MODS := tui/cli tui/screen tui/engine tui/backup tui/net tui/store tui/base \
	media/transfer media common/blob common/qr common/aws common/backup common/group common/link common/signal common/noise common/proto common
