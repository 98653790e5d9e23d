# SPDX-License-Identifier: GPL-3.0-or-later
# QR codes drawn with characters.
common/qr_SRC   := common/qr/qr.c
common/qr_PKG   := libqrencode
common/qr_DEPS  := common
common/qr_TESTS := test_qr
common/qr_FUZZ  := fuzz_qr
