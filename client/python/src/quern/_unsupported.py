"""Names of the Modal dialect that this version of Quern does not have, so that a program that uses
one is told so by name instead of failing somewhere else.
"""

from __future__ import annotations

from typing import Any, Mapping

from .exception import NotSupportedError

MODULE = frozenset(
    (
        "Cls CloudBucketMount Cron Dict Image Mount NetworkFileSystem Obj Period Proxy Queue "
        "Retries Sandbox SandboxSnapshot SchedulerPlacement Secret Server Tunnel Workspace "
        "asgi_app batched billing build concurrent config current_function_call_id "
        "current_input_id enter exit experimental fastapi_endpoint forward gpu interact is_local "
        "method parameter web_endpoint web_server wsgi_app"
    ).split()
)
APP = frozenset("cls include lookup server set_description tags".split())
FUNCTION = frozenset(
    (
        "get_current_stats get_web_url keep_warm remote_gen spawn_map update_autoscaler web_url "
        "with_batching with_concurrency with_options"
    ).split()
)
FUNCTION_OPTIONS = frozenset(
    (
        "allow_concurrent_inputs block_network buffer_containers cloud concurrency_limit "
        "container_idle_timeout cpu enable_memory_snapshot env ephemeral_disk "
        "experimental_options gpu i6pn image include_source is_generator keep_warm max_inputs "
        "min_containers mounts network_file_systems nonpreemptible proxy rdma region "
        "restrict_modal_access retries schedule secrets serialized single_use_containers "
        "startup_timeout"
    ).split()
)


def error(name: str) -> NotSupportedError:
    """Says that ``name`` is known and missing."""
    return NotSupportedError(f"{name} is not in this version of Quern")


def refuse_options(where: str, given: Mapping[str, Any]) -> None:
    """Raises ``NotSupportedError`` for known options that ask for something, ``TypeError`` for
    names that nobody knows.
    """
    for name, value in given.items():
        if name not in FUNCTION_OPTIONS:
            raise TypeError(f"{where} has no argument {name!r}")
        if value:
            raise error(f"{where}({name}=)")
