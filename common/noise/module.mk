# SPDX-License-Identifier: GPL-3.0-or-later
common/noise_SRC   :=
common/noise_PKG   :=
common/noise_DEPS  := common
common/noise_TESTS :=
