"""The rows with the delays of the Internet: the box as a resolver, or Unbound recursing into it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Callable

import own_network
from internet import SCANNING, Account, Box, Truth, judge, read_truth
from measure import Sample, in_turn, median, read_statuses, run
from rows import OURS, Row, scan
from setting import Setting

TIMEOUT = "5"  # dnsperf's, as stscan's --dns-timeout
SOUND = ("--class", "near=60:5-50", "--class", "mid=30:50-200", "--class", "far=10:200-700")
NEAR = ("--class", "near=1:5-50")
ADAPT_SECONDS = 5
FIGURES = ("rate", "steady", "queries_a_name", "sound_unknown", "wrong", "lost")
SHARDS = 16


class World:
    """A list whose truth is known, and programs that ask for it."""

    def __init__(self, setting: Setting, name: str, truth: list[Truth]) -> None:
        self.setting, self.truth = setting, truth
        self.box = Box(setting.program("bench/internet/internet"), setting.folder, setting.spawn)
        self.list = setting.folder / f"{name}.txt"
        self.list.write_text("".join(f"{t.name}\n" for t in truth))
        self.questions = setting.folder / f"{name}.questions"
        self.questions.write_text("".join(f"_mta-sts.{t.name} TXT\n" for t in truth))

    def stop(self, name: str) -> Account | None:
        self.setting.started.remove(name)
        return self.box.stop(name)

    def stscan(self, resolver: str, *options: str) -> Sample:
        """names: those with a verdict, so that the rate counts no others."""
        sample = scan(self.setting, self.list, len(self.truth), resolver, *options,
                      output="box.ndjson.gz")
        statuses = {n: status.decode() for n, status in
                    read_statuses(self.setting.folder / "box.ndjson.gz").items()}
        sample.more |= judge(self.truth, statuses)
        sample.more["queries_a_name"] = sample.more["sent"] / len(self.truth)
        sample.names = sum(status != "unknown" for status in statuses.values())
        return sample

    def dnsperf(self, resolver: str, at_once: int) -> Sample:
        host, port = resolver.rsplit(":", 1)
        out = self.setting.folder / "dnsperf.out"
        sample = run(["dnsperf", "-s", host, "-p", port, "-d", str(self.questions), "-n", "1", "-q",
                      str(at_once), "-t", TIMEOUT, "-c", "4"], out, len(self.truth))
        answered = re.search(r"NXDOMAIN (\d+)", out.read_text())
        sample.names = int(answered[1]) if answered else 0
        sound = sum(t.verdict != "unknown" for t in self.truth)
        sample.lost = sound - sample.names
        sample.more = {"queries_a_name": 1, "sound_unknown": sample.lost, "wrong": 0}
        return sample

    def by_resolver(self, program: Callable[[str], Sample], *options: str) -> Sample:
        """A run over a box of its own."""
        sample = program(self.box.resolver("resolver", *options))
        return with_account(sample, self.stop("resolver"))

    def by_unbound(self, program: Callable[[str], Sample], *include: str) -> Sample:
        """A run over an Unbound with an empty cache, recursing into a box."""
        self.box.authority()
        sample = program(self.box.unbound(*include))
        self.stop("unbound")
        return with_account(sample, self.stop("authority"), recursing=True)

    def programs(self, by: Callable[..., Sample], at_once: tuple[int, ...]) \
            -> dict[str, Callable[[], Sample]]:
        return {OURS: lambda: by(self.stscan)} | {
            f"dnsperf -q {n}": lambda n=n: by(lambda resolver: self.dnsperf(resolver, n))
            for n in at_once}


def with_account(sample: Sample, account: Account | None, recursing: bool = False) -> Sample:
    assert account
    sample.more["steady"] = account.steady
    if recursing:  # a recursion's first question is a name taken up, not answered
        sample.more["asked_upstream"] = account.queries
    return sample


def make_world(setting: Setting, name: str, count: int, *options: str) -> World:
    if not setting.isolated:
        own_network.enter()
        setting.isolated = True
    program = setting.program("bench/internet/internet")
    return World(setting, name, read_truth(program, count, *options))


def best(row: Row, figure: str) -> float:
    return max(median(samples, figure) for name, samples in row.samples.items()
               if name.startswith("dnsperf"))


def hold_verdicts(row: Row) -> None:
    """Over all runs of ours."""
    ours = [s for name, samples in row.samples.items() if name.startswith(OURS) for s in samples]
    row.hold("names answered within 2 s that are unknown, all runs",
             sum(s.more["sound_unknown"] for s in ours), 0, at_least=False)
    row.hold("other wrong verdicts, all runs", sum(s.more["wrong"] for s in ours), 0, at_least=False)
    row.hold_lost()


def row_far(setting: Setting, rounds: int, full: bool) -> Row:
    world = make_world(setting, "far", 100_000)
    row = Row("100,000 names, a resolver of unlimited speed, delays of the Internet",
              in_turn(rounds, world.programs(world.by_resolver, (1000, 4000, 16000))), FIGURES)
    row.hold("names/s against dnsperf's best", median(row.samples[OURS], "rate") / best(row, "rate"), 1)
    row.hold("queries a name", median(row.samples[OURS], "queries_a_name"), 1.2, at_least=False)
    hold_verdicts(row)
    return row


def row_recursing(setting: Setting, rounds: int, full: bool) -> Row:
    count = 200_000 if full else 20_000
    world = make_world(setting, "recursing", count)
    row = Row(f"{count:,} names, Unbound (one thread, for scanning) recursing, its cache empty",
              in_turn(rounds, world.programs(world.by_unbound, (500, 1000, 2000))),
              tuple(f for f in FIGURES if f != "steady"))
    row.hold("names/s against dnsperf's best", median(row.samples[OURS], "rate") / best(row, "rate"),
             0.95)
    row.hold("queries a name", median(row.samples[OURS], "queries_a_name"), 1.2, at_least=False)
    hold_verdicts(row)
    return row


def row_far_loss(setting: Setting, rounds: int, full: bool) -> Row:
    world = make_world(setting, "far-loss", 60_000)
    lossless = f"{OURS}, 0% lost"
    row = Row("60,000 names, as `far`, datagrams lost both ways", in_turn(rounds, {
        f"{OURS}, {percent}% lost": lambda percent=percent: world.by_resolver(
            world.stscan, "--loss", str(percent)) for percent in (0, 2, 5)}), FIGURES)
    for percent, bar in ((2, 0.8), (5, 0.65)):
        name = f"{OURS}, {percent}% lost"
        row.hold(f"names/s against lossless: {percent}%", row.ratio("rate", name, lossless), bar)
    hold_verdicts(row)
    return row


def row_far_limited(setting: Setting, rounds: int, full: bool) -> Row:
    world = make_world(setting, "far-limited", 60_000)
    ways = {"drops": "0", "refuses": "1", "queues": "2"}
    row = Row("60,000 names, as `far`, at most 3,000 questions/s, the rest dropped, refused or queued",
              in_turn(rounds, {f"{OURS}, {way}": lambda over=over: world.by_resolver(
                  world.stscan, "--rate", "3000", "--over", over) for way, over in ways.items()}),
              (*FIGURES, "wasted_percent"))
    for name, samples in row.samples.items():
        row.hold(f"names/s: {name}", median(samples, "steady"), 2700)
        row.hold(f"queries wasted, %: {name}", median(samples, "wasted_percent"), 15, at_least=False)
    hold_verdicts(row)
    return row


def after_change(account: Account | None, seconds: int, until: int) -> float:
    """Names/s from 5 s after a change to the next one."""
    assert account
    return account.names_a_second(seconds + ADAPT_SECONDS, until)


def capacity_changes(world: World) -> Sample:
    sample = world.stscan(world.box.resolver("changing", "--rate", "5000", "--at", "8:rate=500", "--at",
                                             "18:rate=5000"))
    account = world.stop("changing")
    sample.more |= {"of_slow": after_change(account, 8, 18) / 500,
                    "of_fast": after_change(account, 18, 26) / 5000}
    return sample


def delays_change(world: World) -> Sample:
    sample = world.stscan(world.box.resolver("changing", *NEAR, "--rate", "3000", "--at", "8:slower=10",
                                             "--at", "18:slower=1"))
    account = world.stop("changing")
    sample.more |= {"of_slow": after_change(account, 8, 18) / 3000,
                    "of_fast": after_change(account, 18, 26) / 3000}
    return sample


def one_dies(world: World) -> Sample:
    both = [world.box.resolver("staying", "--rate", "2000"),
            world.box.resolver("dying", "--rate", "2000", "--at", "8:silent=1")]
    sample = world.stscan(",".join(both))
    world.stop("dying")
    rate = after_change(world.stop("staying"), 8, 18) / 2000
    sample.more |= {"of_slow": rate, "of_fast": rate}
    return sample


def row_changes(setting: Setting, rounds: int, full: bool) -> Row:
    many = make_world(setting, "changes", 100_000)
    near = make_world(setting, "near", 85_000, *NEAR)
    few = make_world(setting, "dies", 55_000)
    row = Row("what is there, followed: shares of it from 5 s after the change on", in_turn(rounds, {
        f"{OURS}, 5,000/s, 500/s, 5,000/s": lambda: capacity_changes(many),
        f"{OURS}, delays times 10 and back, 3,000/s": lambda: delays_change(near),
        f"{OURS}, one of two of 2,000/s dies": lambda: one_dies(few),
    }), ("rate", "of_slow", "of_fast", "queries_a_name", "sound_unknown", "wrong", "lost"))
    for name, samples in row.samples.items():
        row.hold(f"names/s, share of what is there: {name}",
                 min(median(samples, "of_slow"), median(samples, "of_fast")), 0.8)
    hold_verdicts(row)
    return row


def row_half_dead(setting: Setting, rounds: int, full: bool) -> Row:
    dead = (*SOUND, "--class", "dead=100:0-0:silent")
    both = make_world(setting, "half-dead", 80_000, *dead)
    sound = World(setting, "sound", [t for t in both.truth if t.kind != "dead"])
    alone, among = f"{OURS}, the sound half alone", f"{OURS}, among as many dead"
    row = Row(f"80,000 names, half of them never answered ({len(sound.truth):,} are)", in_turn(rounds, {
        alone: lambda: sound.by_resolver(sound.stscan, *dead),
        among: lambda: both.by_resolver(both.stscan, *dead)}), FIGURES)
    row.hold("sound names/s against alone", row.ratio("steady", among, alone), 0.9)
    hold_verdicts(row)
    return row


def shards(world: World, resolver: str) -> Sample:
    """All parts of the list at the same time."""
    setting, stscan = world.setting, world.setting.program("stscan")
    line = (f"for i in $(seq 0 {SHARDS - 1}); do {stscan} scan --resolvers {resolver} --threads 1 "
            f"--second-look 20 --shard $i/{SHARDS} --force -o shard$i.ndjson {world.list} & done; wait")
    sample = run(["sh", "-c", f"cd {setting.folder} && {line}"], setting.folder / "shards.out",
                 len(world.truth))
    found = {n: status.decode() for i in range(SHARDS) for n, status in
             read_statuses(setting.folder / f"shard{i}.ndjson").items()}
    sample.lost = len(world.truth) - len(found)
    sample.more = judge(world.truth, found)
    return sample


def row_shards(setting: Setting, rounds: int, full: bool) -> Row:
    world = make_world(setting, "shards", 40_000)
    options = ("--rate", "2000")
    one, many = f"{OURS}, one process", f"{OURS}, {SHARDS} shards"
    row = Row(f"40,000 names, {SHARDS} processes on one resolver of 2,000 questions/s", in_turn(rounds, {
        one: lambda: world.by_resolver(world.stscan, *options),
        many: lambda: world.by_resolver(lambda resolver: shards(world, resolver), *options)}),
        ("rate", "steady", "sound_unknown", "slow_unknown", "wrong", "lost"))
    row.hold("unknown more than of one process, medians", median(row.samples[many], "sound_unknown") -
             median(row.samples[one], "sound_unknown"), 0, at_least=False)
    row.hold_lost()
    return row


def settings_without() -> dict[str, str]:
    """The configuration for scanning, and the same without each setting that matters."""
    text = SCANNING.read_text().split("server:\n", 1)[1]
    found = {"for scanning": text, "Unbound's defaults": ""}
    for name in ("wait-limit", "discard-timeout", "unknown-server-time-limit", "num-queries-per-thread",
                 "qname-minimisation", "infra-cache-numhosts"):
        found[f"without {name}"] = re.sub(rf"(?m)^    {name}:.*\n", "", text)
    return found


def row_resolver(setting: Setting, rounds: int, full: bool) -> Row:
    world = make_world(setting, "resolver", 20_000)
    row = Row("20,000 names, dnsperf -q 4000 -t 5 on Unbound recursing, its cache empty", in_turn(rounds, {
        name: lambda text=text: world.by_unbound(lambda resolver: world.dnsperf(resolver, 4000), text)
        for name, text in settings_without().items()}), ("rate", "asked_upstream", "lost"))
    return row


INTERNET_ROWS: dict[str, Callable[[Setting, int, bool], Row]] = {
    "far": row_far, "far-loss": row_far_loss, "far-limited": row_far_limited, "changes": row_changes,
    "half-dead": row_half_dead, "shards": row_shards, "recursing": row_recursing,
    "resolver": row_resolver,
}
