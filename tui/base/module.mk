# SPDX-License-Identifier: GPL-3.0-or-later
# What every front of the client needs before there is an engine.
tui/base_SRC   := tui/base/paths.c tui/base/child_env.c
tui/base_PKG   :=
tui/base_DEPS  := common
tui/base_TESTS := test_paths test_child_env
