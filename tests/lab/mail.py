"""The lab's mail servers: one Postfix, with one smtpd for each address, sound and not, and the domains
whose MX they are. Needs root, since Postfix does."""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

import servers
from certificates import KINDS, Authority
from domains import RECORD, Case, Host, case
from zone import Deployment, deploy

GREET_WAIT_S = 3
FAILS = "fails"  # the zone below the host does: SERVFAIL
# Zones without DNSSEC; all else is signed.
UNSIGNED = "unsigned.example"
UNSIGNED_TLSA = "_tcp.dane-insecure.mail.example"
RATE = 2  # connections a minute that one server allows a client

MAIN = """compatibility_level = 3.6
myhostname = sound.mail.example
mydestination =
mynetworks = 192.0.2.0/24
inet_protocols = ipv4
inet_interfaces = loopback-only
alias_maps =
local_recipient_maps =
relay_domains =
smtpd_relay_restrictions = reject
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/postfix.log
mail_owner = postfix
setgid_group = postdrop
smtpd_tls_security_level = may
smtpd_tls_chain_files = {good}
smtpd_tls_loglevel = 1
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
postscreen_greet_wait = {greet_wait}s
postscreen_greet_action = enforce
postscreen_dnsbl_sites =
"""

MASTER = """{servers}
smtpd pass - - n - - smtpd
    -o smtpd_tls_chain_files={postscreen}
    -o myhostname=postscreen.mail.example
tlsproxy unix - - n - 0 tlsproxy
dnsblog unix - - n - 0 dnsblog
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class MailServer:
    """What differs from a sound server; its MX host is NAME.mail.example."""

    name: str
    certificate: str = "good"  # see certificates.py
    options: tuple[str, ...] = ()
    service: str = "smtpd"
    tlsa: str = ""  # usage, selector, matching type, and of what
    alias: bool = False  # the host is one, of NAME.target.example
    zone: str = "mail.example"

    @property
    def host(self) -> str:
        return f"{self.name}.{self.zone}"

    @property
    def base(self) -> str:
        return f"{self.name}.target.example" if self.alias else self.host

    @property
    def address(self) -> str:
        return f"127.0.2.{1 + SERVERS.index(self)}"


SERVERS: tuple[MailServer, ...] = (
    MailServer("sound", tlsa="3 1 1 leaf"),
    MailServer("sni", "wrong-name"),  # without the name that it was asked for
    MailServer("self-signed", "self-signed", tlsa="3 1 1 leaf"),
    MailServer("expired", "expired"),
    MailServer("wrong-name", "wrong-name"),
    MailServer("rsa", "rsa"),
    MailServer("no-intermediate", "no-intermediate"),
    MailServer("unknown-issuer", "unknown-issuer"),
    MailServer("expires-soon", "expires-soon"),
    MailServer("plain", options=("smtpd_tls_security_level=none",)),
    MailServer("rate", options=(f"smtpd_client_connection_rate_limit={RATE}",)),
    MailServer("postscreen", service="postscreen"),
    MailServer("helo", options=("smtpd_delay_reject=no", "smtpd_helo_restrictions=reject")),
    MailServer("old-tls", options=("smtpd_tls_protocols=<=TLSv1.1", "smtpd_tls_ciphers=low",
                                   "tls_low_cipherlist=ALL:@SECLEVEL=0")),
    MailServer("dane-issuer", tlsa="2 1 1 intermediate"),
    MailServer("dane-mismatch", tlsa="3 1 1 stranger"),
    MailServer("dane-unusable", tlsa="1 1 1 leaf"),
    MailServer("dane-fails", tlsa=FAILS),
    MailServer("dane-alias", tlsa="3 1 1 leaf", alias=True),
    MailServer("dane-insecure", tlsa="3 1 1 leaf"),
    MailServer("dane-unsigned", tlsa="3 1 1 leaf", zone="unsigned.example"),
)

POLICY = "version: STSv1\r\nmode: enforce\r\nmx: *.mail.example\r\nmax_age: 604800\r\n"


def mail(name: str, codes: str, effect: str, *hosts: str, mode: str = "enforce", **more: object) -> Case:
    """Of a domain whose MX are these servers; codes are what a probe finds, status follows from effect."""
    status = "valid" if effect in ("enforced", "unknown") else "broken"
    status = str(more.pop("status", status))
    mx = tuple((10 * (1 + i), host if "." in host else f"{host}.mail.example")
               for i, host in enumerate(hosts or (name,)))
    return case(f"mail-{name}", codes, status, effect, txt=(RECORD,), mx=mx, mode=mode,
                host=Host(body=POLICY.replace("enforce", mode)), **more)


MAIL_CASES: tuple[Case, ...] = (
    mail("sound", "", "enforced"),
    mail("sni", "", "enforced"),
    mail("rsa", "", "enforced"),
    mail("postscreen", "", "enforced"),
    mail("rate", "", "enforced"),
    mail("expires-soon", "mx-tls-expires-soon", "enforced"),
    mail("self-signed", "mx-tls-self-signed", "undeliverable"),
    mail("expired", "mx-tls-expired", "undeliverable"),
    mail("wrong-name", "mx-tls-name-mismatch", "undeliverable"),
    mail("no-intermediate", "mx-tls-untrusted", "undeliverable"),
    mail("unknown-issuer", "mx-tls-untrusted", "undeliverable"),
    mail("plain", "mx-tls-no-starttls", "undeliverable"),
    mail("old-tls", "mx-tls-protocol", "undeliverable"),
    mail("helo", "mx-smtp-refused", "unknown"),
    mail("one-of-two", "mx-tls-expired", "at-risk", "sound", "expired"),
    mail("one-unknown", "mx-smtp-refused", "enforced", "sound", "helo"),
    mail("testing", "mx-tls-self-signed", "testing", "self-signed", mode="testing", status="broken"),
    mail("mode-none", "", "none", "self-signed", mode="none", status="valid"),
    mail("no-address", "mx-host-absent", "unknown", "nobody"),
    mail("dane-issuer", "", "enforced"),
    mail("dane-mismatch", "", "enforced"),
    mail("dane-unusable", "", "enforced"),
    mail("dane-fails", "", "enforced"),
    mail("dane-alias", "", "enforced"),
    mail("dane-insecure", "", "enforced"),
    mail("dane-unsigned", "mx-mismatch policy-mx-unused", "undeliverable", "dane-unsigned.unsigned.example"),
)


def deployments() -> list[Deployment]:
    return [deploy(f"{c.name}.example", c) for c in MAIL_CASES]


def among(all_of_them: list[Deployment]) -> list[Deployment]:
    return [d for d in all_of_them if d.case in MAIL_CASES]


def digest(lab: Path, key: str) -> str:
    """SHA-256 of a public key of the laboratory's."""
    der = subprocess.run(["openssl", "pkey", "-in", lab / "ca" / f"{key}.key", "-pubout", "-outform", "DER"],
                         check=True, stdout=subprocess.PIPE).stdout
    return hashlib.sha256(der).hexdigest()


