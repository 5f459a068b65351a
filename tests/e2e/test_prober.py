#!/usr/bin/env python3
"""Mail servers that fail, probed by the prober alone: what is said of each, and how we behaved. Then
allocations and system calls of our own fail: nothing of that is said of a server.

STSCAN_INJECT=5000 has so many of these fail (60), STSCAN_SEED repeats a draw.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from program import ROOT
from test_inject import ABORTS, ERRNOS

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

from chains import Chains  # noqa: E402
from mail_cases import FULL, HASTE, MAIL_CASES, MX_ZONE, MailCase  # noqa: E402
from mailserver import MailScript, MailServer  # noqa: E402

EHLO_NAME = "scan.example.org"
ALLOWED = {"EHLO", "HELO", "STARTTLS", "QUIT"}
INJECTED = ("sound", "554", "no-starttls", "wrong-name", "self-signed", "unrecognized-name", "quit-never",
            "dead-then-good", "refused")
SAME = ("verdict", "step", "greeting", "ehlo", "starttls", "version", "findings")
AT_ONCE = 4
RUNS = 4
# The word for machines, where one code has several causes.
REASONS = {"refused": "refused", "full": "timeout", "554": "greeting", "ehlo-421": "ehlo", "helo-refused": "helo",
           "starttls-421": "starttls", "starttls-closed": "starttls", "never": "greeting", "ehlo-never": "ehlo",
           "spamd": "spamd", "endless-line": "too-long", "ssh": "no-smtp", "two-greetings": "out-of-step",
           "no-starttls": "not-offered", "helo-only": "helo-only", "masked": "hidden", "454": "temporary",
           "starttls-502": "permanent", "starttls-250": "not-220", "plain-text": "not-tls",
           "unrecognized-name": "unrecognized_name", "tls-1.1": "protocol_version"}
NAMES_MAX = 8  # of a certificate that fits; the sound one here has dozens


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def host_of(case: MailCase) -> str:
    return f"{case.name}.{MX_ZONE}"


def addresses_of(cases: list[MailCase]) -> dict[str, list[str]]:
    """An address of its own for each place; the prober may begin with either of two."""
    free = (f"127.0.{4 + i // 250}.{1 + i % 250}" for i in range(1000))
    found = {case.name: [next(free) for _ in case.places] for case in cases}
    return found | {case.name: [*found[case.name][:-1], "::1"] for case in cases if case.ipv6}


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


CASES = [case for case in MAIL_CASES if not case.ipv6 or has_ipv6()]


def places(cases: list[MailCase], addresses: dict[str, list[str]]) -> Iterator[tuple[MailCase, Any, str]]:
    for case in cases:
        for place, address in zip(case.places, addresses[case.name], strict=True):
            yield case, place, address


async def run_probes(port: int, roots: Path, cases: list[MailCase], addresses: dict[str, list[str]],
                     environment: dict[str, str], **settings: int) -> tuple[int, list[dict[str, Any]], str]:
    lines = "".join(f"{host_of(case)} {','.join(addresses[case.name])}\n" for case in cases)
    process = await asyncio.create_subprocess_exec(
        os.environ["MX_PROBES"], str(port), str(roots), *(f"{k}={v}" for k, v in settings.items()),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment})
    out, errors = await asyncio.wait_for(process.communicate(lines.encode()), 60)
    return process.returncode or 0, [json.loads(line) for line in out.decode().splitlines()], errors.decode()


async def probe(port: int, roots: Path, cases: list[MailCase], addresses: dict[str, list[str]],
                **settings: int) -> dict[str, dict[str, Any]]:
    code, found, errors = await run_probes(port, roots, cases, addresses, {}, **settings)
    assert code == 0, errors
    return {result["host"]: result for result in found}


def judge_result(case: MailCase, found: dict[str, Any]) -> Iterator[str]:
    codes = tuple(f["code"] for f in found["findings"])
    wanted = case.codes or ((case.code,) if case.code else ())
    for what, is_so, should in (("codes", codes, wanted), ("verdict", found["verdict"], case.verdict),
                                ("connections", found["connections"], case.connections),
                                ("again", found["again"], case.again),
                                ("err", found["err"], "no error")):
        if is_so != should:
            yield f"{what}: {is_so}, not {should}"
    if found["step"] not in case.step.split(" or "):
        yield f"step: {found['step']}, not {case.step}"
    if found["names"] > NAMES_MAX:
        yield f"{found['names']} names of {found['names_count']}"
    for finding in found["findings"]:
        if finding.get("reason") == "":
            yield f"{finding['code']} has no reason"
    reason = REASONS.get(case.name)
    if reason and [f.get("reason") for f in found["findings"]] != [reason]:
        yield f"reasons: {found['findings']}, not {reason}"
    details = "; ".join(f["detail"] for f in found["findings"])
    if case.detail not in details:
        yield f"detail: {details}"
    if found["ms"] > case.seconds * 1000:
        yield f"it took {found['ms']} ms"


def judge_session(case: MailCase, script: MailScript, session: Any) -> Iterator[str]:
    verbs = tuple(command.split()[0] for command in session.commands)
    if not set(verbs) <= ALLOWED:
        yield f"said {session.commands}"
    if any(c.split()[1:] != [EHLO_NAME] for c in session.commands if c[:4] in ("EHLO", "HELO")):
        yield f"introduced itself by {session.commands}"
    if session.early:
        yield "spoke before the greeting had ended"
    if case.quit is not None and session.quit != case.quit and script.first is None:
        yield f"QUIT {session.quit}: {session.commands}"
    if case.commands and verbs != case.commands:
        yield f"said {verbs}"
    if session.sni not in (None, host_of(case)):
        yield f"SNI {session.sni}"


def judge(case: MailCase, found: dict[str, Any], server: MailServer,
          addresses: list[str]) -> Iterator[str]:
    yield from judge_result(case, found)
    for place, address in zip(case.places, addresses, strict=True):
        if isinstance(place, MailScript):
            for session in server.sessions[address]:
                yield from judge_session(case, place, session)
    sessions = sum(len(server.sessions[address]) for address in addresses)
    if sessions != case.connections:
        yield f"{sessions} connections came"


def judge_all(found: dict[str, dict[str, Any]], server: MailServer,
              addresses: dict[str, list[str]]) -> dict[str, list[str]]:
    """Of each case that went wrong, in what."""
    judged = {case.name: [f"{case.name}: {fault}" for fault in
                          judge(case, found[host_of(case)], server, addresses[case.name])] for case in CASES}
    return {name: faults for name, faults in judged.items() if faults}


async def probe_all(port: int, roots: Path, server: MailServer,
                    addresses: dict[str, list[str]]) -> tuple[list[str], float]:
    """What is wrong in all of a few runs, and the seconds of the fastest. Who had no processor for a second has
    missed a server's times, or asks once more: that differs from run to run."""
    runs: list[dict[str, list[str]]] = []
    seconds = []
    while not runs or runs[-1] and len(runs) < RUNS:
        server.sessions.clear()
        began = time.monotonic()
        found = await probe(port, roots, CASES, addresses, **HASTE)
        seconds.append(time.monotonic() - began)
        await asyncio.sleep(0.2)  # the servers' side of the last ends
        runs.append(judge_all(found, server, addresses))
    lasting = [name for name in runs[-1] if all(name in run for run in runs)]
    return [fault for name in lasting for fault in runs[-1][name]], min(seconds)


