# SPDX-License-Identifier: GPL-3.0-or-later
# What touches pictures and sound of others, and the child that does it.
media_SRC   := media/preview.c
media_PKG   := libprotobuf-c
media_DEPS  := common/proto common
media_TESTS := test_preview
$(B)/obj/media/preview.o: CPPFLAGS += -DSOTTO_LIBEXECDIR='"$(LIBEXECDIR)"'
# It asks the real child.
$(B)/tests/test_preview: | $(B)/sotto-preview
