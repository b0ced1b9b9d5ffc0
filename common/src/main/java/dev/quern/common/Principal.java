package dev.quern.common;

/// Who a request acts for, once its token has been checked.
///
/// @param space the space that every name in the request is resolved in
/// @param tokenName the name of the token, for logs; never the token itself
/// @param operator whether it may look after the whole store, beyond its space
public record Principal(SpaceId space, String tokenName, boolean operator) {
    /// One that has its space and no more.
    public Principal(SpaceId space, String tokenName) {
        this(space, tokenName, false);
    }
}
