package dev.quern.server;

import dev.quern.common.Authenticator;
import dev.quern.common.ErrorKind;
import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Bearer tokens as facts. A token is 32 random bytes; only its SHA-256 is stored, as the key of a
/// fact whose value is `space NUL name`, for an operator's token `space NUL name NUL operator`.
/// Thread-safe.
final class TokenStore implements Authenticator {
    /// A space that no user can name: users' spaces come from tokens, and none is issued for this
    /// one.
    private static final SpaceId SYSTEM = new SpaceId("quern.system");

    /// The first component of its keys; the facts name no chunks.
    static final String KIND = "token";

    /// The name of the token in the data directory.
    static final String ADMIN = "admin";

    private static final String OPERATOR = "operator";
    private static final String PREFIX = "qn_";
    private static final int TOKEN_BYTES = 32;

    private final MetaLog facts;
    private final RandomGenerator secureRandom;

    /// @param secureRandom must be unpredictable
    TokenStore(MetaLog facts, RandomGenerator secureRandom) {
        this.facts = facts;
        this.secureRandom = secureRandom;
    }

    /// Makes a token of a space; the only time that it can be read.
    String issue(SpaceId space, String name) {
        return issue(space.value() + '\0' + name);
    }

    /// Makes a token of a space that may also look after the whole store.
    String issueOperator(SpaceId space, String name) {
        return issue(space.value() + '\0' + name + '\0' + OPERATOR);
    }

    private String issue(String value) {
        byte[] bytes = new byte[TOKEN_BYTES];
        secureRandom.nextBytes(bytes);
        String token = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        byte[] bytesOfValue = value.getBytes(StandardCharsets.UTF_8);
        facts.commit(Txn.in(SYSTEM).put(key(token), bytesOfValue).build());
        return token;
    }

    @Override
    public Principal authenticate(@Nullable String token) {
        if (token == null || token.isEmpty()) {
            throw new QuernException(
                    ErrorKind.DENIED,
                    "no token: send the header \"Authorization: Bearer TOKEN\" (the admin token is in"
                            + " the data directory's admin.token)");
        }
        Optional<MetaLog.Fact> fact = facts.find(SYSTEM, key(token));
        if (fact.isEmpty()) {
            throw new QuernException(
                    ErrorKind.DENIED,
                    "unknown token: check QUERN_TOKEN, or read the data directory's admin.token");
        }
        String[] parts = new String(fact.get().value(), StandardCharsets.UTF_8).split("\0", 3);
        return new Principal(new SpaceId(parts[0]), parts[1], isOperator(parts));
    }

    /// Before tokens said so, the one token that a server made was the operator's.
    private static boolean isOperator(String[] parts) {
        return parts.length == 3 ? parts[2].equals(OPERATOR) : parts[1].equals(ADMIN);
    }

    private static Key key(String token) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(token.getBytes(StandardCharsets.UTF_8));
            return Key.of(KIND, HexFormat.of().formatHex(hash));
        } catch (NoSuchAlgorithmException e) {
            throw QuernException.internal("SHA-256 is missing from this Java", e);
        }
    }
}
