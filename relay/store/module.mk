# SPDX-License-Identifier: GPL-3.0-or-later
relay/store_SRC   :=
relay/store_PKG   :=
relay/store_DEPS  := common
relay/store_TESTS :=
