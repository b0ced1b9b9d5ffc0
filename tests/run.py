"""Runs the test suites: `./quern test [SUITE ...] [options]`.

Suites: unit (Maven: every module's JUnit tests with all static checks, and the Python SDK's tests),
sim (seeded simulation of the storage engine with faults and power failures), crash (its process killed
under load, then that of collections), fuzz (the decoders of all modules), e2e (the real server process and the real clients), readme
(every block of the README), bad-input. Without a name all of them run, also after one that fails or cannot
be built, which counts as a failed test. sim, crash (twice) and fuzz close with their own line and count as one
test for each. Closes with one line: N passed, N failed, N skipped.
Exit status: 0 when nothing failed and something ran, 1 otherwise, 2 for wrong arguments.
"""

import argparse
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import venv
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
VENV = TESTS / ".venv"
PYTEST_SUITES = {"e2e": TESTS / "e2e", "readme": TESTS / "readme", "bad-input": TESTS / "bad_input"}
# Suites whose tests stand alone run in two processes, so that one works while the other waits.
PARALLEL = {"python-sdk", "e2e", "bad-input"}
# Modules with a FuzzSuite; the last one's class path holds them all.
FUZZ_MODULES = ["storage-engine", "volume-service", "vector-index", "function-service", "embed-workers", "server"]
# Main classes among the tests, with the modules they need and the options that all of a suite take.
PROOF_SUITES = {
    "sim": ([("dev.quern.storage.SimulationRun", FUZZ_MODULES[:1])], ["seeds", "seed"]),
    "crash": (
        [
            ("dev.quern.storage.CrashRun", FUZZ_MODULES[:1]),
            ("dev.quern.vector.CollectionCrashRun", ["storage-engine", "vector-index"]),
        ],
        ["kills", "seed"],
    ),
    "fuzz": ([("dev.quern.storage.FuzzRun", FUZZ_MODULES)], ["seconds", "seed"]),
}
SUITES = ["unit", *PROOF_SUITES, *PYTEST_SUITES]


class SuiteError(Exception):
    """A suite that cannot run; the message says why."""


