"""Records with figures known beforehand: the figures are decided first, the records are made to fit.

usage: records.py COUNT FILE [--seed N] [--deployed SHARE] [--probed SHARE] [--figures FILE]

FILE ending in .gz: gzip members of whole lines, as a scan writes them. The figures are those of
`stscan stats --json`; they are counted from what each record was meant to be, never from its text.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import zlib
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Callable, Iterator

Json = dict[str, object]
ROOT = Path(__file__).resolve().parents[2]

BEGIN = datetime(2026, 11, 23, 10, 0, 0, tzinfo=timezone.utc)
MEMBER_SIZE = 256 * 1024
RANK_BIN = 10_000
SELF_MAX, THIRD_PARTY_MIN = 5, 50
MAX_AGE_FROM = [0, 86400, 604800, 2592000, 15768000, 31557601]
MAX_AGE_TOP = 9999999999
STAGES = re.findall(r'X\([A-Z_]+, "([a-z-]+)", ', (ROOT / "output" / "findings" / "finding.h").read_text()
                    .partition("FINDING_STAGE_MAP(X)")[2].partition("FINDING_STAGE_MORE")[0])
STATUSES = ["absent", "valid", "broken", "unknown", "blocked", "invalid"]
EFFECTS = ["none", "opportunistic", "testing", "enforced", "at-risk", "undeliverable", "unknown"]
MODES = ["enforce", "testing", "none"]
KINDS = ["typo", "subdomain", "tld", "domain"]
TLDS = ["com"] * 10 + ["net", "org", "se"] * 2 + ["de", "uk", "xn--p1ai"]

# Faults of deployed domains: code, stage, HTTP status or 0 for none, whether a policy is read.
FAULTS = [
    ("record-id-missing", "record", 200, True),
    ("policy-dns-nxdomain", "policy-dns", 0, False),
    ("policy-tcp-timeout", "policy-tcp", 0, False),
    ("policy-tls-expired", "policy-tls", 200, True),
    ("policy-tls-name-mismatch", "policy-tls", 404, False),
    ("policy-http-status", "policy-http", 503, False),
    ("policy-http-redirect", "policy-http", 301, False),
    ("policy-max-age", "policy-syntax", 200, True),
    ("mx-mismatch", "mx", 200, True),
    ("mx-partial-mismatch", "mx", 200, True),
]
SEVERITY = {"record-absent": "info", "tlsrpt-absent": "info", "tlsrpt-syntax": "warning",
            "record-unrelated-txt": "info", "policy-unknown-field": "info"}
STAGE = {"record-absent": "record", "record-unrelated-txt": "record", "tlsrpt-absent": "tlsrpt",
         "tlsrpt-syntax": "tlsrpt", "record-dns-servfail": "record", "policy-unknown-field": "policy-syntax"}


MAIL_FIGURES = ("probed", "all_secure", "any_refused", "all_refused", "any_unknown", "all_unknown")
MAIL_CODES = {"secure": [[], [], [], ["mx-tls-expires-soon"]],
              "refused": [["mx-tls-name-mismatch"], ["mx-tls-expired", "mx-tls-self-signed"],
                          ["mx-tls-no-starttls"]],
              "unknown": [["mx-smtp-unreachable"], ["mx-smtp-later"], ["mx-smtp-skipped"]]}
MAIL_ERRORS = {code for each in MAIL_CODES["refused"] for code in each}
DANE = ("none", "match", "mismatch", "unusable", "insecure", "failed")
PASSING = ["record-dns-servfail", "policy-tcp-timeout", "policy-http-status", "mx-dns-timeout"]


def time_text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def finding(code: str, **members: object) -> Json:
    stage = STAGE.get(code) or next(f[1] for f in FAULTS if f[0] == code)
    return {"code": code, "severity": SEVERITY.get(code, "error"), "stage": stage, **members}


class MailFigures:
    """Counts what the mail servers of each probed domain were meant to be: meant["mail"] is a list of hosts."""

    def __init__(self) -> None:
        self.probed: list[Json] = []

    def figures(self, domains: list[Json]) -> Json:
        sets = [{host["verdict"] for host in meant["mail"]} for meant in domains]  # type: ignore[attr-defined]
        return dict(zip(MAIL_FIGURES, (len(sets), sets.count({"secure"}), sum("refused" in s for s in sets),
                                       sets.count({"refused"}), sum("unknown" in s for s in sets),
                                       sets.count({"unknown"}))))

    def with_any(self, holds: Callable[[Json], object], of: list[Json] | None = None) -> int:
        return sum(any(holds(host) for host in meant["mail"])  # type: ignore[attr-defined]
                   for meant in (self.probed if of is None else of))

    def findings(self, of: list[Json]) -> Json:
        codes = {code for each in MAIL_CODES.values() for some in each for code in some}
        counts = {code: self.with_any(lambda host: code in host["codes"], of) for code in codes}
        return {code: count for code, count in counts.items() if count}

    def manager(self, meant: Json, served: Counter[str]) -> str:
        count = served[str(meant["mail_provider"])]
        own = meant["mail_provider"] == meant["name"]
        return ("self" if own or count <= SELF_MAX else
                "third-party" if count >= THIRD_PARTY_MIN else "unclassified")

    def as_json(self) -> Json:
        served = Counter(str(meant["mail_provider"]) for meant in self.probed)
        by_provider = {name: self.figures([m for m in self.probed if m["mail_provider"] == name]) for name in served}
        managed = {name: [m for m in self.probed if self.manager(m, served) == name]
                   for name in ("self", "third-party", "unclassified")}
        issuers = Counter(next(host["issuer"] for host in meant["mail"] if "issuer" in host)
                          for meant in self.probed if any("issuer" in host for host in meant["mail"]))
        made = {
            **self.figures(self.probed),
            "enforce": self.figures([m for m in self.probed if m.get("mode") == "enforce"]),
            "findings": self.findings(self.probed),
            "managed": {name: {**self.figures(domains), "findings": self.findings(domains)}
                        for name, domains in managed.items()},
            "once": {name: sum(bool(each[name]) for each in by_provider.values()) for name in MAIL_FIGURES},
            "providers": [{"provider": name, "figures": each} for name, each in
                          sorted(by_provider.items(), key=lambda item: (-item[1]["probed"], item[0]))],
            "tls": {v: self.with_any(lambda host: host.get("version") == v) for v in ("TLSv1.2", "TLSv1.3")},
            "certificate": {
                "seen": self.with_any(lambda host: "days" in host),
                "expired": self.with_any(lambda host: host.get("days", 0) < 0),
                "expiring": [{"days": days, "domains": self.with_any(lambda host: 0 <= host.get("days", 99) < days)}
                             for days in (7, 14, 30)]},
            "issuers": [{"issuer": name, "domains": count} for name, count in
                        sorted(issuers.items(), key=lambda item: (-item[1], item[0]))],
            "dane": {"asked": self.with_any(lambda host: "dane" in host),
                     **{name: self.with_any(lambda host: host.get("dane") == name) for name in DANE},
                     "dane_only": self.with_any(lambda h: h.get("dane") == "match" and h["verdict"] == "refused"),
                     "sts_only": self.with_any(lambda h: h.get("dane") == "mismatch" and h["verdict"] == "secure")}}
        return made


class Figures:
    """Counts what each record was meant to be."""

    def __init__(self) -> None:
        self.domains = 0
        self.strict = 0
        self.counters: dict[str, Counter[str]] = {
            name: Counter() for name in ("status", "effect", "mode", "stage", "findings", "http_status",
                                         "mismatch", "max_age")}
        self.tld: dict[str, Counter[str]] = {}
        self.rank: dict[int, Counter[str]] = {}
        self.operators: dict[str, list[Json]] = {}
        self.deployed: list[Json] = []
        self.tlsrpt: Counter[str] = Counter()
        self.certificate: Counter[str] = Counter()
        self.twice: list[Json] = []
        self.mail = MailFigures()

    def count(self, meant: Json) -> None:
        self.domains += 1
        self.strict += bool(meant.get("strict"))
        status = str(meant["status"])
        self.counters["status"][status] += 1
        for name in ("effect", "mode", "http_status"):
            if meant.get(name):
                self.counters[name][str(meant[name])] += 1
        for code in meant.get("codes", []):  # type: ignore[attr-defined]
            self.counters["findings"][code] += 1
        for stage in set(meant.get("stages", [])):  # type: ignore[call-overload]
            self.counters["stage"][stage] += 1
        if "kind" in meant:
            self.counters["mismatch"][str(meant["kind"])] += 1
        if "max_age" in meant:
            bin_from = max(low for low in MAX_AGE_FROM if low <= meant["max_age"])  # type: ignore[operator]
            self.counters["max_age"][str(bin_from)] += 1
        if "first" in meant:
            self.twice.append(meant)
        self.count_place(meant, status)
        if status in ("valid", "broken"):
            self.count_deployed(meant)

    def count_place(self, meant: Json, status: str) -> None:
        places = []
        if "tld" in meant:
            places.append(self.tld.setdefault(str(meant["tld"]), Counter()))
        if "rank" in meant:
            bin_ = (int(str(meant["rank"])) - 1) // RANK_BIN
            places.append(self.rank.setdefault(bin_, Counter()))
        for place in places:
            place["domains"] += 1
            place["deployed"] += status in ("valid", "broken")
            place["valid"] += status == "valid"
            place["broken"] += status == "broken"

    def count_deployed(self, meant: Json) -> None:
        self.deployed.append(meant)
        if "mail" in meant:
            self.mail.probed.append(meant)
        operator = meant.get("provider") or meant.get("address")
        if operator:
            self.operators.setdefault(str(operator), []).append(meant)
        self.tlsrpt["deployed"] += meant["tlsrpt"] != "absent"
        self.tlsrpt["broken"] += meant["tlsrpt"] == "broken"
        days = meant.get("expires_days")
        if days is None:
            return
        self.certificate["seen"] += 1
        self.certificate["expired"] += int(str(days)) < 0
        for within in (7, 14, 30):
            self.certificate[str(within)] += 0 <= int(str(days)) < within

    def manager(self, meant: Json) -> str:
        operator = meant.get("provider") or meant.get("address")
        if meant.get("own"):
            return "self"
        if not operator:
            return "unclassified"
        serves = len(self.operators[str(operator)])
        return "self" if serves <= SELF_MAX else "third-party" if serves >= THIRD_PARTY_MIN else "unclassified"

    def as_json(self) -> Json:
        def of(name: str, keys: list[str]) -> Json:
            return {key: self.counters[name][key] for key in keys}
        tops = [low - 1 for low in MAX_AGE_FROM[1:]] + [MAX_AGE_TOP]
        providers = {name: domains for name, domains in self.operators.items() if domains[0].get("provider")}
        return {
            "domains": self.domains, "status": of("status", STATUSES), "effect": of("effect", EFFECTS),
            "deployed_strict": self.strict, "mode": of("mode", MODES), "stage": of("stage", STAGES),
            "findings": dict(self.counters["findings"]), "http_status": dict(self.counters["http_status"]),
            "max_age": [{"from": low, "to": top, "domains": self.counters["max_age"][str(low)]}
                        for low, top in zip(MAX_AGE_FROM, tops)],
            "tld": [{"tld": tld, **counts} for tld, counts in
                    sorted(self.tld.items(), key=lambda item: (-item[1]["domains"], item[0]))],
            "rank": [{"from": bin_ * RANK_BIN + 1, "to": (bin_ + 1) * RANK_BIN, **counts}
                     for bin_, counts in sorted(self.rank.items())],
            "delegation": [{"provider": name, **lines(domains), "findings": found(domains)} for name, domains in
                           sorted(providers.items(), key=lambda item: (-len(item[1]), item[0]))],
            "managed": {manager: {**lines([m for m in self.deployed if self.manager(m) == manager]),
                                  "findings": self.causes(manager)}
                        for manager in ("self", "third-party", "unclassified")},
            "mismatch": of("mismatch", KINDS),
            "tlsrpt": {"deployed": self.tlsrpt["deployed"], "broken": self.tlsrpt["broken"]},
            "ede": {},  # no resolver says why in what is made here
            "looks": self.looks(),
            "certificate": {"seen": self.certificate["seen"], "expired": self.certificate["expired"],
                            "expiring": [{"days": days, "domains": self.certificate[str(days)]}
                                         for days in (7, 14, 30)]},
            "operators": self.once(), "outsourced": self.outsourced(),
            **({"mail": self.mail.as_json()} if self.mail.probed else {}),
        }

    def causes(self, manager: str) -> Json:
        return found([meant for meant in self.deployed if self.manager(meant) == manager])

    def addresses(self) -> list[Json]:
        """Operators without a name that serve several."""
        several = {name: domains for name, domains in self.operators.items()
                   if not domains[0].get("provider") and len(domains) > SELF_MAX}
        return [{"address": name, **lines(domains), "findings": found(domains)} for name, domains in
                sorted(several.items(), key=lambda item: (-len(item[1]), item[0]))]

    def looks(self) -> Json:
        twice = [(set(m["first"]), set(m.get("codes", []))) for m in self.twice]  # type: ignore[call-overload]
        return {"domains": len(twice), "changed": sum(first != now for first, now in twice),
                "codes": {code: {"domains": sum(code in first for first, _ in twice),
                                 "changed": sum(code in first and code not in now for first, now in twice)}
                          for code in PASSING if any(code in first for first, _ in twice)}}

    def once(self) -> Json:
        def some(stage: str) -> int:
            return sum(any(stage in m["stages"] for m in domains)  # type: ignore[operator]
                       for domains in self.operators.values())
        return {"self_max": SELF_MAX, "third_party_min": THIRD_PARTY_MIN, "operators": len(self.operators),
                "broken": sum(any(m["status"] == "broken" for m in domains)
                              for domains in self.operators.values()),
                "stage": {stage: some(stage) for stage in STAGES}, "addresses": self.addresses()}

    def outsourced(self) -> Json:
        made: Json = {}
        for which in ("same", "different"):
            those = [m for m in self.deployed if m.get("outsourced") == which]
            made[which] = {"domains": len(those),
                           "mismatch": sum("mx" in m["stages"] for m in those)}  # type: ignore[operator,misc]
        return made


def lines(domains: list[Json]) -> Json:
    """Counters of some deployed domains."""
    return {"domains": len(domains), "valid": sum(m["status"] == "valid" for m in domains),
            "broken": sum(m["status"] == "broken" for m in domains),
            "stage": {stage: sum(stage in m["stages"] for m in domains)  # type: ignore[operator]
                      for stage in STAGES}}


def found(domains: list[Json]) -> Json:
    """How many of them have each code."""
    counts: Counter[str] = Counter(code for meant in domains
                                   for code in set(meant.get("codes", [])))  # type: ignore[call-overload]
    return dict(counts)


class Maker:
    """Decides what domains are, and writes the records of it."""

    def __init__(self, seed: int, share: float, probed: float = 0) -> None:
        self.random = random.Random(seed)
        self.share = share
        self.probed = probed  # of the deployed domains
        self.figures = Figures()

    def records(self, count: int) -> Iterator[tuple[Json, Json]]:
        """Pairs of what is meant and the record."""
        for n in range(1, count + 1):
            at = BEGIN + timedelta(milliseconds=7 * n)
            chance = self.random.random()
            if chance < self.share:
                meant, record = self.deployed(n, at)
            elif chance < self.share + 0.01:
                meant, record = self.odd(n)
            else:
                meant, record = self.absent(n)
            if n % 3 and "domain" in record:
                meant["rank"] = record["rank"] = n
            record.update(at=time_text(at), ms=self.random.randrange(1, 3000))
            self.look_twice(n, meant, record)
            self.figures.count(meant)
            yield meant, {"v": 1, "n": n, **record}

    def look_twice(self, n: int, meant: Json, record: Json) -> None:
        """Of some a first look found something else, of some the same."""
        codes = list(meant.get("codes", []))  # type: ignore[call-overload]
        if n % 5 or "domain" not in record or (meant["status"] == "absent" and n % 100):
            return
        passing = PASSING[n % len(PASSING)]
        meant["first"] = codes if n % 2 and codes else [*codes, passing]
        record["looks"] = 2
        if set(meant["first"]) != set(codes):  # type: ignore[call-overload]
            record["first"] = {"codes": meant["first"], "at": time_text(BEGIN)}

    def name(self, n: int) -> tuple[str, str]:
        tld = self.random.choice(TLDS)
        return f"name{n}.{tld}", tld

    def absent(self, n: int) -> tuple[Json, Json]:
        name, tld = self.name(n)
        codes = ["record-absent"] + ["record-unrelated-txt"] * (self.random.random() < 0.05)
        meant: Json = {"status": "absent", "effect": "none", "tld": tld, "codes": codes}
        return meant, {"domain": name, "status": "absent", "effect": "none",
                       "findings": [finding(code) for code in codes],
                       "record": {"rcode": "NXDOMAIN", "ad": False, "tries": 1, "ms": 12}}

    def odd(self, n: int) -> tuple[Json, Json]:
        name, tld = self.name(n)
        status = self.random.choice(["unknown", "blocked", "invalid"])
        if status == "invalid":
            return {"status": status}, {"line": "no \u0001 name\"", "status": status, "findings": []}
        meant: Json = {"status": status, "tld": tld}
        record: Json = {"domain": name, "status": status, "findings": []}
        if status == "unknown":
            meant.update(effect="unknown", codes=["record-dns-servfail"], stages=["record"])
            record.update(effect="unknown", findings=[finding("record-dns-servfail", rcode="SERVFAIL")],
                          record={"rcode": "SERVFAIL", "ad": False, "tries": 4, "ms": 900})
        return meant, record

    def deployed(self, n: int, at: datetime) -> tuple[Json, Json]:
        name, tld = self.name(n)
        broken = self.random.random() < 0.3
        faults = self.random.sample(FAULTS, self.random.choice([1, 1, 2])) if broken else []
        if len({f[0] for f in faults} & {"mx-mismatch", "mx-partial-mismatch"}) == 2:
            faults = faults[:1]
        meant: Json = {"status": "broken" if faults else "valid", "tld": tld,
                       "codes": [f[0] for f in faults], "stages": [f[1] for f in faults]}
        findings = [finding(f[0], detail="told \"so\" \\ \u0007") for f in faults]
        for each in findings:
            if each["code"] == "policy-max-age" and n % 2:
                each.update(reason="too-large", lenient=True)
        meant["strict"] = broken and all(each.get("lenient") for each in findings)
        record: Json = {"domain": name, "status": meant["status"], "findings": findings,
                        "record": {"rcode": "NOERROR", "txt": ["v=STSv1; id=1;"], "id": "1", "ttl": 300,
                                   "ad": False, "tries": 1, "ms": 3}}
        self.host(name, meant, record)
        self.fetch(name, at, faults, meant, record)
        self.mail(name, faults, meant, record)
        if self.probed and self.random.random() < self.probed:
            self.probe(name, at, meant, record)
        self.tlsrpt(meant, record)
        meant["effect"] = record["effect"] = self.effect(faults, meant)
        return meant, record

    def effect(self, faults: list[tuple[str, str, int, bool]], meant: Json) -> str:
        codes = {f[0] for f in faults}
        if "mode" not in meant or codes - {"mx-mismatch", "mx-partial-mismatch"}:
            return "opportunistic"
        if meant["mode"] != "enforce":
            return {"testing": "testing", "none": "none"}[str(meant["mode"])]
        return "undeliverable" if "mx-mismatch" in codes else "at-risk" if codes else "enforced"

    def host(self, name: str, meant: Json, record: Json) -> None:
        """A third party, a small provider, an alias of one's own, or an address."""
        host: Json = {"rcode": "NOERROR", "tries": 2, "ms": 9}
        chance = self.random.random()
        if chance < 0.4:
            meant["provider"] = f"big{self.random.randrange(3)}.example"
        elif chance < 0.6:
            meant["provider"] = f"small{self.random.randrange(40)}.example"
        elif chance < 0.7:
            meant.update(provider=name, own=True)
        elif chance < 0.95:
            meant["address"] = f"192.0.2.{self.random.randrange(1, 60)}"
        if "provider" in meant:
            host["cname"] = ["alias.between.example", f"sts.{meant['provider']}"]
        if "address" in meant:
            host["addresses"] = [f"2001:db8::{self.random.randrange(9)}", "198.51.100.1", meant["address"]]
            meant["address"] = min(host["addresses"])  # type: ignore[call-overload]
        record["policy_host"] = host

    def fetch(self, name: str, at: datetime, faults: list[tuple[str, str, int, bool]], meant: Json,
              record: Json) -> None:
        status = next((f[2] for f in faults if f[2] != 200), 200)
        reads = all(f[3] for f in faults)
        fetch: Json = {"ms": 40}
        if status:
            meant["http_status"] = fetch["http_status"] = status
            days = self.random.choice([-3, 1, 8, 20, 60, 80])
            meant["expires_days"] = days
            record["certificate"] = {
                "subject": f"CN=mta-sts.{name}", "issuer": "CN=R11", "names": [f"mta-sts.{name}"],
                "not_before": time_text(at - timedelta(days=30)),
                "not_after": time_text(at + timedelta(days=days, hours=1)),
                "sha256": hashlib.sha256(name.encode()).hexdigest(), "key": "EC 256", "chain": 2}
        record["fetch"] = fetch
        if status == 200 and reads:
            meant["mode"] = self.random.choice(["enforce", "enforce", "testing", "none"])
            policy: Json = {"version": "STSv1", "mode": meant["mode"]}
            if "policy-max-age" not in meant["codes"]:  # type: ignore[operator]
                meant["max_age"] = self.random.choice([60, 86399, 86400, 604800, 2591999, 10368000, 31557600])
                policy["max_age"] = meant["max_age"]
            policy.update(mx=[f"mail.{name}"], text="version: STSv1\r\nmode: enforce\r\nmx: *.x\r\n")
            record["policy"] = policy

    def mail(self, name: str, faults: list[tuple[str, str, int, bool]], meant: Json, record: Json) -> None:
        provider = str(meant.get("provider", ""))
        mail = self.random.choice([f"mx.{name}", "mx.mail.example", f"mx.{provider.split('.')[0]}.test"])
        record["mx"] = [{"preference": 10, "host": mail, "covered": not any(f[1] == "mx" for f in faults)}]
        if provider and not meant.get("own") and mail != f"mx.{name}":
            same = mail != "mx.mail.example"
            meant["outsourced"] = "same" if same else "different"
        for fault in record["findings"]:  # type: ignore[attr-defined]
            if fault["stage"] == "mx":
                meant["kind"] = fault["kind"] = self.random.choice(KINDS)
                fault["host"] = mail

    def probe(self, name: str, at: datetime, meant: Json, record: Json) -> None:
        """One to three mail servers, the first being that of the record."""
        first = record["mx"][0]  # type: ignore[index]
        provider = first["host"] if ".." in first["host"] else ".".join(first["host"].split(".")[1:])
        meant.update(name=name, mail=[], mail_provider=provider)
        record["mx"] = [first, *({"preference": 20 + i, "host": f"backup{i}.{name}", "covered": True}
                                 for i in range(self.random.randrange(3)))]
        for mx in record["mx"]:
            verdict = self.random.choice(["secure", "secure", "secure", "refused", "unknown"])
            host: Json = {"verdict": verdict, "codes": self.random.choice(MAIL_CODES[verdict])}
            tls: Json = {"verdict": verdict, "codes": host["codes"], "step": "handshake"}
            if verdict != "unknown" and host["codes"] != ["mx-tls-no-starttls"]:
                host.update(version=self.random.choice(["TLSv1.2", "TLSv1.3"]), days=self.random.choice([-3, 1, 8, 20, 60]))
                issuer = f"CN=R{self.random.randrange(10, 14)},O=An \"Authority\""
                if "mx-tls-self-signed" not in host["codes"]:
                    host["issuer"] = issuer
                tls.update(version=host["version"], trusted=verdict == "secure", certificate={
                    "subject": "CN=x", "issuer": issuer, "names": ["x"], "names_count": 1, "chain": 1,
                    "not_after": time_text(at + timedelta(days=host["days"], hours=1))})  # type: ignore[arg-type]
            if self.random.random() < 0.5:
                host["dane"] = self.random.choice(DANE)
                tls["tlsa"] = {"dane": host["dane"]}
            mx["tls"] = {**tls, "at": time_text(at), "ms": 400}
            meant["mail"].append(host)  # type: ignore[attr-defined]

    def tlsrpt(self, meant: Json, record: Json) -> None:
        meant["tlsrpt"] = self.random.choice(["absent", "sound", "broken"])
        codes = {"absent": ["tlsrpt-absent"], "sound": [], "broken": ["tlsrpt-syntax"]}[str(meant["tlsrpt"])]
        meant["codes"] = [*meant["codes"], *codes]  # type: ignore[misc]
        record["findings"] = [*record["findings"], *map(finding, codes)]  # type: ignore[misc]
        if meant["tlsrpt"] != "absent":
            record["tlsrpt"] = {"txt": ["v=TLSRPTv1; rua=mailto:r@x"], "rua": ["mailto:r@x"]}


def member(text: bytes) -> bytes:
    deflate = zlib.compressobj(1, zlib.DEFLATED, 31, 8)
    return deflate.compress(text) + deflate.flush()


def line_of(record: Json) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def write(path: Path, records: Iterator[Json]) -> None:
    seal = member if path.suffix == ".gz" else bytes
    with path.open("wb") as out:
        pending = bytearray()
        for record in records:
            pending += line_of(record)
            if len(pending) >= MEMBER_SIZE:
                out.write(seal(bytes(pending)))
                pending.clear()
        out.write(seal(bytes(pending)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=8461)
    parser.add_argument("--deployed", type=float, default=0.01)
    parser.add_argument("--probed", type=float, default=0, help="share of them whose mail servers were probed")
    parser.add_argument("--figures", type=Path)
    arguments = parser.parse_args()
    maker = Maker(arguments.seed, arguments.deployed, arguments.probed)
    write(arguments.file, (record for _, record in maker.records(arguments.count)))
    if arguments.figures:
        arguments.figures.write_text(json.dumps(maker.figures.as_json(), indent=1))


if __name__ == "__main__":
    main()
