package dev.quern.storage;

import org.jspecify.annotations.Nullable;

/// How the bytes of a chunk are packed. The codes are part of [PackFormat]: never change one.
enum Codec {
    /// As they are.
    NONE(0, 1),
    /// One zstd frame.
    ZSTD(1, 1),
    /// [ByteGrouping] by 2, then a zstd frame for each group: for tensors of 16-bit floats.
    ZSTD_BY_2(2, 2),
    /// [ByteGrouping] by 4, then a zstd frame for each group: for tensors of 32-bit floats.
    ZSTD_BY_4(3, 4);

    private final int code;
    private final int width;

    Codec(int code, int width) {
        this.code = code;
        this.width = width;
    }

    /// What a record says of it.
    int code() {
        return code;
    }

    /// Bytes of one number when bytes are grouped, else 1.
    int width() {
        return width;
    }

    /// The codec with a code, or null if there is none.
    static @Nullable Codec of(int code) {
        for (Codec codec : values()) {
            if (codec.code == code) {
                return codec;
            }
        }
        return null;
    }
}
