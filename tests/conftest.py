"""Starts real server processes for the tests."""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

CHECKOUT = pathlib.Path(os.environ.get("QUERN_CHECKOUT", pathlib.Path(__file__).resolve().parent.parent))
LAUNCHER = CHECKOUT / "quern"
READY = re.compile(r"ready http=(http://\S+) flight=(grpc://\S+)")


class Server:
    """A `quern serve` process on free ports. `kill()` is SIGKILL; `start()` runs it again on the same data."""

    def __init__(self, data, *flags, environment=None):
        self.data = pathlib.Path(data)
        self.flags = list(flags)
        self.environment = environment or {}
        self.log = self.data.with_name(self.data.name + ".log")
        self.process = None

    def start(self, timeout=60):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("QUERN_") and k != "JAVA_HOME"}
        environment.update(self.environment)
        command = [LAUNCHER, "serve", "--data", self.data, "--http-port", "0", "--flight-port", "0", *self.flags]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
            )
        deadline = time.monotonic() + timeout
        line = self.process.stdout.readline()
        match = READY.match(line)
        if not match or time.monotonic() > deadline:
            self.process.kill()
            raise AssertionError(f"server did not get ready: {line!r}\n{self.log.read_text()[-4000:]}")
        self.url, self.flight_url = match.groups()
        self.token = (self.data / "admin.token").read_text().strip()
        return self

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}

    def client_environment(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("QUERN_")}
        environment.update(QUERN_URL=self.url, QUERN_TOKEN=self.token, QUERN_FLIGHT_URL=self.flight_url)
        return environment

    def cli(self, *arguments, check=True, **options):
        """Runs the CLI against this server and returns the finished process."""
        result = subprocess.run(
            [LAUNCHER, *map(str, arguments)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.client_environment(), timeout=120, **options,
        )
        if check and result.returncode != 0:
            raise AssertionError(f"quern {arguments} exited {result.returncode}\n{result.stdout}\n{result.stderr}")
        return result

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def stop(self, timeout=60):
        self.process.terminate()
        code = self.process.wait(timeout=timeout)
        self.process.stdout.close()
        return code

    def running(self):
        return self.process is not None and self.process.poll() is None


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server that the tests of a session share; each uses names of its own."""
    instance = Server(tmp_path_factory.mktemp("shared") / "data").start()
    yield instance
    if instance.running():
        instance.stop()


@pytest.fixture
def own_server(tmp_path):
    """Makes servers that belong to one test; all are stopped at its end."""
    made = []

    def make(name="data", *flags, environment=None):
        instance = Server(tmp_path / name, *flags, environment=environment)
        made.append(instance)
        return instance.start()

    yield make
    for instance in made:
        if instance.running():
            instance.kill()


def java_tool(name):
    """A tool of the JDK that the launcher would take, for tests that compile Java."""
    script = f'source <(sed -n "/^java_feature()/,/^java_home=/p" {LAUNCHER} | sed "\\$d"); wanted=25; find_java'
    home = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    return pathlib.Path(home, "bin", name)
