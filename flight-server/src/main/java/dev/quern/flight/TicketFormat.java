package dev.quern.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// The bytes of a ticket: a claim and its signature. A ticket is stateless: any server with the key
/// honours it until it expires. It is not a credential by itself: the call that presents it carries
/// a bearer token too, and the token's space must be the ticket's.
///
/// All numbers are big-endian; strings are UTF-8 after their length in bytes.
///
/// | bytes | field |
/// |---|---|
/// | 1 | version, 1 |
/// | 1 | kind: 1 file range, 2 rows, 3 self-test, 4 rows with a column for each attribute |
/// | 8 | expiry, milliseconds since 1970-01-01T00:00Z |
/// | 2 + n | space |
/// | 2 + n | kind 1: volume; kinds 2 and 4: collection |
/// | 32 | kind 1: commit |
/// | 2 + n | kind 1: path; kinds 2 and 4: id of the collection |
/// | 8 + 8 | kind 1: offset and length of the range |
/// | 4 | kind 3: length of the pattern |
/// | 32 | HMAC-SHA256 of every byte before, under the server's key |
///
/// Version rule: a reader refuses versions that it does not know, so a change of layout takes the
/// next version; tickets live for hours, so readers keep one version back. Thread-safe.
final class TicketFormat {
    private static final byte VERSION = 1;
    private static final byte FILE_RANGE = 1;
    private static final byte ROWS = 2;
    private static final byte SELF_TEST = 3;
    private static final byte COLUMNS = 4;
    private static final int MAC_BYTES = 32;
    private static final int MAX_TICKET_BYTES = 8 << 10;
    private static final HexFormat HEX = HexFormat.of();

    private final SecretKeySpec key;
    private final InstantSource clock;

    TicketFormat(byte[] key, InstantSource clock) {
        this.key = new SecretKeySpec(key, "HmacSHA256");
        this.clock = clock;
    }

    /// The ticket of a claim.
    byte[] seal(Claim claim) {
        ByteBuffer out = ByteBuffer.allocate(MAX_TICKET_BYTES);
        out.put(VERSION);
        switch (claim) {
            case Claim.FileRange file -> {
                begin(out, FILE_RANGE, claim);
                string(out, file.volume());
                out.put(HEX.parseHex(file.commit()));
                string(out, file.path());
                out.putLong(file.range().offset()).putLong(file.range().length());
            }
            case Claim.Rows rows -> {
                begin(out, rows.columns() ? COLUMNS : ROWS, claim);
                string(out, rows.collection());
                string(out, rows.id());
            }
            case Claim.SelfTest test -> {
                begin(out, SELF_TEST, claim);
                out.putInt(test.length());
            }
        }
        byte[] body = Arrays.copyOf(out.array(), out.position());
        out.put(mac(body, body.length));
        return Arrays.copyOf(out.array(), out.position());
    }

    /// The claim of a ticket that this server, or one with its key, sealed.
    ///
    /// @param space the space of the caller
    /// @throws QuernException `INVALID` if the bytes are no ticket of a known version; `DENIED` if
    ///   the signature does not match, the ticket has expired or it belongs to another space
    Claim open(byte[] ticket, SpaceId space) {
        if (ticket.length < 2 + MAC_BYTES || ticket.length > MAX_TICKET_BYTES) {
            throw QuernException.invalid(
                    "ticket has "
                            + ticket.length
                            + " bytes; take tickets from GetFlightInfo and pass them on unchanged");
        }
        if (ticket[0] != VERSION) {
            throw QuernException.invalid(
                    "ticket version must be " + VERSION + ", got " + (ticket[0] & 0xFF));
        }
        int bodyLength = ticket.length - MAC_BYTES;
        byte[] expected = mac(ticket, bodyLength);
        byte[] actual = Arrays.copyOfRange(ticket, bodyLength, ticket.length);
        if (!MessageDigest.isEqual(expected, actual)) {
            throw denied(
                    "ticket signature does not match: the ticket was altered, or signed by another"
                            + " server");
        }
        Claim claim = parse(ByteBuffer.wrap(ticket, 1, bodyLength - 1));
        if (!claim.space().equals(space)) {
            throw denied("ticket belongs to another space than the token");
        }
        Instant now = clock.instant();
        if (!now.isBefore(claim.expiresAt())) {
            throw denied(
                    "ticket expired at "
                            + claim.expiresAt()
                            + ", now "
                            + now
                            + "; call GetFlightInfo again");
        }
        return claim;
    }

    private static Claim parse(ByteBuffer in) {
        try {
            byte kind = in.get();
            Instant expiresAt = Instant.ofEpochMilli(in.getLong());
            SpaceId space = new SpaceId(string(in));
            Claim claim =
                    switch (kind) {
                        case FILE_RANGE -> fileRange(in, space, expiresAt);
                        case ROWS, COLUMNS ->
                                new Claim.Rows(
                                        space,
                                        expiresAt,
                                        string(in),
                                        string(in),
                                        kind == COLUMNS);
                        case SELF_TEST -> new Claim.SelfTest(space, expiresAt, in.getInt());
                        default ->
                                throw QuernException.invalid(
                                        "ticket kind must be 1 to 4, got " + kind);
                    };
            if (in.hasRemaining()) {
                throw QuernException.invalid(
                        "ticket has " + in.remaining() + " bytes after its last field");
            }
            return claim;
        } catch (BufferUnderflowException e) {
            throw new QuernException(ErrorKind.INVALID, "ticket ends within a field", e);
        }
    }

    private static Claim fileRange(ByteBuffer in, SpaceId space, Instant expiresAt) {
        String volume = string(in);
        byte[] commit = new byte[32];
        in.get(commit);
        String path = string(in);
        Claim.Range range = new Claim.Range(in.getLong(), in.getLong());
        return new Claim.FileRange(space, expiresAt, volume, HEX.formatHex(commit), path, range);
    }

    private static void begin(ByteBuffer out, byte kind, Claim claim) {
        out.put(kind).putLong(claim.expiresAt().toEpochMilli());
        string(out, claim.space().value());
    }

    private static void string(ByteBuffer out, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        out.putShort((short) bytes.length).put(bytes);
    }

    private static String string(ByteBuffer in) {
        byte[] bytes = new byte[in.getShort() & 0xFFFF];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private byte[] mac(byte[] bytes, int length) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            mac.update(bytes, 0, length);
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw QuernException.internal("this JDK cannot compute HMAC-SHA256", e);
        }
    }

    private static QuernException denied(String message) {
        return new QuernException(ErrorKind.DENIED, message);
    }
}
