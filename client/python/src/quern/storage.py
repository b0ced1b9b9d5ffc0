"""The server's whole store, for its operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from ._client import segment

if TYPE_CHECKING:
    from ._client import Client


class StorageStats(NamedTuple):
    """Counts of what is stored, of all spaces."""

    chunks: int
    live_bytes: int
    """Bytes that chunks take in packs."""
    stored_bytes: int
    """Bytes of all pack files."""
    dead_bytes: int
    """Bytes that :meth:`Storage.compact` could free."""
    packs: int
    quarantined: int
    """Chunks that were found damaged."""
    applied_index: int
    """Index of the last transaction."""
    state_hash: str
    """Hash of all facts at this index, 32 hex digits."""
    encrypted: bool
    """Whether new chunks are encrypted."""
    tier: Optional[str] = None
    """Where the chunks are; ``None`` when they are in the data directory."""


class Garbage(NamedTuple):
    """A chunk that nothing leads to. ``condemned_at`` is ISO-8601, ``None`` if no run found it."""

    chunk: str
    bytes: int
    reason: str
    condemned_at: Optional[str] = None


class GcSpace(NamedTuple):
    """What a garbage collection found in one space. ``garbage`` is that of a dry run; ``problem``
    says why nothing of the space was removed.
    """

    space: str
    live_chunks: int
    live_bytes: int
    condemned_chunks: int
    condemned_bytes: int
    removed_chunks: int
    removed_bytes: int
    garbage: List[Garbage]
    problem: Optional[str] = None


class GcResult(NamedTuple):
    """What a garbage collection did; or would have done, for a dry run."""

    dry_run: bool
    removed_chunks: int
    removed_bytes: int
    spaces: List[GcSpace]


class CompactResult(NamedTuple):
    """What a compaction did."""

    packs_removed: int
    packs_kept: int
    """Packs that stay for a damaged chunk in them."""
    chunks_moved: int
    bytes_moved: int
    bytes_freed: int
    quarantined: int


class Finding(NamedTuple):
    """A chunk that is damaged or missing, and one thing that needs it (``use``, may be empty)."""

    space: str
    chunk: str
    problem: str
    use: str


class FsckResult(NamedTuple):
    """What a check of the whole store found. ``findings`` are the first 1,000."""

    clean: bool
    packs: int
    records: int
    bytes: int
    live_chunks: int
    dead_records: int
    damaged: int
    uses: int
    findings: List[Finding]
    problems: List[str]


class RepairResult(NamedTuple):
    """What a repair did, and what is lost."""

    repaired: int
    lost: int
    losses: List[Finding]
    problems: List[str]


class BackupInfo(NamedTuple):
    """A backup; later ones have greater ids. ``created`` is ISO-8601."""

    id: str
    created: str
    files: int
    bytes: int
    index: int
    """Index of the last transaction in it."""
    state_hash: str


class BackupResult(NamedTuple):
    """What making a backup took: ``new_files`` of its ``files`` had to be copied."""

    id: str
    created: str
    files: int
    bytes: int
    new_files: int
    new_bytes: int
    index: int
    """Index of the last transaction in it."""
    state_hash: str


class PruneResult(NamedTuple):
    """What the removal of old backups did; or would have done, for a dry run."""

    dry_run: bool
    kept: List[BackupInfo]
    removed: List[BackupInfo]
    files: int
    """Files that no backup needs any more."""
    bytes: int


class Member(NamedTuple):
    """A data directory whose facts name chunks of the store in a tier. ``seen_at`` is ISO-8601,
    ``None`` once its server was stopped in order.
    """

    id: str
    own: bool
    """Whether it is this server's."""
    running: bool
    """Whether its server runs, as far as it has said in the last 15 minutes."""
    seen_at: Optional[str] = None


class ChunkFate(NamedTuple):
    """Why a chunk of one space is kept, or not: ``uses`` is what needs it, none for garbage."""

    space: str
    stored: bool
    quarantined: bool
    pinned: bool
    uses: List[str]
    condemned_at: Optional[str] = None


class Operation(NamedTuple):
    """A run of ``kind``: ``gc``, ``compact``, ``fsck``, ``repair`` or ``backup``."""

    id: str
    kind: str
    state: str
    """``running``, ``cancelling``, ``done``, ``failed`` or ``cancelled``."""
    phase: str
    unit: str
    """What ``done`` and ``total`` count: ``chunks`` or ``bytes``."""
    done: int
    """Of this phase."""
    started_at: str
    """ISO-8601."""
    total: Optional[int] = None
    """Of this phase; ``None`` where it is not known."""
    ended_at: Optional[str] = None
    error: Optional[str] = None


class Operations(NamedTuple):
    """Those under way, the earliest first, and the last 20 that ended, the latest first."""

    running: List[Operation]
    ended: List[Operation]


