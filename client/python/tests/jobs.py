"""An app as a user writes one; the tests run it through the fake server in processes of its own."""

import dataclasses

import jobs_helper

import quern

app = quern.App("jobs")
data = quern.Volume.from_name("jobs-data", create_if_missing=True)


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class TwoArguments(Exception):
    def __init__(self, what, code):
        super().__init__(f"{what} ({code})")
        self.code = code


class Unpicklable(Exception):
    def __init__(self, message):
        super().__init__(message)
        self.lock = __import__("threading").Lock()


@app.function(
    volumes={"/data": data}, timeout=12.5, memory=128, max_containers=3, scaledown_window=7
)
def shift(point: Point, by: int = 1) -> Point:
    print(f"shifting {point.x}")
    return Point(jobs_helper.add(point.x, by), point.y)


@app.function()
def fail(kind: str):
    if kind == "key":
        return {}["missing"]
    if kind == "two":
        raise TwoArguments("broken", 7)
    raise Unpicklable("has a lock")


@app.function(name="renamed")
def original() -> str:
    return __name__


@app.local_entrypoint()
def main(count: int = 2, note: str = "hi"):
    print(note, [point.x for point in shift.map([Point(i) for i in range(count)])])


@app.local_entrypoint()
async def later(flag: bool = False):
    print("later", flag, shift.remote(Point(1)).x)


@app.local_entrypoint()
def broken():
    fail.remote("key")
