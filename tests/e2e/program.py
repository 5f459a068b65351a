"""What the end-to-end tests share: the program, a laboratory, records read back."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterable

ROOT = Path(__file__).resolve().parents[2]
LAB = ROOT / "tests" / "lab" / "lab"
SECONDS = 300  # more than any run needs: only a hang is ended by it

Record = dict[str, object]


def stscan_path() -> str:
    return os.environ.get("STSCAN", str(ROOT / "build" / "stscan"))


def is_sanitized() -> bool:
    program = Path(stscan_path()).read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def memory_limit(kib: int) -> int:
    """What a program may take that should do with so much: a sanitizer takes ten times as much."""
    return kib * 10 if is_sanitized() else kib


def stscan(*arguments: str | Path, stdin: bytes = b"", timeout: float = SECONDS) \
        -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([stscan_path(), *map(str, arguments)], input=stdin, capture_output=True,
                          timeout=timeout, check=False)


class SideBySide(unittest.TestSuite):
    """Tests that mostly wait, all at the same time, class by class: each has its own servers and files.
    A module takes it by `load_tests = SideBySide.load_tests`."""

    WORKERS = 8

    @classmethod
    def load_tests(cls, _loader: unittest.TestLoader, tests: unittest.TestSuite, _pattern: object) \
            -> SideBySide:
        return cls(tests)

    @staticmethod
    def run_one(test: unittest.TestCase) -> unittest.TestResult:
        done = unittest.TestResult()
        test.run(done)
        return done

    @staticmethod
    def take(result: unittest.TestResult, done: unittest.TestResult) -> None:
        result.testsRun += done.testsRun
        for kind in ("failures", "errors", "skipped", "expectedFailures", "unexpectedSuccesses"):
            getattr(result, kind).extend(getattr(done, kind))

    def run(self, result: unittest.TestResult, debug: bool = False) -> unittest.TestResult:
        for tests in filter(list, self):
            fixture = type(next(iter(tests)))
            fixture.setUpClass()
            with ThreadPoolExecutor(self.WORKERS) as pool:
                for done in pool.map(self.run_one, tests):
                    self.take(result, done)
            fixture.tearDownClass()
            fixture.doClassCleanups()
        return result


class Lab:
    """A laboratory for the time of a `with`."""

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments

    def __enter__(self) -> Lab:
        done = subprocess.run([LAB, "start", *self.arguments], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        self.folder = Path(done.stdout.strip())
        lines = (self.folder / "env").read_text().split()
        self.env = dict(line.split("=", 1) for line in lines)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([LAB, "stop", self.folder], check=True)
        shutil.rmtree(self.folder)

    @property
    def options(self) -> list[str]:
        """What points a scan at this laboratory."""
        return ["--resolvers", self.env["LAB_RESOLVER"], "--https-port", self.env["LAB_HTTPS_PORT"],
                "--ca-file", self.env["LAB_CA_FILE"], "--allow-private", "--per-address-rate", "0",
                "--second-look", "0"]

    def cases(self) -> list[Record]:
        return parse((self.folder / "cases.ndjson").read_text().splitlines())


def promtool(metrics: str) -> None:
    """Fails where Prometheus itself, where it is there, has something to say of them."""
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done


def parse(lines: Iterable[str]) -> list[Record]:
    return [json.loads(line) for line in lines]


def read_plain(path: Path) -> list[Record]:
    return parse(path.read_text(encoding="utf-8").splitlines())


def read_gzip(path: Path) -> list[Record]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return parse(lines)


def member(record: Record, path: str) -> object:
    """record["policy"]["mode"] for "policy.mode"; findings are found by their code."""
    value: object = record
    for part in path.split("."):
        if isinstance(value, list):
            value = next((f for f in value if f["code"] == part), {})
        elif isinstance(value, dict):
            value = value.get(part)
    return value


def codes(record: Record) -> list[str]:
    return sorted(finding["code"] for finding in record["findings"])  # type: ignore[attr-defined]


class Folder:
    """A temporary folder for the time of a `with`."""

    def __enter__(self) -> Path:
        self.path = Path(tempfile.mkdtemp(prefix="stscan-e2e."))
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path)
