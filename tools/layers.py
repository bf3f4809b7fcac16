#!/usr/bin/env python3
"""Fails when a crate leans on one that it must not know: dependencies point down only (docs/ARCHITECTURE.md)."""
import json
import subprocess
import sys

ALLOWED = {
    "sip": set(), "media": set(), "dialplan": set(), "store": set(), "control": set(), "config": set(),
    "call": {"sip", "media", "dialplan"},
    "pbx": {"sip", "media", "dialplan", "call", "store", "control", "config"},
    "admin": {"store", "control", "config", "dialplan"},
    "testkit": {"sip", "media", "dialplan", "call", "store", "control", "config", "pbx"},
}
PURE = {"sip", "media", "dialplan", "call"}
IMPURE = {"tokio", "sqlx", "axum", "mio", "hyper", "socket2", "nix"}
# What another library brings along without using it: rtc-srtp's shared crate has a socket module that no packet of ours passes.
EXCUSED = {("rtc-shared", "nix")}
PREFIX = "kiestoon-"


def main() -> int:
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.check_output(command))
    names = {package["id"]: package["name"] for package in metadata["packages"]}
    normal = {
        node["id"]: [d["pkg"] for d in node["deps"] if any(k["kind"] is None for k in d["dep_kinds"])]
        for node in metadata["resolve"]["nodes"]
    }
    faults = []
    for member in metadata["workspace_members"]:
        name = names[member].removeprefix(PREFIX)
        if name not in ALLOWED:
            continue  # tools beside the product (bench)
        ours = {names[d].removeprefix(PREFIX) for d in normal[member] if names[d].startswith(PREFIX)}
        faults += [f"{name} must not depend on {other}" for other in sorted(ours - ALLOWED[name])]
        if name in PURE:
            faults += [f"{name} is pure and must not reach {other}" for other in sorted(reach(member, normal, names) & IMPURE)]
    for fault in faults:
        print(f"layers: {fault}", file=sys.stderr)
    return 1 if faults else 0


def reach(start, normal, names):
    seen, todo = set(), [start]
    while todo:
        package = todo.pop()
        for dependency in normal[package]:
            if dependency not in seen and (names[package], names[dependency]) not in EXCUSED:
                seen.add(dependency)
                todo.append(dependency)
    return {names[d] for d in seen}


sys.exit(main())
