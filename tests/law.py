#!/usr/bin/env python3
"""Holds the law of the house: floors include only floors below, no file and no pair of a source and
its header leads back to itself, the pure floors are pure, and what a file shows of itself is used by
another of the program.

usage: law.py SOURCE_DIR LIBSTSCAN_OUTPUT LIBSTSCAN_PURE LIBSTSCAN_CORE OBJECT ...
       law.py --self-test CC
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

FLOORS = ["output/base", "output/findings", "output/record", "output/results", "output/stats",
          "output/report", "scanner/base", "scanner/dns", "scanner/smtp_dialogue", "scanner/sts",
          "scanner/net", "scanner/resolver", "scanner/https", "scanner/smtp", "scanner/journey", "scanner/run",
          "scanner/cli", "scanner/main.c"]
PURE = FLOORS[:FLOORS.index("scanner/net")]  # output has I/O, but no network

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
FOREIGN_HEADER = re.compile(r"uv\.h|uv/|ares|curl/|openssl/")
FOREIGN_SYMBOL = re.compile(r"(uv|ares|curl|SSL|TLS|X509|X509V3|EVP|ERR|BIO|ASN1|PEM|BN|RSA|EC|d2i|"
                            r"i2d|RAND|CRYPTO|OPENSSL|OSSL)_|(SHA|MD5|HMAC)[0-9_]*")

# What a pure function has no use for, by what it would make of it.
IMPURE = {
    "the clock": "time clock clock_gettime clock_nanosleep gettimeofday ftime localtime localtime_r "
                 "timespec_get nanosleep usleep sleep",
    "files": "open openat creat close read pread readv write pwrite writev lseek fsync mmap stat fstat lstat "
             "unlink rename opendir readdir fopen fdopen freopen fclose fflush fread fwrite fgets "
             "fputs fputc fgetc getc putc getline getdelim getchar putchar puts printf vprintf "
             "fprintf vfprintf dprintf scanf fscanf perror stdin stdout stderr tmpfile mkstemp",
    "the network": "socket bind connect listen accept accept4 send sendto sendmsg sendmmsg recv "
                   "recvfrom recvmsg recvmmsg getaddrinfo gethostbyname poll ppoll select "
                   "epoll_create1 epoll_ctl epoll_wait",
    "the process": "getenv secure_getenv setenv putenv setlocale getpid fork execve system exit _exit "
                   "signal sigaction raise getrlimit pthread_create pthread_mutex_lock",
    "chance": "rand srand rand_r random srandom drand48 getrandom getentropy arc4random "
              "arc4random_uniform arc4random_buf",
    "hidden state": "strtok strerror gmtime asctime ctime inet_ntoa hcreate hsearch",
}
IMPURE_SYMBOL = {name: what for what, names in IMPURE.items() for name in names.split()}


# Used by their own file alone, or by nobody, and not static: tests hold them against a table, or count
# by them what else no test could see.
FOR_TESTS = {"address_limits_count", "line_set_count", "match_kind", "progress_line",
             "prober_in_flight", "prober_pausing", "prober_waiting", "signals_count"}
# Files that nothing calls yet.
ON_THEIR_WAY = set()
FOREIGN_NAMES = {"SSL_CTX_new"}  # called by libcurl (scanner/https/tls.h)


def floor_of(path):
    """The number of its floor, or None."""
    for number, floor in enumerate(FLOORS):
        if path == floor or path.startswith(floor + "/"):
            return number
    return None


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def read_includes(root):
    """path -> [(bracket, included)] for every source of output and scanner."""
    found = {}
    for top in ("output", "scanner"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".c", ".h", ".def"):
                text = without_comments(path.read_text(encoding="utf-8"))
                found[path.relative_to(root).as_posix()] = INCLUDE.findall(text)
    return found


def judge_include(path, bracket, included, known):
    floor = floor_of(path)
    if bracket == "<":
        if FLOORS[floor] in PURE and FOREIGN_HEADER.match(included):
            return f"{path}: a floor without network includes <{included}>"
        return None
    if included not in known:
        return f'{path}: "{included}" is no source of output or scanner, written from the root'
    if floor_of(included) is None or floor_of(included) > floor:
        return f"{path}: includes {included}, which stands on a higher floor"
    return None


def noun_of(path):
    """A source and its header are one: what either includes, both depend on."""
    return re.sub(r"\.[ch]$", "", path)


def nouns_of(includes):
    """noun -> the nouns that it includes; a header that includes itself is kept as a circle."""
    graph = {}
    for path, each in includes.items():
        for bracket, name in each:
            if bracket == '"' and (noun_of(name) != noun_of(path) or name == path):
                graph.setdefault(noun_of(path), []).append(noun_of(name))
    return graph


def find_circle(graph):
    """A list of paths, the last of which includes the first; or None."""
    done, way = set(), []

    def visit(path):
        if path in way:
            return way[way.index(path):]
        if path in done:
            return None
        way.append(path)
        for included in graph.get(path, ()):
            circle = visit(included)
            if circle:
                return circle
        done.add(way.pop())
        return None

    for path in graph:
        circle = visit(path)
        if circle:
            return circle
    return None


def judge_includes(root):
    includes = read_includes(root)
    faults = [f"{path}: stands on no floor" for path in includes if floor_of(path) is None]
    if not includes:
        faults.append("there are no sources")
    for path, included in includes.items():
        if floor_of(path) is not None:
            faults += [judge_include(path, *each, includes) for each in included]
    circle = find_circle(nouns_of(includes))
    if circle:
        faults.append("circle: " + " -> ".join(circle + circle[:1]))
    return [fault for fault in faults if fault]


class Member:
    """An object file of an archive."""

    def __init__(self, name):
        self.name = name
        self.defined, self.undefined, self.writable = set(), set(), set()
        self.functions = set()

    def take(self, name, kind, section):
        name = name.split("@")[0]
        if kind in "Uvw":
            self.undefined.add(name)
            return
        if kind.isupper() or kind == "u":
            self.defined.add(name)
        if kind == "T":
            self.functions.add(name)
        # Constants that hold addresses are written once, by the loader. Sanitizers have their own.
        constant = section.startswith(".data.rel.ro")
        if kind in "dDbBCsSgG" and not constant and not re.match(r"_*(odr_)?(asan|tsan|ubsan|gcov)", name):
            self.writable.add(name)


def read_archive(path):
    listing = subprocess.run(["nm", "-f", "sysv", path], check=True, capture_output=True, text=True)
    members = []
    for line in listing.stdout.splitlines():
        header = re.match(r"(?:Undefined s|S)ymbols from (?:.*\[)?(.*?)\]?:", line)
        if header:
            members.append(Member(header.group(1)))
        columns = [column.strip() for column in line.split("|")]
        if len(columns) == 7 and columns[0] != "Name":
            members[-1].take(columns[0], columns[2], columns[6])
    return members


def plain(symbol):
    """As it stands in the source: glibc has fortified, 64-bit and C23 forms of the same."""
    symbol = re.sub(r"^__(isoc\d\d_)?(.*?)(_chk|_2)?$", r"\2", symbol)
    return re.sub(r"64(_2)?$", "", symbol)


def reached_from(members, others):
    """The members, and those of the others that they need."""
    home = {symbol: other for other in others for symbol in other.defined}
    reached, waiting = [], list(members)
    while waiting:
        member = waiting.pop()
        reached.append(member)
        needed = {home[symbol] for symbol in member.undefined if symbol in home}
        waiting += [other for other in needed if other not in reached and other not in waiting]
    return reached


def judge_foreign(members):
    return [f"{member.name}: uses {symbol} of a network library"
            for member in members for symbol in sorted(member.undefined)
            if FOREIGN_SYMBOL.match(symbol)]


def judge_pure(members):
    faults = []
    for member in members:
        faults += [f"{member.name}: {symbol} is a variable of the whole program"
                   for symbol in sorted(member.writable)]
        faults += [f"{member.name}: {symbol} asks for {IMPURE_SYMBOL[plain(symbol)]}"
                   for symbol in sorted(member.undefined) if plain(symbol) in IMPURE_SYMBOL]
    return faults


def judge_unused(members, others):
    """Functions of the members that no other file of the program uses."""
    used = set().union(*(member.undefined for member in members + others))
    return [f"{member.name}: nobody else uses {symbol}: make it static, or drop it with its tests"
            for member in members if member.name not in ON_THEIR_WAY
            for symbol in sorted(member.functions - FOR_TESTS - FOREIGN_NAMES - used)
            if not symbol.startswith("_")]


def judge_program(archives, objects):
    members = [member for archive in archives for member in read_archive(archive)]
    return judge_unused(members, [member for name in objects for member in read_archive(name)])


def judge_archives(output, pure):
    output, pure = read_archive(output), read_archive(pure)
    faults = [] if output and pure else ["an archive is empty"]
    return faults + judge_foreign(output + pure) + judge_pure(reached_from(pure, output))


# A file of a house that is sound without it -> what must be said of it, None: nothing.
PLANTED_SOURCES = [
    ({"scanner/sts/a.c": '#include "scanner/base/a.h"\n#include "output/base/a.h"\n#include <stdio.h>\n'}, None),
    ({"scanner/main.c": '#include "scanner/net/a.h"\n'}, None),
    ({"scanner/net/b.h": "#include <uv.h>\n"}, None),
    ({"scanner/sts/a.c": '/* #include "scanner/net/a.h" */\n'}, None),
    ({"output/base/b.c": '#include "scanner/base/a.h"\n'}, "output/base/b.c: includes scanner/base/a.h, which"),
    ({"scanner/base/b.h": '#  include "scanner/net/a.h"\n'}, "base/b.h: includes scanner/net/a.h, which"),
    ({"scanner/net/b.def": '#include "scanner/main.c"\n', "scanner/main.c": ""}, "higher floor"),
    ({"scanner/net/b.c": '#include "a.h"\n'}, '"a.h" is no source'),
    ({"scanner/net/b.c": '#include "tests/a.h"\n'}, '"tests/a.h" is no source'),
    ({"scanner/attic/a.c": ""}, "scanner/attic/a.c: stands on no floor"),
    ({"scanner/net/b.h": '#include "scanner/net/c.h"\n', "scanner/net/c.h": '#include "scanner/net/b.h"\n'},
     "circle: scanner/net/b -> scanner/net/c -> scanner/net/b"),
    ({"scanner/net/b.h": "", "scanner/net/c.h": "", "scanner/net/b.c": '#include "scanner/net/c.h"\n',
      "scanner/net/c.c": '#include "scanner/net/b.h"\n'}, "circle: scanner/net/b -> scanner/net/c"),
    ({"scanner/net/b.h": "", "scanner/net/b.c": '#include "scanner/net/b.h"\n'}, None),
    ({"scanner/net/b.h": '#include "scanner/net/b.h"\n'}, "circle: scanner/net/b -> scanner/net/b"),
    ({"output/stats/b.c": '#include "output/report/a.h"\n', "output/report/a.h": ""},
     "output/stats/b.c: includes output/report/a.h, which"),
    ({"output/b.c": ""}, "output/b.c: stands on no floor"),
    ({"scanner/sts/b.c": "#include <uv.h>\n"}, "includes <uv.h>"),
    ({"scanner/dns/b.c": "#include <ares.h>\n"}, "includes <ares.h>"),
    ({"output/base/b.c": "#include <openssl/sha.h>\n"}, "includes <openssl/sha.h>"),
]
SOUND_SOURCES = {"output/base/a.h": "", "scanner/base/a.h": '#include "output/base/a.h"\n',
                 "scanner/net/a.h": '#include "scanner/base/a.h"\n'}

# (code in output, code in the pure floors, what must be said)
PLANTED_CODE = [
    ("int a;", "static const char *const t[] = {\"x\"}; const char *f(int i) { return t[i]; }", None),
    ("long time(long *); long f(void) { return time(0); }", "int g(void) { return 1; }", None),
    ("void uv_stop(void); void f(void) { uv_stop(); }", "int g;", "uses uv_stop of"),
    ("int f;", "void ares_cancel(void); void g(void) { ares_cancel(); }", "uses ares_cancel of"),
    ("int f;", "void curl_free(void); void g(void) { curl_free(); }", "uses curl_free of"),
    ("void SSL_read(void); void f(void) { SSL_read(); }", "int g;", "uses SSL_read of"),
    ("void SHA256(void); void f(void) { SHA256(); }", "int g;", "uses SHA256 of"),
    ("int f;", "long time(long *); long g(void) { return time(0); }", "time asks for the clock"),
    ("int f;", "int open64(void); int g(void) { return open64(); }", "open64 asks for files"),
    ("int f;", "int __printf_chk(void); int g(void) { return __printf_chk(); }", "asks for files"),
    ("int f;", "extern void *stderr; void *g(void) { return stderr; }", "stderr asks for files"),
    ("int f;", "int socket(void); int g(void) { return socket(); }", "socket asks for the network"),
    ("int f;", "int g = 1;", "g is a variable"),
    ("int f;", "int g;", "g is a variable"),
    ("int f;", "int g(void) { static int calls; return calls++; }", "calls"),
    ("int rand(void); int f(void) { return rand(); }", "int f(void); int g(void) { return f(); }",
     "rand asks for chance"),
]


# (code of one file, code of another that uses it, what must be said)
PLANTED_USE = [
    ("int f(void) { return 1; }", "int f(void); int main(void) { return f(); }", None),
    ("int f(void) { return 1; } int g(void) { return f(); }", "int g(void); int main(void) { return g(); }",
     "nobody else uses f"),
    ("int f(void) { return 1; }", "int main(void) { return 0; }", "nobody else uses f"),
    ("int f(void) { return 1; } int g(void) { return 2; }", "int g(void); int main(void) { return g(); }",
     "nobody else uses f"),
    ("int match_kind(void) { return 1; }", "int main(void) { return 0; }", None),
    ("static int f(void) { return 1; } int g(void) { return f(); }",
     "int g(void); int main(void) { return g(); }", None),
]


def build_archives(cc, folder, codes):
    """code -> the archive of it alone."""
    archives = {code: folder / f"a{number}.a" for number, code in enumerate(codes)}
    for code, archive in archives.items():
        archive.with_suffix(".c").write_text(code + "\n")
    sources = [archive.with_suffix(".c") for archive in archives.values()]
    subprocess.run([cc, "-w", "-fPIE", "-fno-builtin", "-c", *sources], check=True, cwd=folder)
    for archive in archives.values():
        subprocess.run(["ar", "rcs", archive, archive.with_suffix(".o")], check=True)
    return archives


def check_planted(what, faults, wanted):
    right = any(wanted in fault for fault in faults) if wanted else not faults
    return [] if right else [f"planted {what}: wanted {wanted!r}, but heard {faults}"]


def test_itself(cc):
    wrong = []
    for planted, wanted in PLANTED_SOURCES:
        with tempfile.TemporaryDirectory() as folder:
            for path, text in {**SOUND_SOURCES, **planted}.items():
                (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / path).write_text(text)
            wrong += check_planted(planted, judge_includes(Path(folder)), wanted)
    with tempfile.TemporaryDirectory() as folder:
        codes = {code for planted in PLANTED_CODE + PLANTED_USE for code in planted[:2]}
        archives = build_archives(cc, Path(folder), codes)
        for output, pure, wanted in PLANTED_CODE:
            faults = judge_archives(archives[output], archives[pure])
            wrong += check_planted((output, pure), faults, wanted)
        for library, user, wanted in PLANTED_USE:
            faults = judge_program([archives[library]], [archives[user].with_suffix(".o")])
            wrong += check_planted((library, user), faults, wanted)
    return wrong


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--self-test":
        faults = test_itself(arguments[1])
    elif len(arguments) > 4:
        faults = judge_includes(Path(arguments[0])) + judge_archives(*arguments[1:3])
        faults += judge_program(arguments[1:4], arguments[4:])
    else:
        sys.exit(__doc__)
    for fault in faults:
        print(fault)
    print(f"{len(faults)} against the law" if faults else "the law holds")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