def address_lines(lab: Path, server: MailServer) -> list[str]:
    lines = [f"{server.host}. CNAME {server.base}."] if server.alias else []
    lines.append(f"{server.base}. A {server.address}")
    if server.tlsa and server.tlsa != FAILS:
        *head, key = server.tlsa.split()
        lines.append(f"_25._tcp.{server.base}. TLSA {' '.join(head)} {digest(lab, key)}")
    return lines


def zone_of(line: str) -> str:
    owner = line.split(". ", 1)[0]
    return next((zone for zone in (UNSIGNED, UNSIGNED_TLSA) if owner.endswith(zone)), "")


def write_zones(lab: Path) -> None:
    """What is added to the root, and the zones below it that are not signed."""
    lines = [line for server in SERVERS for line in address_lines(lab, server)]
    lines += [f"{zone}. NS ns.lab." for zone in delegated_zones()]
    with (lab / "root.zone").open("a") as root:
        root.writelines(f"{line}\n" for line in lines if not zone_of(line) or " NS " in line)
    for zone in (UNSIGNED, UNSIGNED_TLSA):
        own = "".join(f"{line}\n" for line in lines if zone_of(line) == zone)
        (lab / f"{zone}.zone").write_text(
            f"$TTL 300\n{zone}. SOA ns.lab. hostmaster.lab. 1 3600 600 86400 60\n{own}")