def draw_points(counts: Path) -> list[dict[str, str]]:
    seed = os.environ.get("STSCAN_SEED", str(random.SystemRandom().randrange(10**9)))
    print(f"STSCAN_SEED={seed} repeats this run", flush=True)
    chance = random.Random(seed)
    made = {call: int(count) for call, count in map(str.split, counts.read_text().splitlines())
            if call in ERRNOS and count != "0" and call not in ABORTS}
    points = []
    for i in range(int(os.environ.get("STSCAN_INJECT", "60"))):
        call = "malloc" if i % 2 == 0 else chance.choice(sorted(made))
        points.append({"INJECT_CALL": call, "INJECT_NTH": str(chance.randint(1, made[call])),
                       "INJECT_TIMES": "1", "INJECT_ERRNO": str(chance.choice(ERRNOS[call])),
                       "LD_PRELOAD": os.environ["STSCAN_INJECTOR"]})
    return points


async def inject(port: int, roots: Path, addresses: dict[str, list[str]], folder: Path) -> list[str]:
    cases = [case for case in CASES if case.name in INJECTED]
    preload = {"LD_PRELOAD": os.environ["STSCAN_INJECTOR"], "INJECT_COUNTS": str(folder / "counts")}
    settings = {**HASTE, "connect": 5000, "reply": 10000, "handshake": 10000, "total": 20000, "once": 1}
    _, sound, errors = await run_probes(port, roots, cases, addresses, preload, **settings)
    expected = {result["host"]: {what: result[what] for what in SAME} for result in sound}
    assert len(expected) == len(cases), errors
    gate = asyncio.Semaphore(AT_ONCE)

    async def try_point(point: dict[str, str]) -> list[str]:
        async with gate:
            code, found, errors = await run_probes(port, roots, cases, addresses, point, **settings)
        if code == 1 and errors.startswith("mx_probes: "):
            return []
        if code or len(found) != len(cases):
            return [f"{point}: ended with {code} after {len(found)}: {errors}"]
        return [f"{point}: {result}" for result in found if result["err"] == "no error" and
                {what: result[what] for what in SAME} != expected[result["host"]]]

    points = draw_points(folder / "counts")
    wrong = sum(await asyncio.gather(*map(try_point, points)), [])
    print(f"{len(points)} failures injected, {len(wrong)} not borne")
    return wrong


async def main() -> int:
    addresses = addresses_of(CASES)
    all_places = list(places(CASES, addresses))
    scripts = {address: place for _, place, address in all_places if isinstance(place, MailScript)}
    hosts = {host_of(case): place for case, place, _ in all_places if isinstance(place, MailScript)}
    port = free_port()
    with tempfile.TemporaryDirectory() as made:
        chains = Chains(Path(made) / "ca", hosts)  # type: ignore[arg-type]
        server = MailServer(scripts, chains.context)  # type: ignore[arg-type]
        await server.start(port)
        for _, place, address in all_places:
            if place == FULL:
                server.fill(port, address)
        faults, seconds = await probe_all(port, chains.root, server, addresses)
        if "STSCAN_INJECTOR" in os.environ:
            faults += await inject(port, chains.root, addresses, Path(made))
        server.close()
    if seconds > 30:
        faults.append(f"all took {seconds:.1f} s")
    print("\n".join(faults) or f"{len(CASES)} cases in {seconds:.1f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
