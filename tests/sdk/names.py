"""Writes which fields and edges Meta's types have: crates/sandbox/src/graph/fields/meta_names.txt, from Meta's Python SDK.

The simulator answers 501 for a name of this list that it does not simulate, and Graph's own error for any other one.
`--check` compares the file with the SDK that is installed. The last line is `N passed, M failed`.
"""

import importlib
import inspect
import re
import sys
import textwrap
from pathlib import Path

TYPES = [
    "AdAccount",
    "AdsPixel",
    "Application",
    "Business",
    "IGUser",
    "Page",
    "ProductCatalog",
    "SystemUser",
    "User",
    "WhatsAppBusinessAccount",
]
FILE = Path(__file__).resolve().parents[2] / "crates/sandbox/src/graph/fields/meta_names.txt"


def sdk_class(name):
    return getattr(importlib.import_module(f"facebook_business.adobjects.{name.lower()}"), name)


def sdk_calls(name):
    """The methods of a class that are calls: name, HTTP method, edge (`/` is the node itself)."""
    for method, function in vars(sdk_class(name)).items():
        if method.startswith("_") or not inspect.isfunction(function):
            continue
        found = re.search(r"method='(\w+)',\s*endpoint='/([^']*)'", inspect.getsource(function))
        if found:
            yield method, found[1], found[2]


def meta_names(name):
    fields = {value for key, value in vars(sdk_class(name).Field).items() if not key.startswith("_")}
    return sorted(fields | {edge for _, verb, edge in sdk_calls(name) if verb == "GET" and edge})


def text():
    lines = []
    for name in TYPES:
        lines += textwrap.wrap(f"{name}: {' '.join(meta_names(name))}", 110, subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1:] != ["--check"]:
        FILE.write_text(text())
    current = FILE.read_text() == text()
    print(f"{'ok   ' if current else 'FAIL '} names: the names of Meta's types are those of the SDK")
    print(f"{int(current)} passed, {int(not current)} failed")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
