#!/usr/bin/env python3
"""What a scan of the study's list takes on 1, 4 and 16 machines, computed from figures that were measured.

usage: bench/plan.py [--names N] [--machines 1,4,16] [--rate N] [--shards N] > bench/PLAN.md

Each figure names the command that measures it on your machine: put yours in its place.
"""

from __future__ import annotations

import argparse

# name: value, what it is, what prints it
FIGURES = {
    "rate": (4300.0, "names/s behind one resolver (Unbound that recurses, its cache empty, on the same 2 cores)",
             "bench/run recursing --full"),
    "read": (1_000_000.0, "lines/s that a shard passes over which are not its own", "build/bench/list_bench"),
    "cpu": (20.0, "us of CPU a name, all of it", "bench/run large"),
    "absent": (15.5, "octets of gzip a record of a domain without MTA-STS", "ls -l, of a scan of absent names"),
    "deployed": (700.0, "octets of gzip a record of a deployed domain", "ls -l, of a scan of deployed ones"),
    "adoption": (0.0008, "deployed of all (68,030 of 87 million, the study)", "stscan stats"),
    "questions": (1.2, "queries a name", "bench/run recursing"),
    "stats": (1_350_000.0, "records/s and core that stats reads", "bench/run stats"),
    "memory": (64.0, "MB a shard at most", "bench/run large"),
}


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}" if value >= 0.001 else f"{value * 1e6:g} per million"


def clock(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{max(minutes, 1)} min"


def size(octets: float) -> str:
    return f"{octets / 1e9:.1f} GB" if octets >= 1e9 else f"{octets / 1e6:.0f} MB"


def row(value: dict[str, float], names: float, machines: int, shards: int) -> list[str]:
    """One process a machine at a time; its threads share the machine's resolver."""
    rounds = shards / machines
    asking = names / (machines * value["rate"])
    reading = rounds * names / value["read"]  # every shard reads the whole list, beside asking
    lasts = max(asking, reading)
    record = value["absent"] * (1 - value["adoption"]) + value["deployed"] * value["adoption"]
    return [str(machines), str(shards), f"{machines * value['rate']:,.0f}", clock(lasts), clock(reading),
            clock(names * value["cpu"] / 1e6 / machines), f"{names * value['questions'] / lasts:,.0f}",
            size(names * record), f"{value['memory']:g} MB", clock(names / value["stats"])]


def page(value: dict[str, float], names: float, machines: list[int], shards: int) -> str:
    heads = ["machines", "shards", "names/s", "takes", "of it reading, by each machine", "CPU of each machine",
             "queries/s on authoritative servers", "results", "memory of each machine, at most", "then `stats`, one core"]
    lines = [f"# {names / 1e6:,.0f} million names", "",
             "Made by `bench/plan.py`: give it your figures. Each machine runs one shard at a time and has a resolver of "
             "its own; the resolvers decide, so that the hours are theirs.", "",
             "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(row(value, names, m, max(shards, m))) + " |" for m in machines]
    lines += ["", "| figure | value | measured by |", "|---|---|---|"]
    lines += [f"| {what} | {number(value[key])} | `{command}` |" for key, (_, what, command) in FIGURES.items()]
    tenth = max(shards, 10)
    lines += ["", "## Check it on a tenth first", "",
              "A shard is a sample by a hash of the name: what a tenth takes on one machine, ten tenths take ten times.", "",
              "```sh", f"stscan scan --resume --shard 0/10 -o tenth.ndjson.gz --summary tenth.json domains.txt.gz",
              f"jq '.seconds * 10 / 3600, .records_per_second, .queries / .records' tenth.json  # hours, rate, queries a name",
              "ls -l tenth.ndjson.gz                                                          # a tenth of the disk",
              "```", "",
              f"If the rate is not that of the table, the resolver is the reason more often than the scanner: the summary "
              f"says what it answered, lost and refused. Then run the other nine, or all {tenth} shards on the cluster "
              f"([scripts/cluster](../scripts/cluster/README.md))."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=float, default=87e6)
    parser.add_argument("--machines", default="1,4,16")
    parser.add_argument("--shards", type=int, default=16)
    for key, (standard, what, _) in FIGURES.items():
        parser.add_argument(f"--{key}", type=float, default=standard, help=f"{what} ({standard:,g})")
    given = parser.parse_args()
    value = {key: getattr(given, key) for key in FIGURES}
    print(page(value, given.names, [int(m) for m in given.machines.split(",")], given.shards))


if __name__ == "__main__":
    main()
