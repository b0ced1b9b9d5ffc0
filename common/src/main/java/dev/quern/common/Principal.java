package dev.quern.common;

/// Who a request acts for, once its token has been checked.
///
/// @param space the space that every name in the request is resolved in
/// @param tokenName the name of the token, for logs; never the token itself
public record Principal(SpaceId space, String tokenName) {}