def delegated_zones() -> list[str]:
    return [UNSIGNED, UNSIGNED_TLSA, *failing_zones()]


def failing_zones() -> list[str]:
    return [f"_tcp.{server.base}" for server in SERVERS if server.tlsa == FAILS]


def anchor(lab: Path) -> str:
    """The root's key, made now, as a resolver trusts it."""
    keymgr = ["/usr/sbin/keymgr", "-c", str(lab / "knot.conf"), "."]
    subprocess.run([*keymgr, "generate", "ksk=yes", "zsk=yes"], check=True, stdout=subprocess.DEVNULL)
    found = subprocess.run([*keymgr, "ds"], check=True, stdout=subprocess.PIPE, text=True)
    return f'    trust-anchor: "{found.stdout.splitlines()[0]}"\n'


def chain_file(folder: Path, authority: Authority, server: MailServer) -> Path:
    """The key and the chain that it shows, in one file, as Postfix wants them."""
    chain, key = authority.issue(f"mail-{server.name}", KINDS[server.certificate], [server.host])
    path = folder / f"{server.name}.pem"
    path.write_text(key.read_text() + chain.read_text())
    return path


def sni_options(folder: Path, authority: Authority, server: MailServer) -> list[str]:
    """What makes it show another certificate to whoever asks for its name."""
    chain, key = authority.issue("mail-by-name", KINDS["good"], [server.host])
    (folder / "by-name.pem").write_text(key.read_text() + chain.read_text())
    (folder / "sni").write_text(f"{server.host} {folder}/by-name.pem\n")
    return [f"tls_server_sni_maps=hash:{folder}/sni"]


def service_lines(folder: Path, authority: Authority, server: MailServer, port: int) -> str:
    options = [f"smtpd_tls_chain_files={chain_file(folder, authority, server)}",
               f"myhostname={server.host}", f"syslog_name=postfix/{server.name}", *server.options]
    if server.name == "sni":
        options += sni_options(folder, authority, server)
    if server.service == "postscreen":  # whoever waits is handed to `smtpd pass`
        return f"{server.address}:{port} inet n - n - 1 postscreen\n"
    return f"{server.address}:{port} inet n - n - - {server.service}\n" + "".join(f"    -o {option}\n" for option in options)


def write_files(lab: Path, authority: Authority, port: int) -> Path:
    """Postfix's folder, ready to be started."""
    folder = lab / "postfix"
    folder.mkdir()
    owner = pwd.getpwnam("postfix")
    for name in ("queue", "data"):
        (folder / name).mkdir()
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    lines = "".join(service_lines(folder, authority, server, port) for server in SERVERS)
    (folder / "main.cf").write_text(MAIN.format(
        folder=folder, good=folder / "sound.pem", greet_wait=GREET_WAIT_S))
    (folder / "master.cf").write_text(MASTER.format(
        servers=lines, postscreen=folder / "postscreen.pem"))
    subprocess.run(["/usr/sbin/postmap", "-c", folder, "-F", f"hash:{folder}/sni"], check=True)
    return folder


def start(lab: Path, port: int) -> None:
    """Its master alone, in the foreground, once `check` has made the folders of its queue."""
    folder = str(lab / "postfix")
    with open(lab / "postfix-check.out", "wb") as out:
        subprocess.run(["/usr/sbin/postfix", "-c", folder, "check"], check=True, stdout=out, stderr=out)
    found = subprocess.run(["/usr/sbin/postconf", "-c", folder, "-h", "daemon_directory"], check=True,
                           stdout=subprocess.PIPE, text=True)
    servers.spawn(lab, "postfix", [found.stdout.strip() + "/master", "-c", folder, "-s"])
    servers.wait_until("postfix", lambda p: servers.answers_tcp(p, SERVERS[0].address), port)
