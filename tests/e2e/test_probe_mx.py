#!/usr/bin/env python3
"""scan --probe-mx over many domains and few mail servers: who is asked, how often, what waits for it, and
what is said of a place from where nobody can be reached. STSCAN_SHARED=10000 has so many domains share a
mail server (2000)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import unittest
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from program import ROOT, Folder, Record, codes, read_plain, stscan_path

sys.path[:0] = [str(ROOT / "tests" / "fault"), str(ROOT / "tests" / "lab")]

import message as dns  # noqa: E402
from nameserver import Behaviour, NameServer, gives, says  # noqa: E402
from test_polite import free_port  # noqa: E402
from test_prober import has_ipv6  # noqa: E402

NAME_SERVER = "127.0.3.54"
RECORD = "v=STSv1; id=1;"
SCAN_SECONDS = 100  # more than any run here takes
SHARED = int(os.environ.get("STSCAN_SHARED", "2000"))

Talk = Callable[["Line"], "asyncio.Future[None]"]


class Line:
    """A connection as a mail server has it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def hear(self) -> str:
        return (await self.reader.readline()).decode().strip()

    def say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")

    async def until_closed(self) -> None:
        await self.reader.read()


async def plain(line: Line) -> None:
    """Sound but without STARTTLS."""
    line.say("220 mx.example ESMTP")
    while command := await line.hear():
        line.say("221 bye" if command == "QUIT" else "250 mx.example")
        if command == "QUIT":
            return


async def silent(line: Line) -> None:
    await line.until_closed()


async def stays(line: Line) -> None:
    """Never answers QUIT, and never closes."""
    line.say("220 mx.example ESMTP")
    await line.hear()
    line.say("250 mx.example")
    await line.until_closed()


async def sends_away(line: Line) -> None:
    line.say("554 5.7.1 your address is listed")
    await line.hear()
    line.say("221 bye")


async def has_a_name(line: Line) -> None:
    """Its own; else as plain."""
    line.say("220 else.example ESMTP")
    await line.hear()
    line.say("250 else.example")
    await line.hear()
    line.say("221 bye")


class MailServers:
    """Each address with its way to talk; all of them count."""

    def __init__(self, talks: dict[str, Talk]) -> None:
        self.talks = talks
        self.made: Counter[str] = Counter()
        self.times: dict[str, list[float]] = {address: [] for address in talks}
        self.open: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()
        self.connected = asyncio.Event()

    async def start(self, port: int) -> None:
        self.servers = [await asyncio.start_server(self.serve, address, port) for address in self.talks]

    def close(self) -> None:
        for server in self.servers:
            server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = writer.get_extra_info("sockname")[0]
        self.made[address] += 1
        self.times[address].append(asyncio.get_running_loop().time())
        self.open[address] += 1
        self.most[address] = max(self.most[address], self.open[address])
        self.connected.set()
        line = Line(reader, writer)
        hear = line.hear

        async def counted() -> str:
            command = await hear()
            self.commands[command] += 1
            return command

        line.hear = counted  # type: ignore[method-assign]
        try:
            await self.talks[address](line)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.open[address] -= 1
            writer.close()


class World:
    """domain -> its MX; host -> its addresses."""

    def __init__(self, mx: dict[str, list[str]], hosts: dict[str, list[str]]) -> None:
        self.mx, self.hosts = mx, hosts

    def find(self, name: str, kind: int) -> Behaviour:
        if name == "localhost":
            return gives(dns.address("127.0.0.1"))
        if name in self.hosts:
            return gives(*map(dns.address, self.hosts[name]))
        domain = name.removeprefix("_mta-sts.")
        if domain not in self.mx:
            return says(dns.NXDOMAIN)
        if name.startswith("_mta-sts."):
            return gives(dns.txt(RECORD)) if kind == dns.TXT else gives()
        return gives(*(dns.mx(10 * i, host) for i, host in enumerate(self.mx[domain], 1)))


def shared(count: int, host: str = "mx.provider.example") -> dict[str, list[str]]:
    return {f"d{i:05}.example": [host] for i in range(count)}


