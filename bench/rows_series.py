"""The rows about many records: ten million of 100,000 labels, and a year of scans as points in time."""

from __future__ import annotations

import csv
import json
import os
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Callable, Iterator

from measure import Sample, in_turn, median, run
from rows import OURS, Row
from rows_results import SEED, differing, members, results
from setting import Setting

from recipes import RECIPE, RECIPES, SCRIPT, node_modules
from records import BEGIN, member

LABELS, NEWLY_BROKEN = 100_000, 0.05
MB = 1024


def labelled(setting: Setting, copies: int) -> tuple[Path, dict[str, int], int]:
    """A million records so many times, each time of other domains, with labels in turn; their statuses; how many are
    of a domain."""
    base, status = results(setting, 1_000_000)
    path, domains = setting.folder / "labelled.ndjson.gz", 0
    with open(path, "wb") as out:
        for copy in range(copies):
            name = b'"domain":"c%d-' % copy
            for text in members(base):
                lines = text.split(b"\n")
                for i, line in enumerate(lines):
                    if b'"domain":"' not in line:
                        continue
                    label = b'"labels":{"customer":"l%d"},"status":' % (domains % LABELS)
                    lines[i] = line.replace(b'"domain":"', name, 1).replace(b'"status":', label, 1)
                    domains += 1
                out.write(member(b"\n".join(lines)))
    return path, {key: copies * count for key, count in status.items()}, domains


def row_labels(setting: Setting, rounds: int, full: bool) -> Row:
    path, status, domains = labelled(setting, 10 if full else 1)
    count, out = sum(status.values()), setting.folder / "labels.out"
    command = [setting.program("stscan"), "stats", "--threads", "1"]

    def everything() -> Sample:
        sample = run([*command, "--json", str(path)], out, count)
        sample.lost = differing(json.loads(out.read_text())["status"], status)
        return sample

    def by_label() -> Sample:
        sample = run([*command, "--by", "label.customer", "--csv", str(path)], out, count)
        found = [int(row["domains"]) for row in csv.DictReader(out.read_text().splitlines())]
        sample.lost = abs(domains - sum(found)) + abs(LABELS - len(found))
        return sample

    both = f"{OURS}, by label"
    row = Row(f"{count:,} records of as many domains, 1% deployed, {LABELS:,} labels",
              in_turn(1 if full else rounds, {OURS: everything, both: by_label}), ("rate", "cpu_us", "peak_kb", "lost"))
    for who, samples in row.samples.items():
        row.hold(f"records/s on one core, {who}", median(samples, "rate"), 200_000)
        row.hold(f"peak memory in MB, {who}", median(samples, "peak_kb") / MB, 150, at_least=False)
    row.hold_lost()
    return row


def weeks(setting: Setting, count: int, number: int) -> Iterator[tuple[Path, str, int]]:
    """Scans of the same domains, a valid one in twenty broken at a time; their day, and how many are broken."""
    base, _ = results(setting, count)
    folder = setting.folder / "weeks"
    folder.mkdir(exist_ok=True)
    for week in range(number):
        chance, day, broken = random.Random(SEED + week), (BEGIN + timedelta(days=7 * week)).date().isoformat(), 0
        path = folder / f"week-{week:02}.ndjson.gz"
        with open(path, "wb") as out:
            for text in members(base):
                text = text.replace(b'"at":"2026-11-23T', f'"at":"{day}T'.encode())
                lines = text.split(b"\n")
                for i, line in enumerate(lines):
                    if b'"status":"valid"' in line and chance.random() < NEWLY_BROKEN:
                        lines[i] = line.replace(b'"status":"valid"', b'"status":"broken"')
                    broken += b'"status":"broken"' in lines[i]
                out.write(member(b"\n".join(lines)))
        yield path, day, broken


def series(setting: Setting, paths: list[Path], known: Counter[str], count: int) -> Sample:
    out = setting.folder / "series.out"
    sample = run([setting.program("stscan"), "stats", "--series", "--csv", *map(str, paths)], out, count, None)
    found = Counter({row["from"][:10]: int(row["broken"]) for row in csv.DictReader(out.read_text().splitlines())})
    sample.lost = differing(found, known)
    return sample


def one_by_one(setting: Setting, paths: list[Path], known: Counter[str], count: int) -> Sample:
    out, seconds, cpu, peak, found = setting.folder / "one.out", 0.0, 0.0, 0, Counter()
    for path, day in zip(paths, known):
        sample = run([setting.program("stscan"), "stats", "--json", str(path)], out, count, None)
        seconds, cpu, peak = seconds + sample.seconds, cpu + sample.cpu, max(peak, sample.peak_kb)
        found[day] = json.loads(out.read_text())["status"]["broken"]
    return Sample(count, seconds, cpu, peak, differing(found, known))


def duckdb(setting: Setting, known: Counter[str], count: int, modules: str) -> Sample:
    """The recipe for a series: two figures a week."""
    out, asked = setting.folder / "duckdb.out", setting.folder / "duckdb.json"
    query = dict(RECIPE.findall(RECIPES.read_text()))["series"]
    asked.write_text(json.dumps([query.replace("shards/", f"{setting.folder}/weeks/")]))
    sample = run(["sh", "-c", 'exec node "$0" "$1" "$2" <"$3"', str(SCRIPT), modules, str(os.cpu_count()), str(asked)],
                 out, count, None)
    sample.lost = differing(Counter({day: int(broken) for day, _, broken in json.loads(out.read_text())[0]}), known)
    return sample


def row_series(setting: Setting, rounds: int, full: bool) -> Row:
    number, each = (52, 1_000_000) if full else (8, 100_000)
    made = list(weeks(setting, each, number))
    paths, count = [path for path, _, _ in made], number * each
    known = Counter({day: broken for _, day, broken in made})
    alone, beside = f"{OURS}, one scan after the other", "DuckDB, deployed and broken"
    programs: dict[str, Callable[[], Sample]] = {
        f"{OURS}, the series": lambda: series(setting, paths, known, count),
        alone: lambda: one_by_one(setting, paths, known, count),
    }
    modules = node_modules(setting.folder)
    if modules:
        programs[beside] = lambda: duckdb(setting, known, count, modules)
    row = Row(f"{number} scans of {each:,} as points in time, 1% deployed, all cores",
              in_turn(1 if full else rounds, programs), ("rate", "cpu_us", "peak_kb", "lost"))
    whole = f"{OURS}, the series"
    row.hold("rate against one scan after the other", row.ratio("rate", whole, alone), 1)
    if modules:
        row.hold("rate against DuckDB's, same cores", row.ratio("rate", whole, beside), 1)
    row.hold("peak memory in MB", median(row.samples[whole], "peak_kb") / MB, 200, at_least=False)
    row.hold_lost()
    return row
