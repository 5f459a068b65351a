"""A web server on loopback that does what real ones do not: each host is a script.

The host is taken from the SNI. What happens before a server can know the host depends on the
address that was connected to.
"""

from __future__ import annotations

import asyncio
import enum
import socket
import ssl
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ADDRESS = "127.0.3.1"
RESETS = "127.0.3.2"  # right after accepting
CLOSES = "127.0.3.3"  # right after accepting
FULL = "127.0.3.4"  # its queue of connections is full: a SYN gets no answer
CLOSED = "127.0.3.5"  # nobody listens
BUSY = tuple(f"127.0.3.{i}" for i in range(10, 20))  # as ADDRESS: a scanner leaves them alone
UNREACHABLE = "255.255.255.255"  # TCP has no broadcast, so nothing is ever sent there

SILENCE_SECONDS = 60
PIECE = 16384


class End(enum.Enum):
    CLOSE = "an end of file, without close_notify"
    RESET = "a reset"
    SILENCE = "nothing more"


@dataclass(frozen=True)
class Endless:
    """The same octets again and again."""

    octets: bytes
    pause: float = 0.0


Step = bytes | float | End | Endless


@dataclass(frozen=True)
class Script:
    """After the ClientHello either `plain` alone, or a handshake, the request, and `steps`.

    With `flight` only so many octets of the handshake's answer are sent, and then `plain`.
    """

    steps: tuple[Step, ...] = ()
    plain: tuple[Step, ...] | None = None
    flight: int = 0
    cert: str = "good"
    tls: str = "modern"
    first: Script | None = None  # of the first connection alone ...
    first_seconds: float = 0  # ... and of others so long after it
    at: Mapping[str, tuple[Step, ...]] = field(default_factory=dict, hash=False)  # of other paths


def server_name(hello: bytes) -> str:
    """The SNI of a ClientHello that stands whole in one record (RFC 8446 section 4.1.2)."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + struct.unpack_from("!H", hello, at)[0]
    at += 1 + hello[at]
    end = at + 2 + struct.unpack_from("!H", hello, at)[0]
    at += 2
    while at < end:
        kind, size = struct.unpack_from("!HH", hello, at)
        if kind == 0:
            return hello[at + 9:at + 4 + size].decode("ascii")
        at += 4 + size
    raise ValueError("no SNI")


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.tls: ssl.SSLObject | None = None

    async def read_hello(self) -> bytes:
        head = await self.reader.readexactly(5)
        return head + await self.reader.readexactly(struct.unpack("!H", head[3:])[0])

    def begin_tls(self, context: ssl.SSLContext, hello: bytes) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.incoming.write(hello)

    async def flush(self) -> None:
        if self.tls:
            self.writer.write(self.outgoing.read())
        await self.writer.drain()

    async def repeat(self, call: Callable[[], bytes | None]) -> bytes | None:
        """Until TLS has no want any more; an alert of ours goes out as well."""
        while True:
            try:
                result = call()
                await self.flush()
                return result
            except ssl.SSLWantReadError:
                await self.flush()
                more = await self.reader.read(PIECE)
                if not more:
                    raise ConnectionError("closed") from None
                self.incoming.write(more)
            except ssl.SSLError:
                await self.flush()
                raise

    async def handshake(self) -> None:
        assert self.tls
        await self.repeat(self.tls.do_handshake)

    async def read_request(self) -> bytes:
        assert self.tls
        request = b""
        while b"\r\n\r\n" not in request:
            request += await self.repeat(lambda: self.tls.read(PIECE)) or b""
        return request

    async def send(self, octets: bytes) -> None:
        if self.tls:
            self.tls.write(octets)
        else:
            self.writer.write(octets)
        await self.flush()

    async def wait_for_peer(self) -> None:
        while await self.reader.read(PIECE):
            pass

    async def end(self, end: End) -> None:
        if end is End.RESET:
            linger = struct.pack("ii", 1, 0)
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                                            linger)
            self.writer.transport.abort()
            return
        if end is End.CLOSE:
            # Half of it: a whole one would reset the connection if something came after it.
            self.writer.write_eof()
        await asyncio.wait_for(self.wait_for_peer(), SILENCE_SECONDS)

    async def play(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if isinstance(step, End):
                await self.end(step)
                return
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, Endless):
                while True:
                    await self.send(step.octets)
                    await asyncio.sleep(step.pause)
            else:
                await self.send(step)
        if self.tls:
            try:
                self.tls.unwrap()
            except ssl.SSLError:  # it wants the other's close_notify; ours is on its way
                await self.flush()
        await self.end(End.CLOSE)


class WebServer:
    def __init__(self, scripts: dict[str, Script],
                 contexts: Callable[[Script], ssl.SSLContext]) -> None:
        self.scripts = scripts
        self.contexts = contexts
        self.requests: dict[str, list[bytes]] = defaultdict(list)
        self.connections: dict[str, list[float]] = defaultdict(list)  # when each was made
        self.tasks: set[asyncio.Task[None]] = set()
        self.servers: list[asyncio.Server] = []
        self.sockets: list[socket.socket] = []

    async def start(self, port: int) -> None:
        for host, serve in (*((a, self.serve) for a in (ADDRESS, *BUSY)), (RESETS, self.serve_reset),
                            (CLOSES, self.serve_close)):
            self.servers.append(await asyncio.start_server(self.kept(serve), host, port,
                                                           backlog=1024))
        self.fill(port)

    def fill(self, port: int, host: str = FULL) -> None:
        """A listener that nobody accepts from, and so many connections that no more fits."""
        listener = socket.create_server((host, port), backlog=0, reuse_port=True)
        self.sockets.append(listener)
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex((host, port))
            self.sockets.append(waiting)

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        for server in self.servers:
            server.close()
        for open_socket in self.sockets:
            open_socket.close()

    def kept(self, serve: Callable[[Connection], object]) -> Callable[..., object]:
        async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            self.tasks.add(task)
            try:
                await serve(Connection(reader, writer))  # type: ignore[misc]
            except (OSError, EOFError, asyncio.TimeoutError, asyncio.CancelledError):
                pass  # the other side had enough
            finally:
                self.tasks.discard(task)
                writer.close()
        return run

    async def serve_reset(self, connection: Connection) -> None:
        await connection.end(End.RESET)

    async def serve_close(self, connection: Connection) -> None:
        await connection.end(End.CLOSE)

    async def serve(self, connection: Connection) -> None:
        hello = await connection.read_hello()
        host = server_name(hello)
        script = self.scripts[host]
        self.connections[host].append(time.monotonic())
        made = self.connections[host]
        if script.first and (len(made) == 1 or made[-1] - made[0] < script.first_seconds):
            script = script.first
        if script.plain is not None:
            await self.play_plain(connection, script, hello)
            return
        connection.begin_tls(self.contexts(script), hello)
        await connection.handshake()
        request = await connection.read_request()
        self.requests[host].append(request)
        await connection.play(script.at.get(request.split()[1].decode(), script.steps))

    async def play_plain(self, connection: Connection, script: Script, hello: bytes) -> None:
        assert script.plain is not None
        if script.flight:
            shadow = Connection(connection.reader, connection.writer)
            shadow.begin_tls(self.contexts(script), hello)
            try:
                shadow.tls.do_handshake()  # type: ignore[union-attr]
            except ssl.SSLWantReadError:
                await connection.send(shadow.outgoing.read()[:script.flight])
        await connection.play(script.plain)
