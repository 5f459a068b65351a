"""Running programs and telling what they cost: wall time, CPU, peak memory, names lost."""

from __future__ import annotations

import gzip
import os
import re
import select
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable

PEAK_MS = 100  # between two looks at a process' peak memory

RECORD = re.compile(rb'^\{"v":1,"n":(\d+),.*?"status":"([a-z]+)"')


@dataclass
class Sample:
    """One run of one program over a list."""

    names: int
    seconds: float
    cpu: float  # user and system, in seconds
    peak_kb: int
    lost: int = 0  # names without an answer, or without exactly one record
    more: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.names / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu / self.names * 1e6


def peak_of(pid: int) -> int:
    """VmHWM: wait4()'s maximum begins with that of the process that forked."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def watch_peak(pid: int) -> int:
    """Looks until the process has ended."""
    peak = 0
    descriptor = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while not poll.poll(PEAK_MS):
        peak = max(peak, peak_of(pid))
    os.close(descriptor)
    return peak


def run(command: list[str], out: Path, names: int, core: int | None = 0, code: int = 0) -> Sample:
    """Runs it on one core (None: on all), its output into a file; another exit code is a failure of ours too."""
    pinned = command if core is None else ["taskset", "-c", str(core), *command]
    with open(out, "wb") as file:
        start = time.monotonic()
        process = subprocess.Popen(pinned, stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT)
        peak = watch_peak(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {out.read_text()[-2000:]}")
    return Sample(names, seconds, usage.ru_utime + usage.ru_stime, peak)


def tell(name: str, sample: Sample) -> None:
    """A line for the person who waits."""
    print(f"  {name}: {sample.seconds:.1f} s, {sample.rate:,.0f} names/s, {sample.cpu_us:,.2f} us of CPU"
          f" a name, peak {sample.peak_kb:,} kB, {sample.lost} lost", file=sys.stderr, flush=True)


def in_turn(rounds: int, programs: dict[str, Callable[[], Sample]]) -> dict[str, list[Sample]]:
    """A B C A B C: what disturbs the machine for a while disturbs all of them."""
    samples: dict[str, list[Sample]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            samples[name].append(program())
            tell(name, samples[name][-1])
    return samples


def open_records(path: Path) -> Iterable[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


def count_records(path: Path, names: int) -> tuple[int, Counter[bytes]]:
    """How many n of 1..names have not exactly one record, and the statuses."""
    seen = bytearray(names + 1)
    statuses: Counter[bytes] = Counter()
    wrong = 0
    for line in open_records(path):
        found = RECORD.match(line)
        n = int(found[1]) if found else 0
        if not found or not 0 < n <= names or seen[n]:
            wrong += 1
            continue
        seen[n] = 1
        statuses[found[2]] += 1
    return wrong + names - sum(seen), statuses


def read_statuses(path: Path) -> dict[int, bytes]:
    found = (RECORD.match(line) for line in open_records(path))
    return {int(f[1]): f[2] for f in found if f}


def median(samples: list[Sample], figure: str) -> float:
    return statistics.median(value_of(s, figure) for s in samples)


def value_of(sample: Sample, figure: str) -> float:
    return sample.more[figure] if figure in sample.more else float(getattr(sample, figure))
