package dev.quern.vector;

import java.time.Duration;

/// The value of the fact that says how long a collection's history is kept.
///
/// | field | type |
/// |---|---|
/// | version | u8, 1 |
/// | window | i64, seconds, 0 or more; 0: no history |
final class WindowFormat {
    private static final int VERSION = 1;

    private WindowFormat() {}

    static byte[] encode(Duration window) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.i64(window.toSeconds());
        return out.toBytes();
    }

    static Duration decode(byte[] bytes) {
        FrameInput in = new FrameInput("history window fact", bytes);
        in.version(VERSION);
        long seconds = in.i64();
        in.end();
        if (seconds < 0 || seconds > CollectionVersions.MAX_WINDOW.toSeconds()) {
            throw in.corrupt("has a window of " + seconds + " s");
        }
        return Duration.ofSeconds(seconds);
    }
}
