"""A name server of a test's own on loopback: a thread that hears queries over UDP."""

from __future__ import annotations

import socket
import threading

QUERY_MAX = 4096


def question_of(query: bytes) -> bytes:
    """Name, type and class."""
    return query[12:query.index(b"\0", 12) + 5]


def reply(query: bytes, flags: bytes, answers: int = 0, data: bytes = b"") -> bytes:
    """flags: both octets of them, with the rcode."""
    return query[:2] + flags + b"\0\1" + answers.to_bytes(2, "big") + b"\0\0\0\0" + question_of(query) + data


class Responder:
    """Each answers in its own way: answer() gives the reply to a query, or None."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, 0
        self.begin()

    def begin(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((self.host, self.port))
        self.port = self.socket.getsockname()[1]
        self.address = f"{self.host}:{self.port}"
        self.socket.settimeout(0.2)
        self.going = True
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def end(self) -> None:
        """From here on queries are refused by ICMP."""
        self.going = False
        self.thread.join()
        self.socket.close()

    def serve(self) -> None:
        while self.going:
            try:
                query, client = self.socket.recvfrom(QUERY_MAX)
            except OSError:
                continue
            self.hear(query, client)

    def hear(self, query: bytes, client: object) -> None:
        text = self.answer(query)
        if text:
            self.socket.sendto(text, client)  # type: ignore[arg-type]

    def answer(self, query: bytes) -> bytes | None:
        raise NotImplementedError
