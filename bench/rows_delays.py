"""Policy hosts with the delays of the Internet: bench/policy_hosts.c behind Knot, a list of deployed
domains alone."""

from __future__ import annotations

import heapq
import json
import random
import subprocess
from dataclasses import dataclass
from datetime import datetime

import servers
from certificates import Authority
from domains import CASES
from measure import Sample, in_turn, median, open_records
from rows import OURS, Row, scan
from setting import Setting
from zone import Deployment, root_zone

DOMAINS, ADDRESSES, SEED = 10_000, 2_000, 7
PLACES = 416  # transfers at once (scanner/https/fetcher.h)
TIMEOUT_SECONDS = 60.0  # of a whole fetch
OVER_IDEAL = 1.3


@dataclass(frozen=True)
class Host:
    address: str
    kind: str
    status_seconds: float  # until the HTTP status; 0: there is none
    seconds: float

    @property
    def silent(self) -> bool:
        return self.kind in ("mute", "deaf")

    @property
    def place_seconds(self) -> float:
        """For which a transfer to it keeps its place."""
        return TIMEOUT_SECONDS if self.silent else self.seconds


class Delays:
    """The servers, the list, the truth."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.folder = setting.folder / "delays"
        self.folder.mkdir()
        out = subprocess.run([setting.program("bench/policy_hosts"), "truth", str(ADDRESSES)],
                             check=True, capture_output=True, text=True).stdout
        hosts = [Host(address, kind, float(status) / 1000, float(ms) / 1000)
                 for address, kind, status, ms in map(str.split, out.splitlines())]
        self.hosts = hosts * (DOMAINS // ADDRESSES)
        random.Random(SEED).shuffle(self.hosts)
        sound = next(case for case in CASES if case.name == "enforce")
        self.deployments = [Deployment(f"domain{i:05}.example", sound, host.address)
                            for i, host in enumerate(self.hosts)]
        self.list = self.folder / "list.txt"
        self.list.write_text("".join(f"{d.domain}\n" for d in self.deployments))
        self.resolver = self.start_knot()
        self.options = self.start_hosts()

    def start_knot(self) -> str:
        port = servers.free_port()
        (self.folder / "root.zone").write_text(root_zone(self.deployments))
        (self.folder / "knot.conf").write_text(
            servers.KNOT.format(folder=self.folder, port=port, broken_zones="", policy="", signing=""))
        self.setting.spawn("knot-delays", ["/usr/sbin/knotd", "-c", str(self.folder / "knot.conf")])
        servers.wait_until("knot-delays", servers.answers_dns, port)
        return f"127.0.0.1:{port}"

    def start_hosts(self) -> list[str]:
        port = servers.free_port()
        authority = Authority(self.folder / "ca")
        self.setting.issue(authority, [d.policy_host for d in self.deployments])
        self.setting.spawn("policy-hosts", [self.setting.program("bench/policy_hosts"), "serve",
                                            str(port), str(authority.path("leaf.key")),
                                            str(authority.folder)])
        return ["--https-port", str(port), "--ca-file", str(authority.path("root.pem")),
                "--allow-private"]

    def ideal(self) -> tuple[float, float]:
        """Seconds until the last sound domain and until the last of all, if each takes the first
        place that is free and nothing but the places limits it."""
        places = [0.0] * PLACES
        sound = silent = 0.0
        for host in self.hosts:
            start = heapq.heappop(places)
            heapq.heappush(places, start + host.place_seconds)
            if host.silent:
                silent = max(silent, start + TIMEOUT_SECONDS)
            else:
                sound = max(sound, start + host.seconds)
        return sound, max(sound, silent)

    def scan(self, output: str = "delays.ndjson") -> Sample:
        sample = scan(self.setting, self.list, DOMAINS, self.resolver, *self.options, output=output)
        begin = json.loads((self.setting.folder / "summary.json").read_text())["started_at"]
        ideal_sound, ideal = self.ideal()
        last, wrong = 0.0, 0
        for record in map(json.loads, open_records(self.setting.folder / output)):
            host = self.hosts[record["n"] - 1]
            wrong += record["status"] != ("broken" if host.silent else "valid")
            if not host.silent:
                end = datetime.fromisoformat(record["at"]).timestamp() + record["ms"] / 1000
                last = max(last, end - datetime.fromisoformat(begin).timestamp())
        sample.more |= {"sound_s": last, "ideal_sound_s": ideal_sound, "ideal_s": ideal,
                        "sound_ratio": last / max(ideal_sound, 0.001), "ratio": sample.seconds / ideal,
                        "wrong": wrong}
        return sample


def row_delays(setting: Setting, rounds: int, full: bool) -> Row:
    world = Delays(setting)
    silent = sum(host.silent for host in world.hosts)
    row = Row(f"{DOMAINS:,} deployed domains on {ADDRESSES:,} addresses, {silent:,} of them silent, "
              "median 200 ms to shake hands and 200 ms to answer", in_turn(rounds, {OURS: world.scan}),
              ("sound_s", "ideal_sound_s", "sound_ratio", "seconds", "ideal_s", "ratio", "peak_kb",
               "wrong", "lost"))
    row.hold("sound domains, against what the places allow", median(row.samples[OURS], "sound_ratio"),
             OVER_IDEAL, at_least=False)
    row.hold("all domains, against what the places allow", median(row.samples[OURS], "ratio"),
             OVER_IDEAL, at_least=False)
    row.hold("wrong verdicts, all runs", sum(s.more["wrong"] for s in row.samples[OURS]), 0,
             at_least=False)
    row.hold_lost()
    return row
