# SPDX-License-Identifier: GPL-3.0-or-later
# Wire formats: .proto files, and the frames that carry them.
common/proto_PROTO := common/proto/relay.proto common/proto/content.proto \
	common/proto/signal.proto common/proto/link.proto \
	common/proto/preview.proto common/proto/backup.proto
common/proto_PROTO += common/proto/group.proto common/proto/audio.proto
common/proto_SRC   := common/proto/frame.c common/proto/method.c
common/proto_PKG   := libprotobuf-c
common/proto_DEPS  := common
common/proto_TESTS := test_frame test_protocol
common/proto_FUZZ  := fuzz_frame
