package dev.quern.common.wire;

/// `POST /v1/storage/backup`: copy everything that an earlier backup there has not got.
///
/// @param to where: `file:///directory` on the server's machine, or `s3://bucket/prefix`
public record RunBackup(String to) {}
