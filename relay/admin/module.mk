# SPDX-License-Identifier: GPL-3.0-or-later
relay/admin_SRC   :=
relay/admin_PKG   :=
relay/admin_DEPS  := common
relay/admin_TESTS :=
