"""The lab's servers: Knot DNS, Unbound and nginx, each with its configuration, as processes of ours."""

from __future__ import annotations

import os
import random
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 10

KNOT = """server:
    rundir: {folder}
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
log:
  - target: {folder}/knot.log
    any: warning
{policy}zone:
  - domain: .
    file: {folder}/root.zone
    journal-content: none
    zonefile-sync: -1
{signing}{broken_zones}"""

KNOT_POLICY = """policy:
  - id: signed
    single-type-signing: on
    nsec3: off
"""
KNOT_SIGNING = """    dnssec-signing: on
    dnssec-policy: signed
"""
KNOT_ZONE = """  - domain: {domain}.
    file: {folder}/{domain}.zone
    journal-content: none
    zonefile-sync: -1
"""

# A zone that cannot be loaded is answered with SERVFAIL.
KNOT_BROKEN_ZONE = """  - domain: {domain}.
    file: {folder}/no-such.zone
"""

UNBOUND = """server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: "{folder}/unbound-own.pid"
    logfile: "{folder}/unbound.log"
    use-syslog: no
    verbosity: 1
    do-daemonize: no
    interface: 127.0.0.1
    port: {port}
    do-ip6: no
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    module-config: "{modules}"
{anchor}    num-threads: 1
    so-reuseport: no
    outgoing-range: 900
    num-queries-per-thread: 800
    qname-minimisation: no
    cache-min-ttl: 0
    msg-cache-size: 4m
    rrset-cache-size: 4m
    infra-cache-numhosts: 100
    unblock-lan-zones: yes
{refused}
remote-control:
    control-enable: no
stub-zone:
    name: "."
    stub-addr: 127.0.0.1@{knot_port}
    stub-prime: no
{stubs}"""

UNBOUND_STUB = """stub-zone:
    name: "{domain}."
    stub-addr: 127.0.0.1@{knot_port}
    stub-prime: no
"""

NGINX = """daemon off;
pid {folder}/nginx-own.pid;
error_log {folder}/nginx.log warn;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    server_tokens off;
    types {{ }}
    default_type application/octet-stream;
    server_names_hash_max_size 65536;
    server_names_hash_bucket_size 512;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache off;
    ssl_session_tickets off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
{servers}
}}
"""


def free_port() -> int:
    """A port that is free for TCP and UDP on loopback just now, and that the kernel gives to nobody who does not
    ask for it: a scan beside us takes many of those."""
    for _ in range(100):
        port = random.SystemRandom().randrange(10000, 32000)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def raise_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def spawn(folder: Path, name: str, command: list[str]) -> None:
    """Starts a server in a session of its own; its process id is kept for stop()."""
    with open(folder / f"{name}.out", "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   start_new_session=True, preexec_fn=raise_descriptors)
    (folder / f"{name}.process").write_text(f"{process.pid} {started_at(process.pid)}\n")
    time.sleep(0.1)
    if process.poll() is not None:
        raise RuntimeError(f"{name} ended at once: {(folder / f'{name}.out').read_text()}")


def started_at(pid: int) -> str:
    """The kernel's start time of a process, which tells it from a later one of the same id."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return ""


def stop(folder: Path, name: str) -> None:
    pid_file = folder / f"{name}.process"
    if not pid_file.exists():
        return
    pid_text, started = pid_file.read_text().split()
    pid = int(pid_text)
    deadline = time.monotonic() + STOP_SECONDS
    number = signal.SIGTERM
    while started_at(pid) == started and not is_zombie(pid):
        os.kill(pid, number)
        time.sleep(0.05)
        if time.monotonic() > deadline:
            number = signal.SIGKILL
    pid_file.unlink()


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def answers_dns(port: int) -> bool:
    query = bytes.fromhex("123401000001000000000000") + b"\x05ready\x07example\x00\x00\x10\x00\x01"
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.5)
        try:
            udp.sendto(query, ("127.0.0.1", port))
            answer = udp.recv(4096)
        except OSError:
            return False
    return answer[:2] == query[:2] and answer[3] & 15 in (0, 3)


def answers_tcp(port: int, address: str = "127.0.0.1") -> bool:
    with socket.socket() as tcp:
        tcp.settimeout(0.5)
        return tcp.connect_ex((address, port)) == 0


def wait_until(what: str, ready: object, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready(port):  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} does not answer on port {port}")
        time.sleep(0.05)
