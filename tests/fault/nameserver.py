"""A name server on loopback, over UDP and TCP, each of whose answers is a behaviour.

A behaviour makes the steps of an answer from the query: octets to send, seconds to wait, or
octets to send from another port. No step at all is silence.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from message import (FORMERR, NXDOMAIN, QR, RA, RD, TC, Data, Query, answer, cname, name,
                     read_query)


@dataclass(frozen=True)
class Elsewhere:
    """Octets that come from a port that was not asked."""

    octets: bytes


Step = bytes | float | Elsewhere
Behaviour = Callable[[Query], Iterable[Step]]


def gives(*data: Data) -> Behaviour:
    """The data of the type that was asked for; truncated where it does not fit."""
    def behave(query: Query) -> Iterable[Step]:
        whole = answer(query, *(d for d in data if d.type == query.type))
        fits = query.tcp or len(whole) <= query.size
        return [whole if fits else answer(query, flags=QR | RD | RA | TC)]
    return behave


def says(rcode: int, options: bytes = b"") -> Behaviour:
    return lambda query: [answer(query, rcode=rcode, options=options)]


def silent(_: Query) -> Iterable[Step]:
    return []


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Each time it is asked the next one; the last one for ever."""
    return lambda query: behaviours[min(query.turn, len(behaviours)) - 1](query)


def by_tcp_only(then: Behaviour) -> Behaviour:
    return lambda query: then(query) if query.tcp else [answer(query, flags=QR | RD | RA | TC)]


def without_edns_only(then: Behaviour) -> Behaviour:
    """FORMERR as a server from before EDNS says it, without OPT (RFC 6891 section 7)."""
    return lambda query: [answer(replace(query, edns=False), rcode=FORMERR)] if query.edns \
        else then(query)


def without_edns_only_bare(then: Behaviour) -> Behaviour:
    """The same from a server that says no more than the header."""
    return lambda query: [answer(query, rcode=FORMERR)[:12]] if query.edns else then(query)


def late(seconds: float, then: Behaviour) -> Behaviour:
    return lambda query: [seconds, *then(query)]


def after(first: Callable[[Query], Step], then: Behaviour) -> Behaviour:
    """Something before the answer."""
    return lambda query: [first(query), *then(query)]


def only(step: Callable[[Query], Step]) -> Behaviour:
    return lambda query: [step(query)]


def wrong_id(query: Query) -> Step:
    return answer(query, number=query.id ^ 0x5555, rcode=NXDOMAIN)


def other_question(query: Query) -> Step:
    other = name("another.example") + query.question[-4:]
    return answer(query, question=other, rcode=NXDOMAIN)


def from_elsewhere(query: Query) -> Step:
    return Elsewhere(answer(query, rcode=NXDOMAIN))


def cut_short(*data: Data) -> Callable[[Query], Step]:
    return lambda query: answer(replace(query, edns=False), *data)[:-3]


def counts_wrong(*data: Data) -> Callable[[Query], Step]:
    return lambda query: answer(query, *data, count=7)


def raw(*data: Data) -> Callable[[Query], Step]:
    """Data of whatever type, well formed or not."""
    return lambda query: answer(query, *data)


def not_an_answer(*data: Data) -> Callable[[Query], Step]:
    """A question that comes back, with data: QR is 0."""
    return lambda query: answer(query, *data, flags=RD)


def upper_case(*data: Data) -> Callable[[Query], Step]:
    return lambda query: answer(replace(query, question=query.question.upper()), *data)


def garbage(query: Query) -> Step:
    """From the end of the question on."""
    return answer(replace(query, edns=False), count=3) + bytes(range(255, 155, -1))


def garbage_for_question(query: Query) -> Step:
    return struct.pack("!H", query.id) + bytes(range(255, 155, -1))


def header_only(query: Query) -> Step:
    return answer(query)[:12]


def chain(length: int, *data: Data) -> Behaviour:
    """So many CNAMEs, and the data at their end."""
    names = [f"link-{i}.example" for i in range(1, length + 1)]
    owners = [None, *names]
    links = [cname(target, owner) for owner, target in zip(owners, names)]
    return lambda query: [answer(query, *links, *(replace(d, owner=name(names[-1])) for d in data
                                                 if d.type == query.type))]


def by_alias(target: str, *data: Data) -> Behaviour:
    """An alias of the target, and what is there of the type that was asked for."""
    return lambda query: [answer(query, cname(target), *(replace(d, owner=name(target)) for d in data
                                                         if d.type == query.type))]


def alias_says(target: str, rcode: int) -> Behaviour:
    return lambda query: [answer(query, cname(target), rcode=rcode)]


def loop(query: Query) -> Iterable[Step]:
    return [answer(query, cname("loop.example"), cname(query.name, "loop.example"))]


class NameServer:
    def __init__(self, find: Callable[[str, int], Behaviour]) -> None:
        self.find = find
        self.asked: Counter[tuple[str, int]] = Counter()
        self.tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> None:
        events = asyncio.get_running_loop()
        self.elsewhere = socket.socket(type=socket.SOCK_DGRAM)
        self.elsewhere.bind((host, 0))
        self.udp, _ = await events.create_datagram_endpoint(lambda: Datagrams(self),
                                                            local_addr=(host, port))
        self.tcp = await asyncio.start_server(self.serve_tcp, host, port)

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.udp.close()
        self.tcp.close()
        self.elsewhere.close()

    def steps(self, packet: bytes, tcp: bool) -> Iterable[Step]:
        query = read_query(packet)
        key = query.name, query.type
        self.asked[key] += 1
        return self.find(*key)(replace(query, tcp=tcp, turn=self.asked[key]))

    async def answer_udp(self, packet: bytes, peer: tuple[str, int]) -> None:
        for step in self.steps(packet, False):
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, Elsewhere):
                self.elsewhere.sendto(step.octets, peer)
            else:
                self.udp.sendto(step, peer)

    def take_datagram(self, packet: bytes, peer: tuple[str, int]) -> None:
        task = asyncio.ensure_future(self.answer_udp(packet, peer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size, = struct.unpack("!H", await reader.readexactly(2))
                for step in self.steps(await reader.readexactly(size), True):
                    if isinstance(step, float):
                        await asyncio.sleep(step)
                    elif isinstance(step, bytes):
                        writer.write(struct.pack("!H", len(step)) + step)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self.server = server

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.server.take_datagram(data, addr)
