#!/usr/bin/env python3
"""A scan of the fault server: of each name exactly what its case expects."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import tempfile
from pathlib import Path

from program import ROOT, Record, codes, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import message as dns  # noqa: E402
from cases import CASES, SOUND, Absent, Case  # noqa: E402
from chains import Chains  # noqa: E402
from nameserver import Behaviour, NameServer, gives, says  # noqa: E402
from webserver import ADDRESS, WebServer  # noqa: E402

SCAN_SECONDS = 120  # far more than it takes: only that it comes to an end
NAME_SERVER = "127.0.3.53"
DNS_TRIES = 4
# Patient, and not all at once: on a busy machine too, only what never comes may be late.
OPTIONS = ("--dns-timeout", "8000", "--dns-tries", str(DNS_TRIES), "--connect-timeout", "2500",
           "--https-timeout", "8000", "--https-rate", "60", "--per-address", "0",
           "--per-address-rate", "0", "--second-look", "0", "--progress", "never", "--threads", "2")
RECORD_ONLY = {"absent", "unknown"}
ROLES = {"_mta-sts": {dns.TXT: "record"}, "mta-sts": {dns.A: "a", dns.AAAA: "aaaa"},
         "_smtp._tls": {dns.TXT: "tlsrpt"}, "": {dns.MX: "mx", dns.A: "self", dns.AAAA: "self"}}


def find_behaviour(name: str, kind: int) -> Behaviour:
    if name == "localhost":  # a scan asks for it first, to see whether anybody is there
        return gives(dns.address("127.0.0.1"))
    for case in CASES:
        if name != case.domain and not name.endswith("." + case.domain):
            continue
        prefix = name[:-len(case.domain)].rstrip(".")
        role = ROLES.get(prefix, {}).get(kind)
        if role:
            return case.dns.get(role, SOUND[role])
    return says(dns.NXDOMAIN)


def free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])


async def scan(domains: list[str], options: list[str]) -> list[Record]:
    process = await asyncio.create_subprocess_exec(
        stscan_path(), "scan", *options, "-", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE)
    listed = "".join(f"{domain}\n" for domain in domains).encode()
    try:
        out, _ = await asyncio.wait_for(process.communicate(listed), SCAN_SECONDS)
    except asyncio.TimeoutError:
        process.kill()
        raise
    if process.returncode != 0:
        raise RuntimeError(f"the scan ended with {process.returncode}")
    return [json.loads(line) for line in out.decode().splitlines()]


async def scan_all(names: NameServer, web: WebServer, roots: Path, block: Path) -> list[Record]:
    name_port, web_port = free_port(NAME_SERVER), free_port(ADDRESS)
    await names.start(NAME_SERVER, name_port)
    await web.start(web_port)
    options = [*OPTIONS, "--resolvers", f"{NAME_SERVER}:{name_port}", "--https-port", str(web_port),
               "--ca-file", str(roots)]
    block.write_text("".join(f"{c.policy_host}\n" for c in CASES if c.blocked))
    try:
        private, public = await asyncio.gather(
            scan([c.domain for c in CASES if not c.public_only],
                 [*options, "--allow-private", "--block", str(block)]),
            scan([c.domain for c in CASES if c.public_only], options))
    finally:
        names.close()
        web.close()
    return private + public


def member(record: object, path: str) -> object:
    """What stands at the path, or Absent."""
    for key in path.split("."):
        try:
            at = int(key) if isinstance(record, list) else key
            record = record[at]  # type: ignore[index]
        except (KeyError, IndexError):
            return Absent
    return record


def differences(case: Case, record: Record) -> list[str]:
    seen = [("status", case.status, record.get("status")),
            ("effect", case.effect, record.get("effect")),
            ("codes", sorted(case.codes), codes(record))]
    seen += [(path, value, member(record, path)) for path, value in case.members.items()]
    return [f"{what} is {is_!r}, expected {expected!r}"
            for what, expected, is_ in seen if is_ != expected]


def impolite(case: Case, names: NameServer, web: WebServer) -> list[str]:
    """What no scanner may do: ask for more or oftener than it needs, or follow a redirect."""
    counts = {question: n for question, n in names.asked.items()
              if f".{question[0]}".endswith(f".{case.domain}")}
    host = case.policy_host
    head = f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\n".encode()
    requests = web.requests.get(host, [])
    wrong = []
    if case.status in RECORD_ONLY and list(counts) != [(f"_mta-sts.{case.domain}", dns.TXT)]:
        wrong.append(f"it asked for {sorted(counts)}")
    # Once more without EDNS. A domain that waited aside for its address is looked up again, from its
    # record on.
    looks = min(2, names.asked.get((f"_mta-sts.{case.domain}", dns.TXT), 1)) if case.requests else 1
    wrong += [f"{question} was asked {n} times" for question, n in counts.items()
              if n > looks * (DNS_TRIES + 1)]
    made = web.connections.get(host, [])
    if len(requests) > case.requests:
        wrong.append(f"{len(requests)} requests")
    wrong += [f"asked again after {second - first:.3f} s" for first, second in zip(made, made[1:])
              if second - first < case.pause]
    wrong += [f"the request is {r!r}" for r in requests if not r.startswith(head)]
    return wrong


def judge(case: Case, found: list[Record], names: NameServer, web: WebServer) -> list[str]:
    if len(found) != 1:
        return [f"{len(found)} records"]
    wrong = differences(case, found[0]) + impolite(case, names, web)
    return wrong + [json.dumps(found[0])] if wrong else []


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="stscan-fault.") as made:
        scripts = {case.policy_host: case.web for case in CASES}
        chains = Chains(Path(made) / "ca", scripts)
        names, web = NameServer(find_behaviour), WebServer(scripts, chains.context)
        records = asyncio.run(scan_all(names, web, chains.root, Path(made) / "block"))
    failed = 0
    for case in CASES:
        wrong = judge(case, [r for r in records if r.get("domain") == case.domain], names, web)
        if wrong:
            failed += 1
            print(f"FAILED: {case.domain}", *wrong, sep="\n  ")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
