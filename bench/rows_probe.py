"""Mail servers probed for STARTTLS: by the prober alone (bench/mx_probes.c) beside OpenSSL alone, and
many of them with the delays of the Internet; and scans of lists with and without them."""

from __future__ import annotations

import json
from pathlib import Path

import servers
from certificates import Authority
from measure import Sample, in_turn, median, run
from rows import OURS, Row, https_options, scan
from setting import Setting

QUICK, FAR = 1_000, 5_000  # hosts without delays, and with them
RATE = 50  # new connections a second, the default (scanner/smtp/prober.h)
TAIL_SECONDS = 10.0  # of the last hosts
PEAK_KB = 64 * 1024
PACE = 20_000  # queries a second: a resolver's, and not what the processor can do
MIXED = 140_000  # names, of which 980 have a mail server of their own
FEW, MANY = 20_000, 1_000_000
GROWTH = 1.1  # of the peak memory, from few names to many
BARE, OF_FAR = "OpenSSL alone", f"{OURS}, {FAR:,} far away"


class MailHosts:
    """Servers, each host with an address and a certificate of its own."""

    def __init__(self, setting: Setting, kind: str, count: int) -> None:
        self.setting, self.count = setting, count
        self.port = servers.free_port()
        hosts = [f"mx{i:04}.example" for i in range(count)]
        authority = Authority(setting.folder / kind)
        setting.issue(authority, hosts)
        self.ca_file = str(authority.path("root.pem"))
        self.list = setting.folder / f"{kind}.txt"
        self.list.write_text("".join(f"{host} 127.{2 + i % 200}.{i // 200}.1\n"
                                     for i, host in enumerate(hosts)))
        setting.spawn(kind, [setting.program("bench/policy_hosts"), kind, str(self.port),
                             str(authority.path("leaf.key")), str(authority.folder)])

    def probe(self, *settings: str) -> Sample:
        out = self.setting.folder / "probes.out"
        line = '"$0" "$1" "$2" "${@:4}" <"$3"'
        sample = run(["bash", "-c", f"exec {line}", self.setting.program("bench/mx_probes"),
                      str(self.port), self.ca_file, str(self.list), *settings], out, self.count)
        return self.judge(sample, out)

    def judge(self, sample: Sample, out: Path) -> Sample:
        found = [json.loads(line) for line in out.read_text().splitlines()]
        sample.lost = self.count - sum(result["verdict"] == "secure" for result in found)
        return sample

    def bare(self) -> Sample:
        out = self.setting.folder / "openssl.out"
        sample = run([self.setting.program("bench/openssl_client"), str(self.port), self.ca_file,
                      str(self.list), "smtp"], out, self.count)
        sample.lost = self.count - int(out.read_text().split()[2])
        return sample


def row_probe(setting: Setting, rounds: int, full: bool) -> Row:
    near = MailHosts(setting, "quick-mail", QUICK)
    far = MailHosts(setting, "mail", FAR)
    samples = in_turn(rounds, {OURS: near.probe, BARE: near.bare})
    samples |= in_turn(1, {OF_FAR: lambda: far.probe(f"rate={RATE}", "each=1")})
    row = Row(f"{QUICK:,} mail servers, each with a certificate, and {FAR:,} with delays",
              samples, ("rate", "cpu_us", "peak_kb", "lost"))
    row.hold("CPU against OpenSSL and the same dialogue alone", row.ratio("cpu_us", OURS, BARE), 1.25,
             at_least=False)
    row.hold(f"seconds for {FAR:,} hosts with the Internet's delays, {RATE} a second",
             median(samples[OF_FAR], "seconds"), FAR / RATE + TAIL_SECONDS, at_least=False)
    row.hold("their peak memory, kB", median(samples[OF_FAR], "peak_kb"), PEAK_KB, at_least=False)
    row.hold_lost()
    return row


def row_probe_list(setting: Setting, rounds: int, full: bool) -> Row:
    options = https_options(setting)
    # The mail servers of the list are in four prefixes of 24 bits, whose limits would be measured.
    probing = ["--probe-mx", "--ehlo", "scan.example.org", "--smtp-port", str(setting.smtp_port),
               "--smtp-per-address", "0", "--smtp-per-address-rate", "0"]
    unlimited = ["--smtp-rate", "0"]
    plain, probed = f"{OURS}, {MIXED:,} names", f"{OURS}, {MIXED:,} names, probing"
    names = setting.mixed_list(MIXED)
    pace = ["--dns-rate", str(PACE)]
    paced_plain, paced = f"{plain}, {PACE:,} queries/s", f"{probed}, {PACE:,} queries/s"
    samples = in_turn(rounds, {
        plain: lambda: scan(setting, names, MIXED, setting.knot, *options),
        probed: lambda: scan(setting, names, MIXED, setting.knot, *options, *probing, *unlimited),
        paced_plain: lambda: scan(setting, names, MIXED, setting.knot, *options, *pace),
        paced: lambda: scan(setting, names, MIXED, setting.knot, *options, *probing, *unlimited, *pace)})
    few, many = f"{OURS}, {FEW:,} names, probing", f"{OURS}, {MANY:,} names, probing"
    for who, count in ((few, FEW), (many, MANY)):
        some = setting.mixed_list(count)
        samples |= in_turn(1, {who: lambda: scan(setting, some, count, setting.knot, *options, *probing)})
        some.unlink()
    row = Row("0.7% adoption, with and without --probe-mx", samples,
              ("rate", "cpu_us", "peak_kb", "valid", "lost"))
    row.hold(f"rate against the rate without probing, at {PACE:,} queries/s",
             row.ratio("rate", paced, paced_plain), 0.95)
    row.hold("rate against the rate without probing, by the processor", row.ratio("rate", probed, plain), 0.95)
    row.hold("CPU against that without probing", row.ratio("cpu_us", probed, plain), 1.05, at_least=False)
    row.hold(f"peak memory of {MANY:,} names, kB", median(samples[many], "peak_kb"), PEAK_KB, at_least=False)
    row.hold(f"peak memory of {MANY:,} names against {FEW:,}", row.ratio("peak_kb", many, few), GROWTH,
             at_least=False)
    row.hold_lost()
    return row
