/// A [dev.quern.storage.Tier] in a bucket of an S3-compatible object store: [S3Tier], opened from a
/// [S3Config]. The only package that uses the AWS SDK.
///
/// The blob `name` is the object whose key is the configured prefix and then the name, with the
/// blob's bytes and nothing else: no metadata, no tags. What Quern puts there:
///
/// | key, after the prefix | what | written by |
/// |---|---|---|
/// | `probe/<32 hex>` | a few bytes, removed at once | [S3Tier#open] |
/// | `chunks/store`, `chunks/packs/...`, `chunks/members/...`, `chunks/retired/...` | packs of chunks | `dev.quern.storage.TierChunkStore`, as its `TierStoreFormat` says |
/// | `backups/files/...`, `backups/manifests/...`, `backups/busy/...` | backups | [dev.quern.storage.Backup], as its `BackupFormat` says |
///
/// Rules towards the store: an object is written only with `If-None-Match: *` (put-if-absent), be
/// it in one piece or in parts, and never changed. A store that ignores the condition is refused at
/// the start, because two servers could then overwrite each other. Needed permissions:
/// `s3:PutObject`, `s3:GetObject`, `s3:ListBucket`, `s3:DeleteObject`, `s3:AbortMultipartUpload`. A
/// lifecycle rule that removes incomplete multipart uploads after a day clears what a crash leaves
/// behind.
@NullMarked
package dev.quern.storage.s3;

import org.jspecify.annotations.NullMarked;