class Scan:
    """A scan of a world; out is what it wrote."""

    def __init__(self, world: World, talks: dict[str, Talk], *options: str, ehlo: bool = True) -> None:
        self.world, self.talks = world, talks
        self.options = (*(("--ehlo", "probe.example.org") if ehlo else ()), *options)

    async def begin(self, out: Path) -> asyncio.subprocess.Process:
        self.names, self.mail = NameServer(self.world.find), MailServers(self.talks)
        name_port, self.port = free_port(), free_port()
        await self.names.start(NAME_SERVER, name_port)
        await self.mail.start(self.port)
        return await self.program(out, name_port)

    async def program(self, out: Path, name_port: int) -> asyncio.subprocess.Process:
        self.name_port = name_port
        names = out.parent / "names"
        names.write_text("".join(f"{domain}\n" for domain in self.world.mx))
        options = [o.format(port=self.port) for o in self.options]
        return await asyncio.create_subprocess_exec(
            stscan_path(), "scan", "--resolvers", f"{NAME_SERVER}:{name_port}", "--allow-private",
            "--second-look", "0", "--threads", "4", "--probe-mx", "--smtp-port", str(self.port), *options,
            "-o", str(out), str(names), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)

    async def end(self, process: asyncio.subprocess.Process) -> tuple[int, str]:
        _, said = await asyncio.wait_for(process.communicate(), SCAN_SECONDS)
        assert process.returncode is not None
        return process.returncode, said.decode()

    def close(self) -> None:
        self.names.close()
        self.mail.close()

    async def whole(self, out: Path) -> tuple[int, str]:
        process = await self.begin(out)
        try:
            return await self.end(process)
        finally:
            self.close()


def tls(record: Record) -> dict[str, object]:
    return record["mx"][0]["tls"]  # type: ignore[index,no-any-return]


