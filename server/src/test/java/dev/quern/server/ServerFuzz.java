package dev.quern.server;

import static dev.quern.storage.FuzzTarget.require;

import dev.quern.common.Principal;
import dev.quern.common.SpaceId;
import dev.quern.storage.FuzzSuite;
import dev.quern.storage.FuzzTarget;
import java.util.List;

/// The decoder of tokens.
public final class ServerFuzz implements FuzzSuite {
    /// Needs nothing.
    public ServerFuzz() {}

    @Override
    public String module() {
        return "server";
    }

    @Override
    public List<FuzzTarget> targets() {
        SpaceId space = new SpaceId("s");
        return List.of(
                new FuzzTarget(
                        "server-token",
                        "fact of token k",
                        ServerFuzz::token,
                        List.of(
                                TokenFormat.encode(new Principal(space, "laptop")),
                                TokenFormat.encode(new Principal(space, "admin")),
                                TokenFormat.encode(new Principal(space, "ops", true)))));
    }

    private static void token(byte[] bytes) {
        Principal principal = TokenFormat.decode(bytes, "k");
        Principal again = TokenFormat.decode(TokenFormat.encode(principal), "k");
        require(again.equals(principal), "another principal after it was encoded: " + again);
    }
}
