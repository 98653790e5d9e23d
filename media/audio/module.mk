# SPDX-License-Identifier: GPL-3.0-or-later
# Sound devices and voice notes; sotto-audio, the process that has them.
media/audio_SRC   := media/audio/audio.c media/audio/audio_pulse.c \
	media/audio/audio_alsa.c media/audio/audio_file.c media/audio/library.c \
	media/audio/stretch.c media/audio/voice.c media/audio/serve.c
media/audio_PKG   := libpulse alsa libopusenc libprotobuf-c
media/audio_DEPS  := media common/proto common
media/audio_TESTS := test_audio test_stretch test_voice
test_voice_PKG    := opusfile
test_audio_SRC    := tests/unit/sound_server.c
sotto-audio_MAIN  := media/audio/main.c
sotto-audio_MODS  := media/audio media common/proto common
$(B)/tests/test_audio $(B)/tests/test_stretch $(B)/tests/test_voice: LDLIBS += -lm
