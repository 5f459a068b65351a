#!/usr/bin/env python3
"""Holds record.schema.json against record.def: the same members of each object, in the same order, each
of the type that it is written as.

usage: members.py SOURCE_DIR
"""

import json
import re
import sys
from pathlib import Path

ROW = re.compile(r"^([A-Z_]+)_MEMBER\(([\w-]+), (\w+), ", re.MULTILINE)
TYPES = {
    "string": "TEXT OWN TIME RCODE STATUS EFFECT MODE KIND VERDICT STEP DANE CODE SEVERITY STAGE REASON",
    "integer": "UINT64 INT64 UINT32 UNSIGNED INT VERSION",
    "boolean": "BOOL",
    "array": "TEXTS OWNS REASONS CODES FINDINGS DKIM ATTEMPTS",
    "object": "OBJECT LABELS EDE CERTIFICATE TLS TLSA",
}
TYPE_OF = {kind: name for name, kinds in TYPES.items() for kind in kinds.split()}
TYPE_OF.update({kind: ["array", "object"] for kind in ("MX", "NS")})  # an object: there is none
PYTHON_TYPES = {bool: "boolean", int: "integer", str: "string"}


def read_table(text):
    """object -> [(name, type)], with what stands a second time in base64."""
    table = {}
    for thing, name, kind in ROW.findall(text):
        members = table.setdefault(thing, [])
        members.append((name, TYPE_OF[kind]))
        if kind in ("TEXT", "TEXTS"):
            members.append((name + "_base64", TYPE_OF[kind]))
    return table


def follow(schema, node):
    while "$ref" in node:
        target = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def type_of(schema, node):
    node = follow(schema, node)
    if "type" in node:
        return node["type"]
    return PYTHON_TYPES[type(node["const"] if "const" in node else node["enum"][0])]


def read_schema(schema):
    top = schema["properties"]
    places = {"LINE": top, "FINDING": follow(schema, follow(schema, top["findings"])["items"])["properties"],
              "ATTEMPT": follow(schema, follow(schema, top["fetch"])["properties"]["attempts"]["items"])["properties"],
              "MX": follow(schema, top["mx"]["items"])["properties"],
              "TLS": follow(schema, follow(schema, top["mx"]["items"])["properties"]["tls"])["properties"],
              "NONE": top["mx"]["properties"],
              "DKIM": follow(schema, top["dkim"]["items"])["properties"],
              "EDE": follow(schema, follow(schema, top["record"])["properties"]["ede"])["properties"]}
    places["TLSA"] = follow(schema, places["TLS"]["tlsa"])["properties"]
    for name in ("record", "policy_host", "fetch", "certificate", "policy", "tlsrpt", "spf", "dmarc", "first"):
        places[name.upper()] = follow(schema, top[name])["properties"]
    return {place: [(name, type_of(schema, node)) for name, node in members.items()]
            for place, members in places.items()}


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    folder = Path(arguments[0], "output", "record")
    table = read_table((folder / "record.def").read_text())
    schema = read_schema(json.loads((folder / "record.schema.json").read_text()))
    faults = [f"{thing}: record.def has {table.get(thing)}, the schema {schema.get(thing)}"
              for thing in sorted(table.keys() | schema.keys()) if table.get(thing) != schema.get(thing)]
    print("\n".join(faults) or "table and schema agree")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
