# SPDX-License-Identifier: GPL-3.0-or-later
# Test programs that are not unit tests: <dir>/<name>, with <dir>/<name>_MODS.
TOOLS :=
