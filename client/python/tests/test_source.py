import io
import sys
import zipfile

import pytest

from quern import _modules, _source, exception


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Imports modules written to a folder, as a program started there would."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write(**files):
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def names(*modules):
    with zipfile.ZipFile(io.BytesIO(_source.archive(modules))) as archive:
        return archive.namelist()


def test_ships_the_module_and_the_siblings_it_imports(project):
    project(
        qt_main="import qt_a, json\ndef f():\n    from qt_b.deep import x\n",
        qt_a="import qt_c\n",
        qt_c="import qt_main\n",
        qt_unused="",
        qt_b__deep="import qt_d.leaf\n",
        qt_b__other="",
        qt_d__leaf="",
    )
    __import__("qt_main")
    assert names("qt_main") == [
        "qt_a.py",
        "qt_b/deep.py",
        "qt_b/other.py",
        "qt_c.py",
        "qt_d/leaf.py",
        "qt_main.py",
    ]


def test_ships_the_whole_package_of_a_module(project):
    root = project(
        qp__sub__jobs="from .. import helper\nimport qp_sibling\n",
        qp__helper="",
        qp_sibling="",
    )
    for folder in ("qp", "qp/sub", "qp/__pycache__", "qp/.hidden"):
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "__init__.py").write_text("")
    (root / "qp" / "data.txt").write_text("not source")
    __import__("qp.sub.jobs")
    assert names("qp.sub.jobs") == [
        "qp/__init__.py",
        "qp/helper.py",
        "qp/sub/__init__.py",
        "qp/sub/jobs.py",
        "qp_sibling.py",
    ]
    assert names("qp") == names("qp.sub.jobs")


def test_the_same_sources_make_the_same_zip(project):
    root = project(qs_main="import qs_a", qs_a="x = 1")
    __import__("qs_main")
    first = _source.archive(["qs_main"])
    (root / "qs_a.py").touch()
    assert _source.archive(["qs_main", "qs_main"]) == first
    (root / "qs_a.py").write_text("x = 2")
    assert _source.archive(["qs_main"]) != first


def test_a_sibling_that_does_not_parse_is_shipped_as_it_is(project):
    project(qe_main="try:\n    import qe_bad\nexcept SyntaxError:\n    pass", qe_bad="def (")
    __import__("qe_main")
    assert names("qe_main") == ["qe_bad.py", "qe_main.py"]


def test_never_ships_the_sdk_nor_what_is_installed(project):
    root = project(qi_main="import quern, site_thing")
    site = root / "lib" / "site-packages"
    site.mkdir(parents=True)
    (site / "site_thing.py").write_text("import other_installed")
    (site / "other_installed.py").write_text("")
    sys.path.append(str(site))
    try:
        __import__("qi_main")
        assert names("qi_main") == ["qi_main.py"]
        assert names("site_thing") == ["site_thing.py"]
    finally:
        sys.path.remove(str(site))


def test_a_module_without_a_file_is_refused():
    with pytest.raises(exception.InvalidError, match="no source file"):
        _source.archive(["sys"])


@pytest.mark.skipif(sys.version_info < (3, 10), reason="the list of names is newer")
def test_a_file_that_hides_a_standard_module_is_refused(project, monkeypatch):
    root = project(queue="")
    monkeypatch.setattr(sys.modules["queue"], "__file__", str(root / "queue.py"))
    with pytest.raises(exception.InvalidError, match="rename the file"):
        _source.archive(["queue"])


@pytest.mark.parametrize(
    ("file", "name"), [("a/my-app.py", "my_app"), ("2nd.py", "_2nd"), ("plain.py", "plain")]
)
def test_scripts_get_an_importable_name(file, name):
    assert _modules.module_name_of(file) == name
