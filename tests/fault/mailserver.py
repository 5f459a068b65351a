"""A mail server on loopback that does what real ones do not: each address is a script.

It notes what it was told, so that a test can say whether the client kept to the rules: nothing
before the greeting has ended, one command at a time, QUIT. Records of TLS are written from memory,
so that an alert leaves before the connection ends.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from webserver import Connection, End, Endless, Step, WebServer, server_name

Steps = tuple[Step, ...]

GREETING = b"220 mail.fault.example ESMTP\r\n"
OFFER = b"250-mail.fault.example\r\n250-SIZE 10240000\r\n250 STARTTLS\r\n"
NO_OFFER = b"250-mail.fault.example\r\n250 SIZE 10240000\r\n"
READY = b"220 2.0.0 ready\r\n"
BYE = b"221 2.0.0 bye\r\n"


def alert(number: int) -> bytes:
    """A record of a fatal alert in the clear (RFC 5246 section 7.2)."""
    return bytes((21, 3, 3, 0, 2, 2, number))


HANDSHAKE_FAILURE, INTERNAL_ERROR, UNRECOGNIZED_NAME = 40, 80, 112


@dataclass(frozen=True)
class MailScript:
    """What is said to each; after the reply to STARTTLS begins TLS, if that begins with 220.

    `plain` stands in the place of the handshake, after the ClientHello; with `flight` the
    handshake's first answer goes before it, cut after so many octets. `hello`: the ClientHello is
    waited for.
    """

    greeting: Steps = (GREETING,)
    ehlo: Steps = (OFFER,)
    helo: Steps = (b"250 mail.fault.example\r\n",)
    starttls: Steps = (READY,)
    quit: Steps = (BYE,)
    plain: Steps | None = None
    flight: int = 0
    hello: bool = True
    cert: str = "good"
    tls: str = "modern"
    first: MailScript | None = None  # of the first connection alone


@dataclass
class Session:
    began: float
    commands: list[str] = field(default_factory=list)
    sni: str | None = None
    early: bool = False  # it spoke before it was greeted
    over_tls: bool = False  # the last command came so
    ended: float = 0.0  # when the other side had closed

    @property
    def quit(self) -> bool:
        return "QUIT" in self.commands


class MailServer:
    """One listener for each address, all on one port."""

    def __init__(self, scripts: dict[str, MailScript],
                 contexts: Callable[[MailScript], ssl.SSLContext]) -> None:
        self.scripts, self.contexts = scripts, contexts
        self.sessions: dict[str, list[Session]] = defaultdict(list)
        self.web = WebServer({}, contexts)  # type: ignore[arg-type]

    async def start(self, port: int) -> None:
        for address in self.scripts:
            self.web.servers.append(await asyncio.start_server(
                self.web.kept(self.serve), address, port, backlog=1024))  # type: ignore[arg-type]

    def fill(self, port: int, address: str) -> None:
        self.web.fill(port, address)

    def close(self) -> None:
        self.web.close()

    async def serve(self, connection: Connection) -> None:
        address = connection.writer.get_extra_info("sockname")[0]
        sessions = self.sessions[address]
        script = self.scripts[address]
        if script.first and not sessions:
            script = script.first
        session = Session(time.monotonic())
        sessions.append(session)
        try:
            if await self.greet(connection, script, session):
                await self.talk(connection, script, session)
        finally:
            session.ended = time.monotonic()

    async def greet(self, connection: Connection, script: MailScript, session: Session) -> bool:
        for step in script.greeting:
            if not await self.say(connection, (step,)):
                return False
            session.early |= bool(connection.reader._buffer) and step is not script.greeting[-1]
        return True

    async def say(self, connection: Connection, steps: Steps) -> bool:
        """False: the connection has ended."""
        for step in steps:
            if isinstance(step, End):
                await connection.end(step)
                return False
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, Endless):
                while True:
                    await connection.send(step.octets)
                    await asyncio.sleep(step.pause)
            else:
                await connection.send(step)
        return True

    async def read_line(self, connection: Connection) -> str:
        if not connection.tls:
            return (await connection.reader.readline()).decode("ascii")
        line = b""
        while not line.endswith(b"\n"):
            more = await connection.repeat(lambda: connection.tls.read(512))  # type: ignore[union-attr]
            if not more:
                break
            line += more
        return line.decode("ascii")

    async def talk(self, connection: Connection, script: MailScript, session: Session) -> None:
        replies = {"EHLO": script.ehlo, "HELO": script.helo, "STARTTLS": script.starttls,
                   "QUIT": script.quit}
        while line := await self.read_line(connection):
            session.commands.append(line.strip())
            session.over_tls = connection.tls is not None
            verb = line.split()[0].upper()
            if not await self.say(connection, replies[verb]):
                return
            if verb == "STARTTLS" and script.starttls[0].startswith(b"220"):  # type: ignore[union-attr]
                if not await self.begin_tls(connection, script, session):
                    return
            if verb == "QUIT":
                await connection.end(End.CLOSE)
                return

    async def begin_tls(self, connection: Connection, script: MailScript,
                        session: Session) -> bool:
        hello = await connection.read_hello() if script.hello else b""
        try:
            session.sni = server_name(hello) if script.hello else None
        except (IndexError, ValueError):  # the client had no memory for all of it
            return False
        if script.plain is not None:
            if script.flight:
                await self.send_flight(connection, script, hello)
            await self.say(connection, script.plain)
            return False
        connection.begin_tls(self.contexts(script), hello)
        try:
            await connection.handshake()
        except ssl.SSLError:  # its alert is on the way
            await connection.end(End.CLOSE)
            return False
        return True

    async def send_flight(self, connection: Connection, script: MailScript, hello: bytes) -> None:
        shadow = Connection(connection.reader, connection.writer)
        shadow.begin_tls(self.contexts(script), hello)
        try:
            shadow.tls.do_handshake()  # type: ignore[union-attr]
        except ssl.SSLWantReadError:
            await connection.send(shadow.outgoing.read()[:script.flight])
