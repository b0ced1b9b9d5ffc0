import json
import os
import pathlib
import subprocess
import sys
import typing

import pytest
from fake_server import TOKEN, Refusal

from quern import _cli, _entrypoint, exception

HERE = pathlib.Path(__file__).parent
SDK = HERE.parent / "src"


def quern(server, *arguments, bare=False, cwd=HERE):
    """Runs ``python -m quern``; ``bare`` with no third-party package at all."""
    environment = {
        **os.environ,
        "QUERN_URL": server.url,
        "QUERN_TOKEN": TOKEN,
        "PYTHONPATH": str(SDK),
    }
    flags = ["-S"] if bare else []
    return subprocess.run(
        [sys.executable, *flags, "-m", "quern", *map(str, arguments)],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("bare", [False, True])
def test_runs_an_entrypoint_with_typed_arguments(server, bare):
    done = quern(server, "run", "jobs.py::main", "--count", "3", "--note=yes", bare=bare)
    assert (done.returncode, done.stdout) == (0, "yes [1, 2, 3]\n"), done.stderr
    assert "shifting 2\n" in done.stderr
    assert "3 calls, 0 failed" in done.stderr
    assert server.functions == {}


def test_runs_an_async_entrypoint_from_another_folder(server, tmp_path):
    done = quern(server, "run", "--quiet", HERE / "jobs.py::later", "--flag", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "later True 2\n"), done.stderr
    assert "calls" not in done.stderr


def test_runs_a_single_function_and_prints_its_result(server, tmp_path):
    (tmp_path / "one-off.py").write_text(
        "import quern\napp = quern.App('one')\n"
        "@app.function()\ndef add(a: int, b: int = 2) -> int: return a + b\n"
    )
    done = quern(server, "run", "one-off.py", "--a", "40", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    done = quern(server, "run", "--json", "one-off.py", "--a", "40", cwd=tmp_path)
    report = json.loads(done.stdout)
    assert (report["result"], report["calls"][0]["status"]) == (42, "succeeded")


def test_a_script_started_by_python_runs_its_app(server, tmp_path):
    (tmp_path / "my-job.py").write_text(
        "import quern\napp = quern.App()\n"
        "class Box:\n    def __init__(self, x): self.x = x\n"
        "class Empty(Exception): pass\n"
        "@app.function()\ndef grow(box):\n"
        "    if not box.x: raise Empty('no')\n"
        "    assert isinstance(box, Box)\n"
        "    return Box(box.x + 1)\n"
        "if __name__ == '__main__':\n"
        "    with app.run():\n"
        "        assert isinstance(grow.remote(Box(1)), Box)\n"
        "        print([box.x for box in grow.map([Box(1), Box(2)])])\n"
        "        try: grow.remote(Box(0))\n"
        "        except Empty as e: print('caught', e)\n"
    )
    environment = {
        **os.environ,
        "QUERN_URL": server.url,
        "QUERN_TOKEN": TOKEN,
        "PYTHONPATH": str(SDK),
    }
    done = subprocess.run(
        [sys.executable, "my-job.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[2, 3]\ncaught no\n"), done.stderr
    assert server.sent("PUT /v1/functions/my_job-grow.*")


def test_a_program_of_the_dialect_runs_under_the_other_name(server, tmp_path):
    (tmp_path / "hello_world.py").write_text(
        "import sys\nimport quern as modal\n"
        "app = modal.App('example-hello-world')\n"
        "@app.function()\ndef f(i):\n"
        "    print('hello' if i % 2 else 'world', i, file=sys.stderr if i % 2 else sys.stdout)\n"
        "    return i * i\n"
        "@app.local_entrypoint()\ndef main():\n"
        "    print(f.local(7))\n"
        "    print(f.remote(7))\n"
        "    total = 0\n"
        "    for ret in f.map(range(20)):\n"
        "        total += ret\n"
        "    print(total)\n"
    )
    done = quern(server, "run", "hello_world.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "49\n49\n2470\n"), done.stderr


def test_a_failing_call_shows_both_tracebacks_and_ends_with_7(server):
    done = quern(server, "run", "jobs.py::broken")
    assert done.returncode == 7
    assert 'return {}["missing"]' in done.stderr
    assert 'fail.remote("key")' in done.stderr
    assert "_cli.py" not in done.stderr
    assert server.functions == {}


def test_the_status_tells_the_kind_of_failure(server, tmp_path):
    (tmp_path / "kinds.py").write_text(
        "import quern\nfrom quern import exception\napp = quern.App('kinds')\n"
        "@app.local_entrypoint()\ndef main(kind: str):\n"
        "    raise getattr(exception, kind)('x') if kind else ValueError('local')\n"
    )
    kinds = {"": 1, "InvalidError": 2, "NotFoundError": 3, "ConflictError": 5, "ExhaustedError": 6}
    for kind, status in kinds.items():
        done = quern(server, "run", "kinds.py", "--kind", kind, cwd=tmp_path)
        assert done.returncode == status, done.stderr
        assert 'kinds.py", line 6' in done.stderr
    server.fail_next("PUT *", Refusal(401, "DENIED", "who?"))
    assert quern(server, "deploy", "jobs.py").returncode == 4


def test_deploys_and_prints_urls(server):
    done = quern(server, "deploy", "jobs.py", "--name", "prod")
    assert done.returncode == 0, done.stderr
    assert f"POST {server.url}/v1/functions/prod-shift/call" in done.stdout
    assert sorted(server.functions) == ["prod-fail", "prod-renamed", "prod-shift"]
    done = quern(server, "deploy", "jobs.py", "--json")
    assert [body["name"] for body in json.loads(done.stdout)] == [
        "jobs-shift",
        "jobs-fail",
        "jobs-renamed",
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["run", "nothing.py"], 2, "no such file: nothing.py"),
        (["run", "jobs.py"], 2, "entrypoints broken, later, main; functions fail, renamed, shift"),
        (["run", "jobs.py::nope"], 2, "no entrypoint or function nope"),
        (["run", "jobs.py::main", "--count", "x"], 2, "invalid int value: 'x'"),
        (["run", "jobs.py::main", "--unknown"], 2, "unrecognized arguments"),
        (["deploy", "jobs_helper.py"], 2, "must have one app"),
        (["run"], 2, "required: file"),
    ],
)
def test_wrong_usage_ends_with_2(server, arguments, status, text):
    done = quern(server, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_syntax_error_is_shown_as_python_shows_it(server, tmp_path):
    (tmp_path / "bad.py").write_text("def (\n")
    done = quern(server, "run", "bad.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr
    assert "importlib" not in done.stderr


def test_no_server_is_one_line(tmp_path, server):
    server.close()
    done = quern(server, "run", "jobs.py::main")
    assert done.returncode == 6
    assert done.stderr.count("\n") == 1
    assert "quern serve" in done.stderr


def test_a_module_can_be_run_by_name(server, tmp_path):
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text("VALUE = 7")
    (package / "jobs.py").write_text(
        "import quern\nfrom . import helper\napp = quern.App('pkg')\n"
        "@app.function()\ndef value() -> int: return helper.VALUE\n"
    )
    done = quern(server, "run", "-m", "pkg.jobs", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr


# arguments ----------------------------------------------------------------------------------------


def every(
    a: str, b_c: int, d: float = 1.5, e: bool = False, f: typing.Optional[int] = None, g="x", h=3
):
    """Takes one of each."""
    return a, b_c, d, e, f, g, h


def parse(function, *argv):
    args, kwargs = _entrypoint.parse(function, list(argv), "test")
    return function(*args, **kwargs)


def test_arguments_are_typed():
    assert parse(every, "--a", "1", "--b-c", "2") == ("1", 2, 1.5, False, None, "x", 3)
    assert parse(
        every, "--a=-", "--b_c=-2", "--d", "2", "--e", "--f", "5", "--g", "1", "--h", "4"
    ) == ("-", -2, 2.0, True, 5, "1", 4)
    assert parse(every, "--a", "", "--b-c", "0", "--no-e")[3] is False


def test_the_rest_goes_to_star_arguments():
    def rest(first: str, *others: int):
        return first, others

    assert parse(rest, "--first", "a", "1", "2") == ("a", (1, 2))
    assert parse(rest, "--first", "a") == ("a", ())


@pytest.mark.skipif(sys.version_info < (3, 10), reason="newer syntax")
def test_new_style_optionals():
    def optional(a: "int | None" = None):
        return a

    assert parse(optional, "--a", "3") == 3


def test_other_types_are_named():
    def bad(items: typing.List[int]):
        pass

    with pytest.raises(exception.InvalidError, match="parameter items is"):
        parse(bad)

    def named(**options):
        pass

    with pytest.raises(exception.InvalidError, match=r"\*\*options"):
        parse(named)


def test_missing_and_abbreviated_arguments_are_refused(capsys):
    for argv in ([], ["--a", "1"], ["--a", "1", "--b", "2"]):
        with pytest.raises(SystemExit) as ended:
            parse(every, *argv)
        assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        parse(every, "--help")
    assert ended.value.code == 0
    assert "Takes one of each." in capsys.readouterr().out


def test_main_is_callable_in_process(in_environment, capsys):
    assert _cli.main(["run", "/no/such/file.py"]) == 2
    assert "no such file" in capsys.readouterr().err
