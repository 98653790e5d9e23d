# SPDX-License-Identifier: GPL-3.0-or-later
# Signatures that S3 wants; no I/O.
common/aws_SRC   := common/aws/sigv4.c
common/aws_PKG   := libsodium
common/aws_DEPS  := common
common/aws_TESTS := test_sigv4
