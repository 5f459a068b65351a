"""The rows about files: what stats and diff cost, beside jq and DuckDB over the same file, and what lists cost to read."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Callable, Iterator

from measure import Sample, in_turn, median, run
from rows import OURS, Row
from setting import ROOT, Setting

sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from recipes import SCRIPT, node_modules, queries  # noqa: E402
from records import Maker, member, write  # noqa: E402

SEED, DEPLOYED_SHARE = 8461, 0.01
JQ = "gzip -dc {path} | jq -cn 'reduce inputs as $record ({{}}; .[$record.status] += 1)'"
CHUNK = 4 * 1024 * 1024  # more than a member


def results(setting: Setting, count: int) -> tuple[Path, dict[str, int]]:
    """A result file of so many records, and how many of them have each status."""
    path, known = setting.folder / f"results-{count}.ndjson.gz", setting.folder / f"results-{count}.json"
    if not path.exists():
        maker = Maker(SEED, DEPLOYED_SHARE)
        write(path, (record for _, record in maker.records(count)))
        known.write_text(json.dumps(maker.figures.as_json()["status"]))
    return path, json.loads(known.read_text())


def differing(found: dict[str, int], status: dict[str, int]) -> int:
    return sum(abs(found.get(name, 0) - count) for name, count in status.items())


def stats(setting: Setting, path: Path, status: dict[str, int], core: int | None, *options: str) -> Sample:
    out = setting.folder / "stats.out"
    sample = run([setting.program("stscan"), "stats", "--json", *options, str(path)], out,
                 sum(status.values()), core)
    sample.lost = differing(json.loads(out.read_text())["status"], status)
    return sample


def jq(setting: Setting, path: Path, status: dict[str, int]) -> Sample:
    out = setting.folder / "jq.out"
    sample = run(["sh", "-c", JQ.format(path=path)], out, sum(status.values()))
    sample.lost = differing(json.loads(out.read_text()), status)
    return sample


def duckdb(setting: Setting, path: Path, status: dict[str, int], modules: str, core: int | None,
           everything: bool = False) -> Sample:
    """The recipe for `status`; or all of them, over one reading of the file."""
    out, asked = setting.folder / "duckdb.out", setting.folder / "duckdb.json"
    (_, view), *recipes = queries(path)
    chosen = [query for name, query in recipes if everything or name == "status"]
    asked.write_text(json.dumps([view.replace("VIEW", "TABLE" if everything else "VIEW"), *chosen]))
    threads = "1" if core is not None else str(os.cpu_count())
    sample = run(["sh", "-c", 'exec node "$0" "$1" "$2" <"$3"', str(SCRIPT), modules, threads, str(asked)],
                 out, sum(status.values()), core)
    sample.lost = differing({name: int(count) for name, count in json.loads(out.read_text())[1]}, status)
    return sample


def row_stats(setting: Setting, rounds: int, full: bool) -> Row:
    count = 1_000_000
    path, status = results(setting, count)
    programs: dict[str, Callable[[], Sample]] = {
        OURS: lambda: stats(setting, path, status, 0, "--threads", "1"),
        f"{OURS}, all cores": lambda: stats(setting, path, status, None),
        "gzip -dc | jq, status": lambda: jq(setting, path, status),
    }
    modules = node_modules(setting.folder)
    if modules:
        programs |= {
            "DuckDB, status": lambda: duckdb(setting, path, status, modules, 0),
            "DuckDB, status, all cores": lambda: duckdb(setting, path, status, modules, None),
            "DuckDB, all recipes": lambda: duckdb(setting, path, status, modules, 0, everything=True),
        }
    samples = in_turn(rounds, programs)
    if full:
        large, large_status = results(setting, 10 * count)
        samples |= in_turn(1, {f"{OURS}, {10 * count:,}": lambda: stats(setting, large, large_status, None)})
    row = Row(f"every statistic of {count:,} records, 1% deployed, beside one", samples,
              ("rate", "cpu_us", "peak_kb", "lost"))
    row.hold("records/s on one core", median(samples[OURS], "rate"), 200_000)
    row.hold("rate against jq's", row.ratio("rate", OURS, "gzip -dc | jq, status"), 5)
    if modules:
        row.hold("rate against DuckDB's, one core", row.ratio("rate", OURS, "DuckDB, status"), 1)
        row.hold("rate against DuckDB's, all cores",
                 row.ratio("rate", f"{OURS}, all cores", "DuckDB, status, all cores"), 1)
    row.hold("peak memory in MB", max(median(of, "peak_kb") for name, of in samples.items()
                                      if name.startswith(OURS)) / 1024, 100, at_least=False)
    row.hold_lost()
    return row


def members(path: Path) -> Iterator[bytes]:
    """The text of each member."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        inflate = zlib.decompressobj(31)
        yield inflate.decompress(data[at:at + CHUNK])
        at += min(CHUNK, len(data) - at) - len(inflate.unused_data)


