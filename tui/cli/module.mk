# SPDX-License-Identifier: GPL-3.0-or-later
tui/cli_SRC   := tui/cli/args.c tui/cli/json.c
tui/cli_PKG   :=
tui/cli_DEPS  := common
tui/cli_TESTS := test_cli
