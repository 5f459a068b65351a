"""The rows of the table: what is run against what, and what the figures are held to."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from measure import Sample, count_records, in_turn, median, read_statuses, run
from setting import Setting

OURS = "stscan"


@dataclass
class Check:
    """A figure and the bar it is held to."""

    what: str
    value: float
    bar: float
    at_least: bool

    @property
    def met(self) -> bool:
        return self.value >= self.bar if self.at_least else self.value <= self.bar


@dataclass
class Row:
    title: str
    samples: dict[str, list[Sample]]
    figures: tuple[str, ...]  # columns of the table
    checks: list[Check] = field(default_factory=list)

    def ratio(self, figure: str, who: str, against: str) -> float:
        return median(self.samples[who], figure) / median(self.samples[against], figure)

    def lost(self) -> int:
        return sum(s.lost for name, all_of in self.samples.items() if name.startswith(OURS)
                   for s in all_of)

    def hold(self, what: str, value: float, bar: float, at_least: bool = True) -> None:
        self.checks.append(Check(what, value, bar, at_least))

    def hold_lost(self) -> None:
        self.hold("names lost by stscan, all runs", self.lost(), 0, at_least=False)


def scan(setting: Setting, names: Path, count: int, resolver: str, *options: str,
         core: int | None = 0, output: str = "scan.ndjson.gz") -> Sample:
    """One scan without tuning; each line must have its record."""
    out, summary = setting.folder / output, setting.folder / "summary.json"
    threads = ["--threads", "1"] if core is not None else []
    sample = run([setting.program("stscan"), "scan", "--resolvers", resolver, *threads, *options,
                  "--second-look", "0", "--force", "--summary", str(summary), "-o", str(out), str(names)],
                 setting.folder / "scan.out", count, core)
    sample.lost, statuses = count_records(out, count)
    servers = json.loads(summary.read_text())["resolvers"]
    sent, answered = (sum(s[what] for s in servers) for what in ("sent", "answered"))
    sample.more = {"sent": sent, "wasted_percent": 100 * (sent - answered) / sent,
                   "deployed": statuses[b"valid"] + statuses[b"broken"],
                   "valid": statuses[b"valid"], "unknown": statuses[b"unknown"]}
    return sample


def https_options(setting: Setting) -> list[str]:
    return ["--https-port", str(setting.https_port), "--ca-file", setting.ca_file, "--allow-private"]


# absent

def dnsperf(setting: Setting, names: Path, count: int) -> Sample:
    questions = setting.folder / "questions.txt"
    if not questions.exists():
        questions.write_text("".join(f"_mta-sts.{line} TXT\n" for line in names.read_text().split()))
    host, port = setting.knot.rsplit(":", 1)
    out = setting.folder / "dnsperf.out"
    sample = run(["dnsperf", "-s", host, "-p", port, "-d", str(questions), "-q", "100", "-n", "1",
                  "-e"], out, count)
    lost = re.search(r"Queries lost:\s+(\d+)", out.read_text())
    sample.lost = int(lost[1]) if lost else count
    return sample


def bare_cares(setting: Setting, names: Path, count: int) -> Sample:
    out = setting.folder / "bare.out"
    sample = run([setting.program("bench/bare_cares"), setting.knot, str(names)], out, count)
    answered = re.search(r"(\d+) answered", out.read_text())
    sample.lost = count - int(answered[1]) if answered else count
    return sample


def massdns(setting: Setting, names: Path, count: int) -> Sample:
    resolvers, questions = setting.folder / "resolvers.txt", setting.folder / "massdns.txt"
    resolvers.write_text(f"{setting.knot}\n")
    if not questions.exists():
        questions.write_text("".join(f"_mta-sts.{line}\n" for line in names.read_text().split()))
    found = setting.folder / "massdns.found"
    sample = run([os.environ["MASSDNS"], "-r", str(resolvers), "-t", "TXT", "-q", "-o", "J",
                  "--root", "-w", str(found), str(questions)], setting.folder / "massdns.out", count)
    with open(found, "rb") as lines:
        sample.lost = count - sum(b'"status":"NXDOMAIN"' in line for line in lines)
    return sample


def row_absent(setting: Setting, rounds: int, full: bool) -> Row:
    count = 200_000
    names = setting.absent_list(count)
    programs: dict[str, Callable[[], Sample]] = {
        OURS: lambda: scan(setting, names, count, setting.knot),
        f"{OURS}, no gzip": lambda: scan(setting, names, count, setting.knot, output="scan.ndjson"),
        "dnsperf -q 100": lambda: dnsperf(setting, names, count),
        "bare c-ares": lambda: bare_cares(setting, names, count),
    }
    if "MASSDNS" in os.environ:
        programs["massdns"] = lambda: massdns(setting, names, count)
    row = Row(f"{count:,} absent names, one Knot", in_turn(rounds, programs),
              ("rate", "cpu_us", "lost"))
    row.hold("rate against dnsperf's", row.ratio("rate", OURS, "dnsperf -q 100"), 1)
    row.hold("CPU against a bare c-ares loop's", row.ratio("cpu_us", OURS, "bare c-ares"), 1.6,
             at_least=False)
    if "massdns" in programs:
        row.hold("rate against massdns'", row.ratio("rate", OURS, "massdns"), 1.5)
    row.hold_lost()
    return row


# asking for more

ASKED_QUERIES = 2.1  # times those without
ASKED_MEMORY = 1.1


def row_ask(setting: Setting, rounds: int, full: bool) -> Row:
    count = 200_000
    names = setting.absent_list(count)
    asked = f"{OURS} --ask mx"
    row = Row(f"{count:,} absent names, with and without --ask mx", in_turn(rounds, {
        OURS: lambda: scan(setting, names, count, setting.knot),
        asked: lambda: scan(setting, names, count, setting.knot, "--ask", "mx")}),
        ("rate", "cpu_us", "sent", "peak_kb", "lost"))
    row.hold("queries against those without", row.ratio("sent", asked, OURS), ASKED_QUERIES, at_least=False)
    row.hold("peak memory against that without", row.ratio("peak_kb", asked, OURS), ASKED_MEMORY, at_least=False)
    row.hold_lost()
    return row


# policies

def openssl_client(setting: Setting, hosts: Path, count: int) -> Sample:
    out = setting.folder / "openssl.out"
    sample = run([setting.program("bench/openssl_client"), str(setting.https_port),
                  setting.ca_file, str(hosts)], out, count)
    fetched = re.search(r"fetched (\d+)", out.read_text())
    sample.lost = count - int(fetched[1]) if fetched else count
    return sample


def row_policies(setting: Setting, rounds: int, full: bool) -> Row:
    names, hosts = setting.deployed_list(), setting.policy_hosts()
    count = len(names.read_text().split())
    options = [*https_options(setting), "--per-address", "0", "--per-address-rate", "0"]

    def ours() -> Sample:
        sample = scan(setting, names, count, setting.knot, *options)
        sample.lost += count - int(sample.more["valid"])
        return sample

    row = Row(f"{count:,} names that all have a policy",
              in_turn(rounds, {OURS: ours,
                               "OpenSSL alone": lambda: openssl_client(setting, hosts, count)}),
              ("rate", "cpu_us", "lost"))
    row.hold("CPU against an OpenSSL-only client's", row.ratio("cpu_us", OURS, "OpenSSL alone"),
             1.25, at_least=False)
    row.hold_lost()
    return row


# shell

SHELL_LINE = ("dig @{host} -p {port} +short TXT _mta-sts.$0 | grep -q v=STSv1 && "
              "curl -s --cacert {ca} --connect-to ::$(dig @{host} -p {port} +short A mta-sts.$0):{https} "
              "https://mta-sts.$0/.well-known/mta-sts.txt; true")


def shell(setting: Setting, names: Path, count: int) -> Sample:
    host, port = setting.knot.rsplit(":", 1)
    line = SHELL_LINE.format(host=host, port=port, ca=setting.ca_file, https=setting.https_port)
    out = setting.folder / "shell.out"
    sample = run(["xargs", "-a", str(names), "-P", "32", "-n", "1", "sh", "-c", line], out, count)
    wanted = sum(name.startswith("deployed") for name in names.read_text().split())
    sample.lost = wanted - out.read_text().count("version: STSv1")
    return sample


def row_shell(setting: Setting, rounds: int, full: bool) -> Row:
    few, many = 1_000, 200_000
    short, long = setting.mixed_list(few), setting.mixed_list(many)
    options = https_options(setting)
    row = Row(f"0.7% adoption: {many:,} names, {few:,} for the shell", in_turn(rounds, {
        OURS: lambda: scan(setting, long, many, setting.knot, *options),
        "dig + curl, xargs -P 32": lambda: shell(setting, short, few),
    }), ("rate", "cpu_us", "lost"))
    row.hold("rate against the shell's", row.ratio("rate", OURS, "dig + curl, xargs -P 32"), 500)
    row.hold_lost()
    return row


# large

def row_large(setting: Setting, rounds: int, full: bool) -> Row:
    options = https_options(setting)
    assert setting.knot
    setting.spread_servers()
    samples: dict[str, list[Sample]] = {}
    counts = (10_000, 1_000_000, 10_000_000) if full else (10_000, 1_000_000)
    for count in counts:
        names = setting.mixed_list(count)
        samples |= in_turn(1 if count > 1_000_000 else rounds, {
            f"{OURS}, {count:,}": lambda: scan(setting, names, count, setting.knot, *options, core=None)})
        names.unlink()
    row = Row("0.7% adoption, all cores shared with the servers", samples,
              ("rate", "cpu_us", "peak_kb", "deployed", "lost"))
    for count in counts[1:]:
        mine = samples[f"{OURS}, {count:,}"]
        row.hold(f"domains/s of {count:,}", median(mine, "rate"), 30_000)
        row.hold(f"peak memory in MB of {count:,}", median(mine, "peak_kb") / 1024, 64, at_least=False)
    row.hold_lost()
    return row


# loss

def differing(setting: Setting, output: str, sound: dict[int, bytes]) -> int:
    found = read_statuses(setting.folder / output)
    return sum(found.get(n) != status for n, status in sound.items())


def row_loss(setting: Setting, rounds: int, full: bool) -> Row:
    count = 200_000
    names, options = setting.mixed_list(count), https_options(setting)
    rule = "addResponseAction(ProbaRule({}), DropResponseAction())"
    resolvers = {f"{OURS}, {percent}% lost":
                 setting.dnsdist(f"dnsdist{percent}", rule.format(percent / 100) if percent else "")
                 for percent in (0, 1, 5)}
    lossless = f"{OURS}, 0% lost"
    sound: dict[int, bytes] = {}

    def ours(name: str) -> Sample:
        sample = scan(setting, names, count, resolvers[name], *options, output="loss.ndjson")
        if not sound:
            sound.update(read_statuses(setting.folder / "loss.ndjson"))
        sample.more["differ"] = differing(setting, "loss.ndjson", sound)
        return sample

    samples = in_turn(rounds, {name: lambda name=name: ours(name) for name in resolvers})
    row = Row(f"{count:,} names, 0.7% adoption, dnsdist dropping answers before Knot", samples,
              ("rate", "cpu_us", "sent", "unknown", "differ", "lost"))
    for name in list(resolvers)[1:]:
        row.hold(f"rate against lossless: {name}", row.ratio("rate", name, lossless), 0.8)
        row.hold(f"other statuses than lossless, all runs: {name}",
                 sum(s.more["differ"] for s in samples[name]), 0, at_least=False)
    row.hold_lost()
    return row


# limited

def row_limited(setting: Setting, rounds: int, full: bool) -> Row:
    count = 60_000
    names = setting.absent_list(count)
    resolver = setting.dnsdist("limited", "addAction(AllRule(), QPSAction(2000))")
    row = Row(f"{count:,} absent names, dnsdist giving 2,000 answers a second",
              in_turn(rounds, {OURS: lambda: scan(setting, names, count, resolver)}),
              ("rate", "sent", "wasted_percent", "unknown", "lost"))
    row.hold("names/s", median(row.samples[OURS], "rate"), 1900)
    row.hold("queries wasted, %", median(row.samples[OURS], "wasted_percent"), 10, at_least=False)
    row.hold_lost()
    return row


ROWS: dict[str, Callable[[Setting, int, bool], Row]] = {
    "absent": row_absent, "ask": row_ask, "policies": row_policies, "shell": row_shell, "loss": row_loss,
    "limited": row_limited,
    "large": row_large,  # the last: it unpins the servers
}
