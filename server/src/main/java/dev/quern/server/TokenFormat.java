package dev.quern.server;

import dev.quern.common.Names;
import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.nio.charset.StandardCharsets;

/// The value of a token's fact, UTF-8: `space NUL name`, for an operator's token `space NUL name
/// NUL operator`. Before tokens said so, the one token that a server made, named `admin`, was the
/// operator's.
final class TokenFormat {
    private static final String OPERATOR = "operator";

    private TokenFormat() {}

    static byte[] encode(Principal principal) {
        String value = principal.space().value() + '\0' + principal.tokenName();
        return (principal.operator() ? value + '\0' + OPERATOR : value)
                .getBytes(StandardCharsets.UTF_8);
    }

    /// Who a token's fact stands for.
    ///
    /// @param key the last part of the fact's key, for messages
    /// @throws QuernException `CORRUPT` if the bytes are of another form
    static Principal decode(byte[] value, String key) {
        String[] parts = new String(value, StandardCharsets.UTF_8).split("\0", -1);
        boolean known = parts.length == 2 || (parts.length == 3 && parts[2].equals(OPERATOR));
        if (!known || !Names.isName(parts[0])) {
            throw QuernException.corrupt("fact of token " + key + " names no space and token");
        }
        boolean operator = parts.length == 3 || parts[1].equals(TokenStore.ADMIN);
        return new Principal(new SpaceId(parts[0]), parts[1], operator);
    }
}
