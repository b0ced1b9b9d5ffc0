import pathlib
import subprocess
import sys

SDK = pathlib.Path(__file__).parents[1] / "src"


def bare(code):
    """Runs code where the SDK is and no other package."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(SDK)!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_importing_needs_python_alone_and_no_network_code():
    heavy = bare(
        "import quern\n"
        "app = quern.App('a')\n"
        "vol = quern.Volume.from_name('v', create_if_missing=True)\n"
        "@app.function(volumes={'/data': vol})\n"
        "def f(): pass\n"
        "@app.local_entrypoint()\n"
        "def main(): pass\n"
        "print([m for m in ('httpx', 'http', 'socket', 'ssl', 'asyncio', 'inspect', 'pickle',"
        " 'json', 'urllib.request') if m in sys.modules])"
    )
    assert heavy == "[]\n"


def test_every_public_name_can_be_loaded():
    assert bare("import quern\nfor n in quern.__all__: getattr(quern, n)\nprint('ok')") == "ok\n"


def test_the_dialect_imports_under_the_other_name():
    out = bare(
        "import quern as modal\n"
        "try:\n"
        "    from quern import Image\n"
        "except NotImplementedError as e:\n"
        "    print(e)"
    )
    assert out == "quern.Image is not in this version of Quern\n"
