"""Every allocation and every system call of a scan fails, one at a time, and then all from one on.

Whatever fails, the scan comes to a clear end, or goes on; no record says of a stranger's server what was
trouble of our own; and what is missing is done by a resume. And the clock is set back. Draws some of the points, by a seed; all of
them, which takes hours: STSCAN_INJECT=all. STSCAN_INJECT=5000 draws so many, STSCAN_SEED repeats a draw.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import signal
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Iterator

from program import Lab, Record, read_gzip, read_plain, stscan, stscan_path
from test_resume import lasting

POINTS = os.environ.get("STSCAN_INJECT", "120")
SEED = os.environ.get("STSCAN_SEED", str(random.SystemRandom().randrange(10**9)))
HANG_SECONDS = 60
AT_ONCE = 2
ALL = 0  # of the calls from one on
LOOK = 1  # seconds until the second look ...
LOOKED = int(os.environ.get("STSCAN_INJECT_LOOKED", "7"))  # ... of every so manieth scan
SHORT = 0  # no errno: a part is written

ERRNOS: dict[str, tuple[int, ...]] = {
    "malloc": (errno.ENOMEM,),
    "open": (errno.EMFILE, errno.ENOMEM, errno.EIO),
    "read": (errno.EIO, errno.EINTR),
    "write": (errno.EIO, errno.ENOSPC, errno.EINTR, SHORT),
    "fsync": (errno.EIO, errno.ENOSPC),
    "ftruncate": (errno.EIO,),
    "rename": (errno.EIO, errno.ENOSPC),
    "flock": (errno.ENOLCK,),
    "stat": (errno.EIO, errno.ENOMEM),
    "dup": (errno.EMFILE,),
    "socket": (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM),
    "connect": (errno.ENOBUFS, errno.ENOMEM),
    "send": (errno.ENOBUFS, errno.ENOMEM, errno.EINTR, SHORT),
    "recv": (errno.ENOMEM, errno.EINTR),
    "poll": (errno.EINTR,),
    "epoll_create": (errno.EMFILE,),
    "epoll_ctl": (errno.ENOSPC, errno.ENOMEM),
    "eventfd": (errno.EMFILE,),
    "pipe": (errno.EMFILE,),
    "thread": (errno.EAGAIN,),
    "random": (errno.EINTR, errno.ENOSYS),
}
# What can hold for the rest of a scan.
LASTING = {errno.ENOMEM, errno.ENOBUFS, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOSPC, errno.EAGAIN}
SHOWN = 300  # characters of what is wrong
# libuv has no way to go on without a loop, and aborts: what is written stays whole all the same.
ABORTS = {"epoll_ctl", "pipe"}

CASES = ("enforce", "enforce-rsa", "testing", "wildcard-mx", "delegated", "dual-stack", "second-address",
         "implicit-mx", "long-policy", "large-record", "spf-wildcard", "handshake-alert", "refused",
         "expired", "expires-soon", "not-yet-valid", "common-name-only", "no-intermediate", "redirect", "too-large", "mx-subdomain",
         "mx-tld", "plain-http", "server-error")
OTHER_LINES = ("not a domain", "b\u00fccher.example", "absent.example")


@dataclass(frozen=True)
class Point:
    call: str
    nth: int
    times: int
    number: int
    suffix: str
    look: int = 0  # seconds until the second look; 0: none

    def __str__(self) -> str:
        how = errno.errorcode.get(self.number, "short")
        which = f"{self.nth}" if self.times else f"{self.nth} and on"
        look = ", two looks" if self.look else ""
        return f"{self.call} {which}, {how}, {self.suffix}{look}"


def read(path: Path) -> list[Record]:
    """What is whole."""
    if not path.exists() or path.stat().st_size == 0:
        return []
    return read_gzip(path) if path.suffix == ".gz" else read_plain(path)


def preload(point: Point) -> dict[str, str]:
    return {**os.environ, "LD_PRELOAD": os.environ["STSCAN_INJECTOR"], "INJECT_CALL": point.call,
            "INJECT_NTH": str(point.nth), "INJECT_TIMES": str(point.times),
            "INJECT_ERRNO": str(point.number)}


def durations(value: object) -> Iterator[tuple[str, float]]:
    """Everything in milliseconds, at whatever depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "ms" or name.endswith("_ms"):
                yield name, inner
            yield from durations(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from durations(inner)


@unittest.skipUnless("STSCAN_INJECTOR" in os.environ, "not beside a sanitizer")
class Inject(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        print(f"seed {SEED}: STSCAN_SEED={SEED} repeats this run", flush=True)
        cls.random = random.Random(SEED)
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-inject.")))
        cls.lab = cls.enterClassContext(Lab())
        cls.list = cls.folder / "list"
        names = [case["domain"] for case in cls.lab.cases() if case["case"] in CASES]
        assert len(names) == len(CASES)
        cls.list.write_text("".join(f"{line}\n" for line in (*names, *OTHER_LINES)))
        cls.expected = {}
        cls.counts = {}
        for suffix, look in itertools.product((".gz", ".ndjson"), (0, LOOK)):
            output = cls.folder / f"undisturbed{look}{suffix}"
            counts = cls.folder / f"counts{look}{suffix}"
            done = subprocess.run(
                [stscan_path(), *cls.command(output, look)], capture_output=True, timeout=HANG_SECONDS,
                env={**os.environ, "LD_PRELOAD": os.environ["STSCAN_INJECTOR"],
                     "INJECT_COUNTS": str(counts)}, check=False)
            assert done.returncode == 0, done.stderr.decode()
            found = {r["n"]: r for r in read(output)}
            looked_again = sum(r.get("looks") == 2 for r in found.values())
            assert (looked_again > 0) == (look > 0), looked_again
            cls.expected = {n: lasting(cls.verdict(r)) for n, r in found.items()}
            cls.counts[suffix, look] = {call: int(count) for call, count in
                                        (line.split() for line in counts.read_text().splitlines())}
        assert len(cls.expected) == len(CASES) + len(OTHER_LINES)

    @staticmethod
    def verdict(record: Record) -> Record:
        """Without how often was looked: what fails at first is looked at again."""
        return {name: value for name, value in record.items() if name not in ("looks", "first")}

    @classmethod
    def command(cls, output: Path, look: int, *more: str) -> list[str]:
        return ["scan", *cls.lab.options, "--second-look", str(look), "--threads", "1", "--https-timeout", "20000",
                "-o", str(output), *more, str(cls.list)]

    def all_points(self) -> list[Point]:
        return [Point(call, nth, times, number, suffix, look)
                for (suffix, look), counts in self.counts.items() for call, count in counts.items()
                if call in ERRNOS
                for nth in range(1, count + 1) for number in ERRNOS[call]
                for times in ((1, ALL) if number in LASTING else (1,))]

    def draw(self, count: int) -> list[Point]:
        """A third of them are allocations; of the others each kind has its share."""
        points = []
        for i in range(count):
            suffix = ".ndjson" if i % 4 == 0 else ".gz"
            look = LOOK if i % LOOKED == 0 else 0
            counts = {call: most for call, most in self.counts[suffix, look].items()
                      if most and call in ERRNOS}
            call = "malloc" if i % 3 == 0 else self.random.choice(sorted(counts))
            number = self.random.choice(ERRNOS[call])
            lasts = number in LASTING and self.random.random() < 0.25
            points.append(Point(call, self.random.randint(1, counts[call]), ALL if lasts else 1,
                                number, suffix, look))
        return points

    def run_scan(self, output: Path, point: Point, *more: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([stscan_path(), *self.command(output, point.look, *more)], capture_output=True,
                              timeout=HANG_SECONDS, env=preload(point), check=False)

    def wrong_records(self, records: list[Record]) -> list[str]:
        wrong = []
        numbers = [r["n"] for r in records]
        if len(numbers) != len(set(numbers)):
            wrong.append("a line has two records")
        for record in records:
            is_, expected = lasting(self.verdict(record)), self.expected[record["n"]]
            wrong += [f"{record.get('domain')}: {name} is {json.dumps(is_.get(name))[:SHOWN]}, not "
                      f"{json.dumps(expected.get(name))[:SHOWN]}"
                      for name in is_.keys() | expected.keys() if is_.get(name) != expected.get(name)]
        return wrong

    def try_point(self, point: Point, number: int) -> list[str]:
        output = self.folder / f"point{number}{point.suffix}"
        done = self.run_scan(output, point)
        ends = (0, 1, 3, -signal.SIGABRT) if point.call in ABORTS else (0, 1, 3)
        if done.returncode not in ends:
            return [f"ended with {done.returncode}: {done.stderr.decode()}"]
        records = read(output)
        wrong = self.wrong_records(records)
        if done.returncode == 0 and len(records) != len(self.expected):
            wrong.append(f"{len(records)} records at a good end")
        if done.returncode in (1, 3) and not done.stderr.startswith((b"stscan: ", b"stscan scan: ")):
            wrong.append(f"ended with {done.returncode}, saying {done.stderr.decode()!r}")
        if done.returncode:
            wrong += self.try_resume(output, point.look)
        output.unlink(missing_ok=True)
        return wrong

    def try_resume(self, output: Path, look: int) -> list[str]:
        done = stscan(*self.command(output, look, "--resume"), timeout=HANG_SECONDS)
        if done.returncode:
            return [f"not resumed: {done.stderr.decode()}"]
        records = read(output)
        return self.wrong_records(records) + (
            [f"{len(records)} records after the resume"] if len(records) != len(self.expected) else [])

    def test_clock_set_back(self) -> None:
        """An hour, at the start and in the middle: it judges certificates and dates records, and no more."""
        summary = self.folder / "summary"
        looks = self.counts[".gz", 0]["clock"]
        for part in range(4):
            output = self.folder / f"clock{part}.gz"
            begin = datetime.now(timezone.utc)
            point = Point("clock", 1 + part * looks // 4, ALL, SHORT, ".gz")
            done = self.run_scan(output, point, "--summary", str(summary))
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            records = read(output)
            self.assertEqual(len(records), len(self.expected))
            self.assertEqual(self.wrong_records(records), [])
            told = json.loads(summary.read_text())
            times = [datetime.fromisoformat(t) for t in (*(str(r["at"]) for r in records), told["ended_at"])]
            early = sum(begin - timedelta(hours=1) <= t < begin for t in times)
            self.assertTrue(0 < early <= len(times))
            self.assertEqual(early == len(times), part == 0)
            for name, value in durations((records, told)):
                self.assertTrue(0 <= value <= HANG_SECONDS * 1000, f"{name} is {value}")
            self.assertTrue(0 < told["seconds"] < HANG_SECONDS)
            self.assertGreater(told["records_per_second"], 0)

    def test_every_call_fails(self) -> None:
        points = self.all_points() if POINTS == "all" else self.draw(int(POINTS))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(self.try_one, enumerate(points))
        wrong = [text for text in found if text]
        print(f"{len(points)} failures injected, {len(wrong)} not borne")
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def try_one(self, numbered: tuple[int, Point]) -> str:
        number, point = numbered
        try:
            wrong = self.try_point(point, number)
        except subprocess.TimeoutExpired:
            wrong = ["it hangs"]
        return f"{point}: " + "\n  ".join(wrong) if wrong else ""


if __name__ == "__main__":
    unittest.main()
