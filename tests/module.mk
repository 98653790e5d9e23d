# SPDX-License-Identifier: GPL-3.0-or-later
# Test programs that are not unit tests: <dir>/<name>, with <dir>/<name>_MODS.
TOOLS :=

TOOLS += interop/noise-vectors
interop/noise-vectors_SRC  := tests/interop/noise_case.c
interop/noise-vectors_MODS := common/noise common
interop/noise-vectors_PKG  := sqlite3
