"""Asks postfix-mta-sts-resolver for the policies of domains on standard input, as JSON lines.

Run by Debian's own Python, for which it is packaged. Its judgement is untouched: only the name
server, the port and the roots that it would take from the machine are the laboratory's.
usage: second_opinion.py NAME_SERVER PORT CA_FILE
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys

import aiodns
import aiohttp
from aiohttp.abc import AbstractResolver
from postfix_mta_sts_resolver.resolver import STSResolver

AT_ONCE = 8
SECONDS = 20  # its own default of 4 is for a machine that does nothing else


class LabAddresses(AbstractResolver):
    """Leads connections for port 443 to the laboratory's."""

    def __init__(self, names: aiodns.DNSResolver, port: int) -> None:
        self.names, self.port = names, port

    async def resolve(self, host: str, port: int = 0,
                      family: int = socket.AF_INET) -> list[dict[str, object]]:
        try:
            found = await self.names.query(host, "A")
        except aiodns.error.DNSError as error:
            raise OSError(str(error)) from error
        return [{"hostname": host, "host": a.host, "port": self.port, "family": socket.AF_INET,
                 "proto": 0, "flags": socket.AI_NUMERICHOST} for a in found]

    async def close(self) -> None:
        pass


def point_at_lab(names: aiodns.DNSResolver, port: int, roots: str) -> None:
    make_session, context = aiohttp.ClientSession, ssl.create_default_context(cafile=roots)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # newer Pythons ask more than senders do

    def lab_session(**arguments: object) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(resolver=LabAddresses(names, port), ssl=context,
                                         use_dns_cache=False)
        return make_session(connector=connector, **arguments)

    aiohttp.ClientSession = lab_session


async def ask(resolver: STSResolver, domain: str, turn: asyncio.Semaphore) -> dict[str, object]:
    async with turn:
        result, found = await resolver.resolve(domain)
    policy = found[1] if found else {}
    return {"domain": domain, "result": result.name, "mode": policy.get("mode"),
            "max_age": policy.get("max_age"), "mx": policy.get("mx")}


async def ask_all(name_server: str, port: int, roots: str) -> None:
    loop = asyncio.get_running_loop()
    host, dns_port = name_server.rsplit(":", 1)
    names = aiodns.DNSResolver([host], loop, udp_port=int(dns_port), tcp_port=int(dns_port),
                               timeout=SECONDS)
    resolver = STSResolver(timeout=SECONDS, loop=loop)
    resolver._resolver = names
    point_at_lab(names, port, roots)
    turn = asyncio.Semaphore(AT_ONCE)
    for opinion in await asyncio.gather(*(ask(resolver, domain, turn)
                                          for domain in sys.stdin.read().split())):
        print(json.dumps(opinion))


if __name__ == "__main__":
    asyncio.run(ask_all(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