class Storage:
    """``client.storage``. Every method needs an operator's token, else ``AuthError``.
    Those that do work return when it is done, and raise ``ConflictError`` while another of them is
    under way, or when they are cancelled; :meth:`operations` tells how far they are.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def stats(self) -> StorageStats:
        """Counts of what is stored."""
        answer = self._client.json("GET", "/v1/storage", waits=True)
        return StorageStats(**_known(StorageStats, answer))

    def gc(self, *, grace: Optional[float] = None, dry_run: bool = False) -> GcResult:
        """Removes chunks that nothing has needed for ``grace`` seconds, by default as long as the
        server's setting ``gc-grace`` says. The first run that finds one only marks it.
        :meth:`compact` then frees the bytes.
        """
        request: Dict[str, Any] = {"dry_run": dry_run}
        if grace is not None:
            request["grace_seconds"] = grace
        answer = self._post("gc", request)
        spaces = []
        for space in answer["spaces"]:
            garbage = [Garbage(**_known(Garbage, chunk)) for chunk in space["garbage"]]
            spaces.append(GcSpace(**{**_known(GcSpace, space), "garbage": garbage}))
        return GcResult(**{**_known(GcResult, answer), "spaces": spaces})

    def compact(self) -> CompactResult:
        """Frees the bytes of removed chunks, and merges small packs."""
        return CompactResult(**_known(CompactResult, self._post("compact")))

    def fsck(self) -> FsckResult:
        """Reads everything and compares it with its checksums and with what needs it."""
        answer = self._post("fsck")
        found = {**_known(FsckResult, answer), "findings": _findings(answer["findings"])}
        return FsckResult(**found)

    def repair(self, source: Optional[str] = None, *, backup: Optional[str] = None) -> RepairResult:
        """Fetches damaged and missing chunks from the backups in ``source``, the latest unless
        ``backup`` is another's id, and says what is lost. Without ``source`` nothing is fetched.
        """
        request = {"from": source, "backup": backup}
        answer = self._post(
            "repair", {key: value for key, value in request.items() if value is not None}
        )
        found = {**_known(RepairResult, answer), "losses": _findings(answer["losses"])}
        return RepairResult(**found)

    def backup(self, to: str) -> BackupResult:
        """Makes a backup: copies what earlier ones lack to ``file:///directory`` on the server's
        machine, or to ``s3://bucket/prefix``.
        """
        return BackupResult(**_known(BackupResult, self._post("backup", {"to": to})))

    def operations(self) -> Operations:
        """The long operations that are under way, and how the last ones ended."""
        answer = self._client.json("GET", "/v1/storage/operations")
        return Operations(_operations(answer["running"]), _operations(answer["ended"]))

    def cancel(self, operation: str) -> Operation:
        """Asks an operation to stop, and does not wait for it. What it has done stays done; running
        it again does the rest.
        """
        path = f"/v1/storage/operations/{segment(operation)}"
        return Operation(**_known(Operation, self._client.json("DELETE", path)))

    def backups(self, to: str) -> List[BackupInfo]:
        """The backups in a place, the oldest first."""
        path = f"/v1/storage/backups?to={segment(to)}"
        answer = self._client.json("GET", path, waits=True)
        return [BackupInfo(**_known(BackupInfo, backup)) for backup in answer["backups"]]

    def prune_backups(
        self,
        source: str,
        *,
        keep: int,
        keep_within: Optional[float] = None,
        dry_run: bool = False,
    ) -> PruneResult:
        """Removes all backups in ``source`` but the latest ``keep`` and those of the last
        ``keep_within`` seconds, and the files that no other needs.
        """
        request: Dict[str, Any] = {"from": source, "keep": keep, "dry_run": dry_run}
        if keep_within is not None:
            request["keep_within_seconds"] = keep_within
        answer = self._post("prune-backups", request)
        backups = {
            key: [BackupInfo(**_known(BackupInfo, backup)) for backup in answer[key]]
            for key in ("kept", "removed")
        }
        return PruneResult(**{**_known(PruneResult, answer), **backups})

    def members(self) -> List[Member]:
        """The data directories that share the tier in which the server has its chunks, its own
        first.
        """
        answer = self._client.json("GET", "/v1/storage/members", waits=True)
        return [Member(**_known(Member, member)) for member in answer["members"]]

    def forget_member(self, member: str) -> None:
        """Forgets a data directory that is lost for good, so that garbage is collected again; what
        only its facts need becomes garbage. Raises ``ConflictError`` for one whose server runs.
        """
        self._client.json("DELETE", f"/v1/storage/members/{segment(member)}", waits=True)

    def rotate_key(self, space: Optional[str] = None) -> int:
        """Encrypts the new chunks of a space, by default ``default``, with a new data key.
        Returns the key's number.
        """
        request = {} if space is None else {"space": space}
        key: int = self._post("rotate-key", request)["key_id"]
        return key

    def explain(self, chunk: str) -> List[ChunkFate]:
        """Why a chunk is kept, in each space that has it or needs it."""
        path = f"/v1/storage/chunks/{segment(chunk)}"
        answer = self._client.json("GET", path, waits=True)
        return [ChunkFate(**_known(ChunkFate, space)) for space in answer["spaces"]]

    def _post(self, verb: str, payload: Optional[Dict[str, Any]] = None) -> Any:
        return self._client.json("POST", f"/v1/storage/{verb}", payload, waits=True)


def _operations(answer: List[Dict[str, Any]]) -> List[Operation]:
    return [Operation(**_known(Operation, operation)) for operation in answer]


def _findings(answer: List[Dict[str, Any]]) -> List[Finding]:
    return [Finding(**_known(Finding, finding)) for finding in answer]


def _known(kind: Any, answer: Dict[str, Any]) -> Dict[str, Any]:
    """Leaves out what a later server adds."""
    return {name: value for name, value in answer.items() if name in kind._fields}
