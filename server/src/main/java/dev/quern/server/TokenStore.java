package dev.quern.server;

import dev.quern.common.Authenticator;
import dev.quern.common.ErrorKind;
import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.FactMemo;
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
/// fact whose value is a [TokenFormat]. Thread-safe.
final class TokenStore implements Authenticator {
    /// A space that no user can name: users' spaces come from tokens, and none is issued for this
    /// one.
    private static final SpaceId SYSTEM = new SpaceId("quern.system");

    /// The first component of its keys; the facts name no chunks.
    static final String KIND = "token";

    /// The name of the token in the data directory.
    static final String ADMIN = "admin";

    private static final String PREFIX = "qn_";
    private static final int TOKEN_BYTES = 32;

    private final MetaLog facts;
    private final RandomGenerator secureRandom;
    private final FactMemo<Key, Principal> principals;

    /// @param secureRandom must be unpredictable
    TokenStore(MetaLog facts, RandomGenerator secureRandom) {
        this.facts = facts;
        this.secureRandom = secureRandom;
        this.principals = new FactMemo<>(facts);
    }

    /// Makes a token of a space; the only time that it can be read.
    String issue(SpaceId space, String name) {
        return issue(new Principal(space, name));
    }

    /// Makes a token of a space that may also look after the whole store.
    String issueOperator(SpaceId space, String name) {
        return issue(new Principal(space, name, true));
    }

    private String issue(Principal principal) {
        byte[] bytes = new byte[TOKEN_BYTES];
        secureRandom.nextBytes(bytes);
        String token = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        facts.commit(Txn.in(SYSTEM).put(key(token), TokenFormat.encode(principal)).build());
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
        return principals.get(key(token), this::find);
    }

    @Override
    public Optional<Principal> known(String token) {
        return principals.find(key(token));
    }

    private Principal find(Key key) {
        Optional<MetaLog.Fact> fact = facts.find(SYSTEM, key);
        if (fact.isEmpty()) {
            throw new QuernException(
                    ErrorKind.DENIED,
                    "unknown token: check QUERN_TOKEN, or read the data directory's admin.token");
        }
        return TokenFormat.decode(fact.get().value(), fact.get().key().last());
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