class Tally:
    """Counts of finished tests."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed, failed, skipped):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def add_junit(self, path):
        """Adds a JUnit XML report; a missing one counts as a failure."""
        if not path.exists():
            self.add(0, 1, 0)
            return
        root = ElementTree.parse(path).getroot()
        for suite in [root] if root.tag == "testsuite" else root.iter("testsuite"):
            total = int(suite.get("tests", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            self.add(total - failed - skipped, failed, skipped)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def python_in_venv():
    """The interpreter of the tests' own environment, made and filled when its requirements changed."""
    requirements = TESTS / "requirements.txt"
    stamp = VENV / ".installed"
    python = VENV / "bin" / "python"
    wanted = requirements.read_text()
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return python
    print("quern test: installing the Python clients under test into tests/.venv", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.EnvBuilder(with_pip=True).create(VENV)
    except (subprocess.CalledProcessError, ImportError, SystemExit) as error:
        raise SuiteError(
            "python3 cannot make a virtual environment"
            f" ({error}); install the venv module, for example: apt-get install python3-venv"
        ) from error
    command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    for what in (["-r", requirements], ["--no-deps", "-e", ROOT / "client" / "python"]):
        if subprocess.run([*command, *what]).returncode != 0:
            raise SuiteError("pip could not install what the Python suites use")
    stamp.write_text(wanted)
    return python


def run_unit(tally, options):
    """Maven's verify: compile with all checks, format, forbidden APIs, dependencies, JUnit."""
    for report in ROOT.glob("**/target/surefire-reports"):
        shutil.rmtree(report)
    maven = shutil.which("mvn") or str(ROOT / "mvnw")
    goals = ["-B", "-ntp", "verify", "--fail-at-end"]
    if options.seed is not None:
        goals.append(f"-Dquern.test.seed={options.seed}")
    log_path = ROOT / "target" / "verify.log"
    log_path.parent.mkdir(exist_ok=True)
    with open(log_path, "w") as log:
        process = subprocess.Popen(
            [maven, *goals], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for line in process.stdout:
            log.write(line)
            if re.search(r"Tests run:.*Time elapsed|^\[ERROR\]|Building .*\[\d+/\d+\]|^rerun:", line):
                print(line.rstrip(), flush=True)
    status = process.wait()
    before = tally.failed
    for report in ROOT.glob("**/target/surefire-reports/TEST-*.xml"):
        tally.add_junit(report)
    if status != 0 and tally.failed == before:
        print(f"quern test: a check of the build failed; the whole log is {log_path.relative_to(ROOT)}")
        tally.add(0, 1, 0)
    run_pytest(tally, "python-sdk", ROOT / "client" / "python" / "tests", options)


@functools.cache
def compile_proofs(last):
    """Builds the test classes of a module and those below it."""
    maven = shutil.which("mvn") or str(ROOT / "mvnw")
    command = [maven, "-B", "-ntp", "-Dquick", "-Dmaven.test.skip=false", "-Djacoco.skip=true"]
    log_path = ROOT / "target" / "proofs.log"
    log_path.parent.mkdir(exist_ok=True)
    with open(log_path, "w") as log:
        command += ["test-compile", "-pl", last, "-am"]
        status = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode
    if status != 0:
        errors = [line for line in log_path.read_text().splitlines() if re.match(r"\[(ERROR|WARNING)\] \S*\.java|\[ERROR\]", line)]
        print("\n".join(errors[:15]))
        raise SuiteError(f"the build failed; the whole log is {log_path.relative_to(ROOT)}")


def class_path(modules):
    """That of the tests of some modules, each with what those before it need."""
    compile_proofs(modules[-1])
    targets = [ROOT / module / "target" for module in modules]
    paths = [str(target / "test-classes") for target in targets]
    for target in targets:
        listed = target / "test-classpath.txt"
        paths += [str(target / "classes"), *(listed.read_text().split(os.pathsep) if listed.exists() else [])]
    return os.pathsep.join(dict.fromkeys(paths))


def run_proof(tally, suite, options):
    mains, names = PROOF_SUITES[suite]
    for main, modules in mains:
        command = [pathlib.Path(os.environ["JAVA_HOME"]) / "bin" / "java", "--enable-native-access=ALL-UNNAMED"]
        command += ["-Dslf4j.internal.verbosity=ERROR", "-Xmx1g", "-cp", class_path(modules), main]
        for name in names:
            value = getattr(options, name)
            if value is not None:
                command += [f"--{name}", str(value)]
        status = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode
        tally.add(int(status == 0), int(status != 0), 0)


def run_pytest(tally, name, folder, options):
    report = ROOT / "target" / f"pytest-{name}.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUERN_")}
    environment.update(PYTHONDONTWRITEBYTECODE="1", QUERN_CHECKOUT=str(ROOT))
    if options.seed is not None:
        environment["QUERN_TEST_SEED"] = str(options.seed)
    if options.kills is not None:
        environment["QUERN_TEST_KILLS"] = str(options.kills)
    command = [python_in_venv(), "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider"]
    command += ["--durations=5", f"--junitxml={report}", folder, *options.pytest]
    if name in PARALLEL:
        command += ["-n", "2", "--dist", "worksteal"]
    if options.k:
        command += ["-k", options.k]
    subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)
    tally.add_junit(report)


def main():
    parser = argparse.ArgumentParser(prog="quern test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="*", choices=[[], *SUITES], metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--seed", type=int, help="seed of the random tests; each prints the one it used")
    parser.add_argument("--kills", type=int, help="how often to kill; default 200 (the engine) and 12 (collections) in crash, 20 (the server) in e2e")
    parser.add_argument("--seeds", type=int, help="how many seeds to simulate; default 200")
    parser.add_argument("--seconds", type=int, help="how long to fuzz; default 20")
    parser.add_argument("-k", help="only tests whose name matches, in the Python suites")
    options, options.pytest = parser.parse_known_args()
    unknown = [word for word in options.pytest if not word.startswith("-")]
    if unknown:
        parser.error(f"unknown suite {unknown[0]!r}; suites are {', '.join(SUITES)}")
    tally = Tally()
    for suite in options.suite or SUITES:
        started = time.monotonic()
        print(f"== {suite}", flush=True)
        try:
            if suite == "unit":
                run_unit(tally, options)
            elif suite in PROOF_SUITES:
                run_proof(tally, suite, options)
            else:
                run_pytest(tally, suite, PYTEST_SUITES[suite], options)
        except SuiteError as error:
            print(f"quern test: {error}", flush=True)
            tally.add(0, 1, 0)
        print(f"== {suite} took {time.monotonic() - started:.0f} s", flush=True)
    print(tally, flush=True)
    sys.exit(0 if tally.failed == 0 and tally.passed > 0 else 1)


if __name__ == "__main__":
    main()
