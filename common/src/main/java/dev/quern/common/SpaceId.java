package dev.quern.common;

/// Names a space: a tenant's project, the unit of authorisation, quota, dedup and billing.
///
/// @param value 1 to 63 characters of `a-z 0-9 . _ -`, the first a letter or digit
public record SpaceId(String value) {
    /// The space that exists from the first start.
    public static final SpaceId DEFAULT = new SpaceId("default");

    /// Checks the name.
    public SpaceId {
        Names.require("space", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
