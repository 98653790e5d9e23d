# SPDX-License-Identifier: GPL-3.0-or-later
# sotto-preview: decodes what others made, in a process that can do nothing else.
media/preview_SRC  := media/preview/sandbox.c media/preview/picture.c \
	media/preview/qr.c media/preview/render.c media/preview/exif.c \
	media/preview/strip.c media/preview/sound.c media/preview/serve.c
media/preview_PKG  := libseccomp gdk-pixbuf-2.0 zbar chafa opusfile libprotobuf-c
media/preview_DEPS := media common/proto common
media/preview_FUZZ := fuzz_strip
media/preview_TESTS := test_sandbox
sotto-preview_MAIN := media/preview/main.c
sotto-preview_MODS := media/preview media common/proto common
