"""What the mail server that fails does at each address, and what a probe must make of it.

Times are those of a hasty probe (HASTE): nobody waits for minutes here.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailserver import (BYE, GREETING, HANDSHAKE_FAILURE, INTERNAL_ERROR, NO_OFFER, OFFER, READY,
                        UNRECOGNIZED_NAME, MailScript, alert)
from webserver import End, Endless

MX_ZONE = "mx.fault.example"
# Milliseconds: to connect, for a reply, for the handshake, for all of it, for QUIT, before the second
# round.
HASTE = {"connect": 700, "reply": 1200, "handshake": 1200, "total": 3000, "quit": 400, "pause": 1500}
LATE, TOO_LATE = 0.5, 2.0  # seconds

CHANGE_CIPHER_SPEC = bytes((20, 3, 3, 0, 1, 1))

REFUSED = "refused"  # nobody listens
FULL = "full"  # no SYN is answered
Place = MailScript | str


@dataclass(frozen=True)
class MailCase:
    name: str
    places: tuple[Place, ...]
    code: str | None  # None: none
    verdict: str
    step: str
    quit: bool | None = None  # in each session; None: it cannot be said
    connections: int = 1
    again: bool = False
    codes: tuple[str, ...] = ()  # all of them, if more than one
    detail: str = ""  # a part of it
    seconds: float = 60.0  # it takes no longer
    commands: tuple[str, ...] = ()  # of the last session
    ipv6: bool = False  # the last place is at ::1


def case(name: str, script: Place, code: str | None, verdict: str, step: str,
         quit: bool | None = True, again: bool = False, **more: object) -> MailCase:
    connections = 2 if again else 0 if isinstance(script, str) else 1
    return MailCase(name, (script,), code, verdict, step, quit, connections, again, **more)  # type: ignore[arg-type]


def greets(*steps: object) -> MailScript:
    return MailScript(greeting=tuple(steps))  # type: ignore[arg-type]


def answers(*steps: object, **more: object) -> MailScript:
    return MailScript(ehlo=tuple(steps), **more)  # type: ignore[arg-type]


def starts(*steps: object, **more: object) -> MailScript:
    return MailScript(starttls=tuple(steps), **more)  # type: ignore[arg-type]


def shakes(*steps: object, **more: object) -> MailScript:
    return MailScript(plain=tuple(steps), **more)  # type: ignore[arg-type]


U, R, S = "unknown", "refused", "secure"
SOUND = MailScript()
NEVER = (End.SILENCE,)

TCP = [
    case("refused", REFUSED, "mx-smtp-unreachable", U, "connect", None),
    case("full", FULL, "mx-smtp-unreachable", U, "connect", None, seconds=2),
    case("reset", greets(End.RESET), "mx-smtp-closed", U, "greeting or connect", None, True),
    case("closed", greets(End.CLOSE), "mx-smtp-closed", U, "greeting", False, True),
]
GREETINGS = [
    case("sound", SOUND, None, S, "done"),
    case("554", greets(b"554 5.7.1 not you\r\n"), "mx-smtp-refused", U, "greeting",
         detail="answered 554 to the connection: 5.7.1 not you"),
    case("421", greets(b"421 busy\r\n", End.CLOSE), "mx-smtp-later", U, "greeting", False, True),
    case("450", greets(b"450 later\r\n"), "mx-smtp-later", U, "greeting", True, True),
    case("521", greets(b"521 no mail here\r\n"), "mx-smtp-refused", U, "greeting"),
    case("slow-lines", greets(b"220-one\r\n", LATE, b"220-two\r\n", LATE, b"220 three\r\n"), None, S,
         "done"),
    case("late", greets(LATE, GREETING), None, S, "done"),
    case("octets", greets(*(step for octet in GREETING for step in (bytes((octet,)), 0.005))), None,
         S, "done"),
    case("too-late", greets(TOO_LATE, GREETING), "mx-smtp-timeout", U, "greeting", False, True),
    case("never", greets(*NEVER), "mx-smtp-timeout", U, "greeting", False, True),
    case("ssh", greets(b"SSH-2.0-OpenSSH_9.2p1\r\n", *NEVER), "mx-smtp-invalid", U, "greeting", False,
         seconds=1, detail="not SMTP"),
    case("http", greets(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "mx-smtp-invalid", U, "greeting", False),
    case("empty-lines", greets(b"\r\n\r\n\r\n"), "mx-smtp-invalid", U, "greeting", False),
    case("flood", greets(Endless(b"220-x\r\n" * 20)), "mx-smtp-invalid", U, "greeting", None,
         seconds=1, detail="more than 128 lines"),
    case("endless-line", greets(b"220 ", Endless(b"x" * 100)), "mx-smtp-invalid", U, "greeting",
         None, seconds=1, detail="longer than 2048 octets"),
    case("codes-differ", greets(b"220-one\r\n250 two\r\n"), "mx-smtp-invalid", U, "greeting", False),
    case("lf", greets(b"220 mail\n"), None, S, "done"),
    case("no-text", greets(b"220\r\n"), None, S, "done"),
    case("two-greetings", greets(GREETING + GREETING), "mx-smtp-invalid", U, "greeting", False),
    case("spamd", greets(b"220 m ESMTP spamd IP-based SPAM blocker; Thu\r\n"), "mx-smtp-refused", U,
         "greeting"),
    case("asterisks", greets(b"220 **********\r\n"), None, S, "done"),
    case("354", greets(b"354 go on\r\n"), "mx-smtp-invalid", U, "greeting", False),
]
EHLOS = [
    case("helo-only", answers(b"500 what\r\n"), "mx-tls-no-starttls", R, "ehlo",
         commands=("EHLO", "HELO", "QUIT"), detail="HELO"),
    case("helo-refused", answers(b"502 what\r\n", helo=(b"502 what\r\n",)), "mx-smtp-refused", U,
         "ehlo"),
    case("ehlo-550", answers(b"550 no\r\n"), "mx-smtp-refused", U, "ehlo"),
    case("ehlo-554", answers(b"554 no\r\n"), "mx-smtp-refused", U, "ehlo"),
    case("ehlo-421", answers(b"421 busy\r\n", End.CLOSE), "mx-smtp-later", U, "ehlo", False, True),
    case("ehlo-450", answers(b"450 later\r\n"), "mx-smtp-later", U, "ehlo", True, True),
    case("no-starttls", answers(NO_OFFER), "mx-tls-no-starttls", R, "ehlo",
         commands=("EHLO", "QUIT")),
    case("lower-case", answers(OFFER.lower()), None, S, "done"),
    case("starttlsx", answers(b"250-m\r\n250 STARTTLSX\r\n"), "mx-tls-no-starttls", R, "ehlo"),
    case("masked", answers(b"250-m\r\n250 XXXXXXXA\r\n"), "mx-tls-no-starttls", R, "ehlo",
         detail="masked"),
    case("ehlo-flood", answers(Endless(b"250-x\r\n" * 20)), "mx-smtp-invalid", U, "ehlo", None),
    case("two-halves", answers(OFFER[:30], LATE, OFFER[30:]), None, S, "done"),
    case("ehlo-closed", answers(End.CLOSE), "mx-smtp-closed", U, "ehlo", False, True),
    case("ehlo-reset", answers(End.RESET), "mx-smtp-closed", U, "ehlo", False, True),
    case("ehlo-never", answers(*NEVER), "mx-smtp-timeout", U, "ehlo", False, True),
]
STARTTLS = [
    case("454", starts(b"454 no TLS now\r\n"), "mx-tls-starttls-refused", R, "starttls", True, True,
         detail="answered 454 to STARTTLS: no TLS now"),
    case("454-once", MailScript(first=starts(b"454 no TLS now\r\n")), None, S, "done", True, True),
    case("starttls-502", starts(b"502 what\r\n"), "mx-tls-starttls-refused", R, "starttls",
         commands=("EHLO", "STARTTLS", "QUIT")),
    case("starttls-250", starts(b"250 fine\r\n"), "mx-tls-starttls-refused", R, "starttls"),
    case("starttls-421", starts(b"421 bye\r\n", End.CLOSE), "mx-smtp-later", U, "starttls", False,
         True),
    case("starttls-closed", starts(b"", End.CLOSE), "mx-smtp-closed", U, "starttls", False, True),
    case("starttls-reset", starts(b"", End.RESET), "mx-smtp-closed", U, "starttls", False, True),
    case("starttls-never", starts(b"", *NEVER), "mx-smtp-timeout", U, "starttls", False, True),
    case("behind-220", starts(READY + b"250 injected\r\n", plain=NEVER, hello=False),
         "mx-tls-not-tls", R, "handshake", False, True),
    case("behind-220-later", starts(READY, 0.1, b"250 injected\r\n", plain=NEVER, hello=False),
         "mx-tls-not-tls", R, "handshake", False, True),
]
HANDSHAKES = [
    case("plain-text", shakes(b"250 what\r\n", End.CLOSE), "mx-tls-not-tls", R, "handshake", False,
         True),
    case("unrecognized-name", shakes(alert(UNRECOGNIZED_NAME), End.CLOSE), "mx-tls-alert", R,
         "handshake", False, True, detail="unrecognized_name"),
    case("handshake-failure", shakes(alert(HANDSHAKE_FAILURE), End.CLOSE), "mx-tls-alert", R,
         "handshake", False, True, detail="handshake_failure"),
    case("alert-after-certificate",
         shakes(alert(INTERNAL_ERROR), End.CLOSE, flight=16384, tls="1.2"), "mx-tls-alert", R,
         "handshake", False, True, detail="internal_error"),
    case("bad-certificate-and-alert",
         shakes(alert(INTERNAL_ERROR), End.CLOSE, flight=16384, tls="1.2", cert="self-signed"),
         "mx-tls-self-signed", R, "handshake", False,
         codes=("mx-tls-self-signed", "mx-tls-alert")),
    case("tls-1.1", MailScript(tls="1.1"), "mx-tls-protocol", R, "handshake", False),
    case("tls-1.2", MailScript(tls="1.2"), None, S, "done"),
    case("no-cipher", MailScript(tls="no-cipher"), "mx-tls-alert", R, "handshake", False, True),
    case("hello-never", shakes(*NEVER), "mx-tls-timeout", U, "handshake", False, True),
    case("flood-of-records", shakes(Endless(CHANGE_CIPHER_SPEC * 100)), "mx-tls-protocol", R,
         "handshake", None, seconds=1),
    case("flood-after-the-handshake", shakes(Endless(CHANGE_CIPHER_SPEC * 100), flight=16384), None, S,
         "done", None, seconds=1),
    case("flood-of-octets", shakes(Endless(b"\x16\x03\x03\x40\x00" + bytes(16384))), "mx-tls-protocol", R,
         "handshake", None, seconds=2),
    case("hello-reset", shakes(End.RESET), "mx-tls-closed", R, "handshake", False, True),
    case("hello-closed", shakes(End.CLOSE), "mx-tls-closed", R, "handshake", False, True),
    case("half-way", shakes(End.CLOSE, flight=100), "mx-tls-closed", R, "handshake", False, True),
    case("client-certificate", MailScript(tls="client-certificate"), "mx-tls-alert", R, "handshake",
         None, True, detail="after the handshake"),
    case("rsa", MailScript(cert="rsa"), None, S, "done"),
    case("wildcard", MailScript(cert="wildcard"), None, S, "done"),
    case("wrong-name", MailScript(cert="wrong-name"), "mx-tls-name-mismatch", R, "handshake"),
    case("common-name", MailScript(cert="common-name"), "mx-tls-name-mismatch", R, "handshake"),
    case("expired", MailScript(cert="expired"), "mx-tls-expired", R, "handshake"),
    case("expired-wrong-name", MailScript(cert="expired-wrong-name"), "mx-tls-name-mismatch", R,
         "handshake", codes=("mx-tls-name-mismatch", "mx-tls-expired")),
    case("not-yet-valid", MailScript(cert="not-yet-valid"), "mx-tls-not-yet-valid", R, "handshake"),
    case("expires-soon", MailScript(cert="expires-soon"), None, S, "done",
         codes=("mx-tls-expires-soon",)),
    case("self-signed", MailScript(cert="self-signed"), "mx-tls-self-signed", R, "handshake"),
    case("unknown-issuer", MailScript(cert="unknown-issuer"), "mx-tls-untrusted", R, "handshake"),
    case("no-intermediate", MailScript(cert="no-intermediate"), "mx-tls-untrusted", R, "handshake"),
    case("client-only", MailScript(cert="client-only"), "mx-tls-cert-invalid", R, "handshake"),
]
QUITS = [
    case("quit-late", MailScript(quit=(0.1, BYE)), None, S, "done"),
    case("quit-never", MailScript(quit=NEVER), None, S, "done", seconds=1.5),
    case("quit-never-clear", answers(NO_OFFER, quit=NEVER), "mx-tls-no-starttls", R, "ehlo",
         seconds=0.4),
    case("quit-500", MailScript(quit=(b"500 what\r\n",)), None, S, "done"),
    case("quit-closed", MailScript(quit=(End.CLOSE,)), None, S, "done"),
    case("quit-reset", MailScript(quit=(End.RESET,)), None, S, "done"),
    case("quit-late-reset", MailScript(quit=(0.1, End.RESET)), None, S, "done"),
    case("quit-flood", MailScript(quit=(Endless(b"221-x\r\n" * 20),)), None, S, "done", seconds=1.5),
]
MANY = [
    MailCase("dead-then-good", (REFUSED, SOUND), None, S, "done", True),
    MailCase("dead-then-421", (REFUSED, greets(b"421 busy\r\n", End.CLOSE)), "mx-smtp-later", U,
             "greeting", False, 2, True),
    MailCase("421-then-good", (greets(b"421 busy\r\n", End.CLOSE), SOUND), None, S, "done", None, 2),
    MailCase("554-twice", (greets(b"554 no\r\n"), greets(b"554 no\r\n")), "mx-smtp-refused", U,
             "greeting", True, 2),
    MailCase("no-starttls-then-good", (answers(NO_OFFER), answers(NO_OFFER)), "mx-tls-no-starttls",
             R, "ehlo", True),
    MailCase("dead-twice", (REFUSED, REFUSED), "mx-smtp-unreachable", U, "connect", None, 0),
    MailCase("dead-then-ipv6", (REFUSED, REFUSED, SOUND), None, S, "done", True, ipv6=True),
]

MAIL_CASES = [*TCP, *GREETINGS, *EHLOS, *STARTTLS, *HANDSHAKES, *QUITS, *MANY]
