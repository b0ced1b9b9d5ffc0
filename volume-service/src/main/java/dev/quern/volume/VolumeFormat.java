package dev.quern.volume;

import dev.quern.common.QuernException;
import java.time.Instant;
import java.util.HexFormat;

/// The values of the facts that make a volume. Integers are big-endian. Keys, with `ID` the 32 hex
/// digits of the volume's id:
///
/// | key | value |
/// |---|---|
/// | `volume` NAME | 1 byte version: the number 1; 16 bytes id; 8 bytes creation, milliseconds since 1970, signed |
/// | `volume-ref` ID BRANCH | 1 byte version: the number 1; 32 bytes id of the head commit |
/// | `volume-commit` ID COMMIT | 1 byte version: the number 1; there for every commit of the volume's history |
/// | `volume-stage` ID SESSION INDEX POSITION | [StagedFormat] |
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes is a new version.
final class VolumeFormat {
    static final int VERSION = 1;

    private VolumeFormat() {}

    static byte[] encode(String id, Instant createdAt) {
        return new FormatWriter(25)
                .u8(VERSION)
                .bytes(HexFormat.of().parseHex(id))
                .i64(createdAt.toEpochMilli())
                .toBytes();
    }

    /// The volume in the value of a fact.
    ///
    /// @param version the fact's
    /// @throws QuernException `CORRUPT` if the bytes are anything else
    static Volume decode(String name, long version, byte[] bytes) {
        FormatReader in = new FormatReader(bytes, "fact of volume " + name);
        in.version(VERSION);
        String id = HexFormat.of().formatHex(in.bytes(16));
        Instant createdAt = Instant.ofEpochMilli(in.i64());
        in.end();
        return new Volume(name, id, createdAt, version);
    }

    static byte[] encodeRef(CommitId head) {
        return new FormatWriter(33).u8(VERSION).id(head.chunk()).toBytes();
    }

    /// The head in the value of a ref's fact.
    ///
    /// @throws QuernException `CORRUPT` if the bytes are anything else
    static CommitId decodeRef(String volumeName, byte[] bytes) {
        FormatReader in = new FormatReader(bytes, "head of volume " + volumeName);
        in.version(VERSION);
        CommitId head = CommitId.of(in.id());
        in.end();
        return head;
    }

    static byte[] encodeMembership() {
        return new byte[] {VERSION};
    }

    /// A volume as its fact has it.
    ///
    /// @param version of the fact: tells it from a volume that takes the name later
    record Volume(String name, String id, Instant createdAt, long version) {}
}