def scan_later(old: Path, new: Path) -> int:
    """The same names in another order, a valid domain in twenty broken; how many those are."""
    chance, texts, broken = random.Random(SEED), list(members(old)), 0
    chance.shuffle(texts)
    with open(new, "wb") as out:
        for text in texts:
            lines = text.split(b"\n")
            for i, line in enumerate(lines):
                if b'"status":"valid"' in line and chance.random() < 0.05:
                    lines[i] = line.replace(b'"status":"valid"', b'"status":"broken"')
                    broken += 1
            out.write(member(b"\n".join(lines)))
    return broken


def row_diff(setting: Setting, rounds: int, full: bool) -> Row:
    samples: dict[str, list[Sample]] = {}
    counts = (1_000_000, 10_000_000) if full else (1_000_000,)
    for count in counts:
        old, _ = results(setting, count)
        new = setting.folder / "later.ndjson.gz"
        broken = scan_later(old, new)

        def compare() -> Sample:
            out = setting.folder / "diff.out"
            sample = run([setting.program("stscan"), "diff", "--json", str(old), str(new)], out,
                         2 * count, code=1)
            sample.lost = abs(json.loads(out.read_text())["counts"]["newly-broken"] - broken)
            return sample

        samples |= in_turn(1 if count > 1_000_000 else rounds, {f"{OURS}, twice {count:,}": compare})
        new.unlink()
    row = Row("two scans compared, 1% deployed, in different orders", samples,
              ("rate", "cpu_us", "peak_kb", "lost"))
    row.hold("peak memory in MB", max(median(of, "peak_kb") for of in samples.values()) / 1024, 100, at_least=False)
    row.hold_lost()
    return row


def row_lists(setting: Setting, rounds: int, full: bool) -> Row:
    """From the file to the workers' batches, by list_bench.c."""
    count = 10_000_000 if full else 2_000_000
    samples: dict[str, list[Sample]] = {}
    # A shell between: a peak begins with that of the process that forked, and Python's is the higher one.
    command = ["sh", "-c", '"$0" "$1"; exit $?', setting.program("bench/list_bench"), str(count)]
    for _ in range(rounds):
        out = subprocess.run(command, check=True, capture_output=True, text=True,
                             env={**os.environ, "TMPDIR": str(setting.folder)}).stdout
        for line in out.splitlines()[1:]:
            form, lines, _, rate, peak = re.split(" {2,}", line)
            samples.setdefault(form, []).append(
                Sample(int(lines), int(lines) / float(rate), 0, int(float(peak) * 1024), lost=count - int(lines)))
    row = Row(f"lists of {count:,} lines, read", samples, ("rate", "peak_kb", "lost"))
    for form in ("CSV, six columns", "zone file, gzip, a third NS"):
        row.hold(f"lines/s, {form}", median(samples[form], "rate"), 1_000_000)
    row.hold("peak memory in MB", max(median(of, "peak_kb") for of in samples.values()) / 1024, 64, at_least=False)
    row.hold("lines lost", sum(s.lost for of in samples.values() for s in of), 0, at_least=False)
    return row