class ProbeMx(unittest.TestCase):
    def run_whole(self, scan: Scan, status: int = 0) -> tuple[list[Record], str]:
        with Folder() as folder:
            out = folder / "out.ndjson"
            ended, said = asyncio.run(scan.whole(out))
            self.assertEqual(ended, status, said)
            records = read_plain(out) if out.exists() else []
        return records, said

    def test_a_host_is_asked_once(self) -> None:
        scan = Scan(World(shared(SHARED), {"mx.provider.example": ["127.0.6.1"]}), {"127.0.6.1": plain})
        records, _ = self.run_whole(scan)
        self.assertEqual(len(records), SHARED)
        self.assertEqual(scan.mail.made, {"127.0.6.1": 1})
        self.assertEqual(scan.mail.commands, {"EHLO probe.example.org": 1, "QUIT": 1})
        for record in records:
            self.assertEqual((tls(record)["verdict"], tls(record)["codes"]),
                             ("refused", ["mx-tls-no-starttls"]))
        self.assertEqual(len({tls(record)["at"] for record in records}), 1)  # one and the same probe

    def test_an_address_is_spared(self) -> None:
        hosts = {f"mx{i}.example": ["127.0.6.1"] for i in range(4)}
        world = World({f"d{i}.example": [host] for i, host in enumerate(hosts)}, hosts)
        scan = Scan(world, {"127.0.6.1": plain})
        records, _ = self.run_whole(scan)
        self.assertEqual({tls(r)["verdict"] for r in records}, {"refused"})
        self.assertEqual(scan.mail.made["127.0.6.1"], 4)
        self.assertEqual(scan.mail.most["127.0.6.1"], 1)
        made = scan.mail.times["127.0.6.1"]
        self.assertGreater(min(b - a for a, b in zip(made, made[1:])), 0.9)

    def test_who_never_answers_quit_holds_nobody_up(self) -> None:
        hosts = {f"mx{i}.example": [f"127.1.{i}.1"] for i in range(40)}
        world = World({f"d{i}.example": [host] for i, host in enumerate(hosts)}, hosts)
        scan = Scan(world, {address: stays for (address,) in hosts.values()}, "--smtp-rate", "0")
        records, _ = self.run_whole(scan)
        self.assertEqual({c for r in records for c in tls(r)["codes"]},  # type: ignore[attr-defined]
                         {"mx-tls-no-starttls"})
        made = [time for times in scan.mail.times.values() for time in times]
        self.assertLess(max(made) - min(made), 1.5)  # not one after the other

    def test_the_block_list_holds_for_mail_servers(self) -> None:
        hosts = {"mx.a.example": ["127.0.6.1"], "mx.b.example": ["127.0.6.2"], "mx.c.example": ["127.0.6.3"]}
        world = World({f"{name}.example": [f"mx.{name}.example"] for name in "abc"}, hosts)
        with Folder() as folder:
            (folder / "block").write_text("mx.a.example\n127.0.6.2\n")
            scan = Scan(world, {f"127.0.6.{i}": plain for i in (1, 2, 3)}, "--block", str(folder / "block"))
            records, _ = self.run_whole(scan)
        found = {str(r["domain"]): tls(r)["codes"] for r in records}
        self.assertEqual(found, {"a.example": ["mx-host-not-public"], "b.example": ["mx-host-not-public"],
                                 "c.example": ["mx-tls-no-starttls"]})
        self.assertEqual(scan.mail.made, {"127.0.6.3": 1})

    def test_port_closed_from_here(self) -> None:
        """Nothing is said of anybody, and the rest is told how to go on."""
        hosts = {f"mx{i}.example": [f"127.{100 + i}.0.1"] for i in range(30)}
        world = World({f"d{i}.example": [host] for i, host in enumerate(hosts)}, hosts)
        records, said = self.run_whole(Scan(world, {}), 3)
        self.assertRegex(said, r"port \d+ seems to be closed from here: \d+ mail servers in 16 networks, none "
                               r"could be reached; nothing was said of them")
        self.assertIn("--resume", said)
        self.assertEqual([r for r in records if any("tls" in mx for mx in r.get("mx", []))], [])

    def test_one_that_is_reached_speaks_for_the_port(self) -> None:
        hosts = {f"mx{i:02}.example": [f"127.{100 + i}.0.1"] for i in range(30)} | {"mx.example": ["127.0.6.1"]}
        world = World({f"d{i}.example": [host] for i, host in enumerate(hosts)}, hosts)
        scan = Scan(world, {"127.0.6.1": plain}, "--probe-check", "127.0.6.1:{port}")
        records, _ = self.run_whole(scan)
        found = Counter(code for r in records for code in tls(r)["codes"])  # type: ignore[attr-defined]
        self.assertEqual(found, {"mx-smtp-unreachable": 30, "mx-tls-no-starttls": 1})

    def place(self, count: int, talk: Talk, *others: Talk) -> str:
        """What is said at the end of strangers in as many networks, who all talk like that but for the last."""
        talks = {f"127.{100 + i}.0.1": talk for i in range(count)}
        talks |= {f"127.{200 + i}.0.1": other for i, other in enumerate(others)}
        hosts = {f"mx.d{i}.example": [address] for i, address in enumerate(talks)}
        world = World({host.removeprefix("mx."): [host] for host in hosts}, hosts)
        records, said = self.run_whole(Scan(world, talks, "--smtp-rate", "0"))
        self.assertEqual(len(records), len(talks))
        return said

    def test_port_redirected(self) -> None:
        """Strangers who all greet by one name, if they are many, and all do."""
        self.assertIn("seems to be redirected: all mail servers greet as mx.example, so that what was found is not "
                      "theirs", self.place(8, plain))
        self.assertNotIn("redirected", self.place(7, plain))
        self.assertNotIn("redirected", self.place(8, plain, has_a_name))

    def test_an_address_on_a_block_list(self) -> None:
        """More than a fifth of the mail servers, and so many that it is no chance, send us away."""
        said = self.place(9, sends_away)
        self.assertIn("9 of 9 mail servers would not talk to us: this address seems to be on a block list", said)
        self.assertNotIn("redirected", said)  # they name nobody
        self.assertIn("5 of 24 mail servers", self.place(5, sends_away, *19 * [plain]))
        self.assertNotIn("block list", self.place(5, sends_away, *20 * [plain]))
        self.assertNotIn("block list", self.place(4, sends_away))

    @unittest.skipUnless(has_ipv6(), "no IPv6 on the loopback")
    def test_ipv6(self) -> None:
        """Alone, behind two addresses that nobody listens at, and not where IPv4 answers."""
        hosts = {"mx.six.example": ["::1"], "mx.both.example": ["::1", "127.0.6.1"],
                 "mx.dead.example": ["127.0.6.8", "127.0.6.9", "::1"]}
        world = World({host.removeprefix("mx."): [host] for host in hosts}, hosts)
        scan = Scan(world, {"127.0.6.1": plain, "::1": plain})
        records, _ = self.run_whole(scan)
        found = {str(r["domain"]): (tls(r)["address"], len(tls(r)["attempts"]),  # type: ignore[arg-type]
                                    tls(r)["codes"]) for r in records}
        code = ["mx-tls-no-starttls"]
        self.assertEqual(found, {"six.example": ("::1", 1, code), "both.example": ("127.0.6.1", 1, code),
                                 "dead.example": ("::1", 3, code)})
        self.assertEqual(scan.mail.made, {"127.0.6.1": 1, "::1": 2})

    def test_a_check_that_fails(self) -> None:
        world = World(shared(1), {"mx.provider.example": ["127.0.6.1"], "own.example.org": ["127.0.6.2"]})
        for check in ("127.0.6.2", "own.example.org", "nobody.example.org"):
            records, said = self.run_whole(Scan(world, {"127.0.6.1": plain}, "--probe-check", check), 3)
            self.assertIn(f"--probe-check {check}: ", said)
            self.assertEqual(records, [])

    def test_a_name_of_ones_own(self) -> None:
        world = World(shared(1), {"mx.provider.example": ["127.0.6.1"]})
        _, said = self.run_whole(Scan(world, {"127.0.6.1": plain}))
        self.assertIn("--ehlo probe.example.org does not resolve", said)
        world.hosts["probe.example.org"] = ["127.0.0.1"]
        _, said = self.run_whole(Scan(world, {"127.0.6.1": plain}))
        self.assertNotIn("does not resolve: many", said)

    def stop_and_resume(self, number: signal.Signals, status: int, count: int = 20) -> None:
        """Some of one mail server's domains are done by then, and some of the other's wait for it."""
        world = World({**shared(count), **{f"s{i}.example": ["mx.slow.example"] for i in range(count)}},
                      {"mx.provider.example": ["127.0.6.1"], "mx.slow.example": ["127.0.6.2"]})
        talks: dict[str, Talk] = {"127.0.6.1": plain, "127.0.6.2": silent}
        scan = Scan(world, talks, "--resume", "--grace", "1")

        async def run(out: Path) -> tuple[int, str]:
            process = await scan.begin(out)
            while not (scan.mail.made["127.0.6.2"] and out.exists() and
                       out.read_bytes().count(b"\n") >= min(count, 500)):
                await asyncio.sleep(0.05)
            process.send_signal(number)
            ended = await asyncio.wait_for(process.wait(), 20)
            self.assertEqual(ended, status)
            self.assertEqual(scan.mail.made, {"127.0.6.1": 1, "127.0.6.2": 1})
            done = out.read_bytes().count(b"\n")
            again_wanted = {"127.0.6.1": 1 + (done < count), "127.0.6.2": 2}
            talks["127.0.6.2"] = plain
            again = await scan.program(out, scan.name_port)
            try:
                return await scan.end(again)
            finally:
                scan.close()
                self.assertEqual(scan.mail.made, again_wanted)  # once in each run, and where all is done no more

        with Folder() as folder:
            ended, said = asyncio.run(run(folder / "out.ndjson"))
            self.assertEqual(ended, 0, said)
            records = read_plain(folder / "out.ndjson")
        self.assertEqual(sorted(int(str(r["n"])) for r in records), list(range(1, 2 * count + 1)))
        self.assertEqual({code for r in records for code in tls(r)["codes"]},  # type: ignore[attr-defined]
                         {"mx-tls-no-starttls"})

    def test_killed_while_domains_wait(self) -> None:
        self.stop_and_resume(signal.SIGKILL, -signal.SIGKILL, SHARED // 2)

    def test_interrupted_while_domains_wait(self) -> None:
        self.stop_and_resume(signal.SIGINT, 3)

    def test_a_slow_mail_server_does_not_stop_the_list(self) -> None:
        """More domains wait for it than there are places; those behind them get on."""
        slow = {f"s{i:03}.example": ["mx.slow.example"] for i in range(400)}
        world = World({**slow, **{f"t{i}.example": ["mx.slow.example", f"mx.b{i}.example"] for i in range(20)},
                       **shared(100)},
                      {"mx.provider.example": ["127.0.6.1"], "mx.slow.example": ["127.0.6.2"]} |
                      {f"mx.b{i}.example": ["127.0.6.1"] for i in range(20)})
        scan = Scan(world, {"127.0.6.1": plain, "127.0.6.2": silent}, "--concurrency", "64", "--grace", "1")

        async def run(out: Path) -> int:
            process = await scan.begin(out)
            try:
                while not out.exists() or out.read_bytes().count(b"\n") < 100:
                    await asyncio.sleep(0.05)
                process.send_signal(signal.SIGINT)
                return await asyncio.wait_for(process.wait(), 20)
            finally:
                scan.close()

        with Folder() as folder:
            out = folder / "out.ndjson"
            self.assertEqual(asyncio.run(asyncio.wait_for(run(out), SCAN_SECONDS)), 3)
            records = read_plain(out)
        self.assertEqual({str(r["domain"])[0] for r in records}, {"d"})
        self.assertEqual(len(records), 100)
        self.assertEqual(scan.mail.made["127.0.6.2"], 1)

    def test_odd_mx(self) -> None:
        """Twelve hosts, one of them twice; a null MX; none at all; one that is no host name."""
        many = [f"mx{i:02}.example" for i in range(12)]
        hosts = {host: ["127.0.6.1"] for host in many} | {"implicit.example": ["127.0.6.1"]}
        world = World({"many.example": [many[0], *many], "null.example": ["."], "implicit.example": [],
                       "nowhere.example": [], "odd.example": ["a b.example"]}, hosts)

        def find(name: str, kind: int) -> Behaviour:
            if name == "implicit.example" and kind == dns.MX:
                return gives()
            return World.find(world, name, kind)

        world.find = find  # type: ignore[method-assign]
        scan = Scan(world, {"127.0.6.1": plain}, "--smtp-per-address", "0", "--smtp-per-address-rate", "0",
                    "--smtp-rate", "0")
        records, _ = self.run_whole(scan)
        by = {str(r["domain"]): r for r in records}
        verdicts = Counter(mx["tls"]["codes"][0] for mx in by["many.example"]["mx"])  # type: ignore[attr-defined]
        self.assertEqual(verdicts, {"mx-tls-no-starttls": 11, "mx-smtp-skipped": 2})
        self.assertEqual(scan.mail.made["127.0.6.1"], 11)
        self.assertEqual([("tls" in mx) for mx in by["null.example"]["mx"]], [False])  # type: ignore[attr-defined]
        implicit = by["implicit.example"]["mx"]
        self.assertEqual([(mx["host"], mx["implicit"], mx["tls"]["verdict"]) for mx in implicit],  # type: ignore[attr-defined]
                         [("implicit.example", True, "refused")])
        self.assertNotIn("mx", by["nowhere.example"])
        self.assertIn("mx-absent", codes(by["nowhere.example"]))
        self.assertIn(tls(by["odd.example"])["codes"], (["mx-host-absent"], ["mx-host-dns"]))


if __name__ == "__main__":
    unittest.main()
