#!/usr/bin/env python3
"""Checks how the source reads: words, names, sizes and the arrows between the vault's folders.

    .ci/house.py [--names]    # --names also lists every one-word function name

The rule: a budget is only ever tightened. The script prints each figure with its worst ten, and fails if one is over.
"""
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

ONE_WORD_NAMES = 0.30  # of the function names outside tests
FILE_LINES, FUNCTION_LINES = 300, 30  # at the 95th percentile, outside tests
FILES_A_FOLDER = 20  # source files side by side

# Words that a reader has to decode. `_` and capitals part an identifier into words.
BANNED = re.compile(
    r"\b(told|tell|tells|whoever|nobody|somebody|anew|for ever|lets go|goes on|word of"
    r"|stand in|stand ins|new life|worked off|breath|the walls?)\b",
    re.IGNORECASE,
)
# Values of the API are wire format, not prose.
WIRE_VALUES = re.compile(r"""["'`](nobody|goes_on|told|told_at)["'`]|^\s*- (nobody|goes_on)$|^\s*enum: \[.*\]$""")
TEXTS = {".rs", ".md", ".toml", ".yaml", ".yml", ".sh", ".py", ".mjs", ".html", ".css"}


# Written by generators, from the description of the API.
GENERATED = ("clients/python/regrant_client/", "clients/typescript/regrant.ts")


def tracked():
    names = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    kept = [name for name in names.split("\0") if name and not name.startswith(GENERATED)]
    return [Path(name) for name in kept if Path(name).is_file()]


def is_test(path):
    parts = set(path.parts)
    return bool(parts & {"tests", "testkit", "benches"}) or re.search(r"(^tests|_test)\.rs$", path.name)


def blank(text):
    """The code with comments, strings and test modules blanked, so that braces and names can be counted."""
    token = r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\.[^\']*|[^\'\\])\''
    text = re.sub(token, lambda it: re.sub(r"[^\n]", " ", it[0]), text, flags=re.DOTALL)
    return re.sub(r"#\[cfg\(test\)\]\s*mod \w+ \{.*", "", text, flags=re.DOTALL)


def functions(path, code):
    """Each function as (lines, name, where)."""
    for found in re.finditer(r"\bfn (\w+)", code):
        depth, end = 0, None
        for at in range(found.end(), len(code)):
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(code[at], 0)
            if depth == 0 and code[at] in "};":
                end = at
                break
        first = code.count("\n", 0, found.start()) + 1
        yield code.count("\n", found.start(), end) + 1, found[1], f"{path}:{first}"


def words(path):
    """The banned words of a file, but for the changelog's past entries."""
    text = path.read_text(errors="replace")
    if path.name == "CHANGELOG.md":
        text = "\n".join(re.split(r"\n(?=## )", text)[:2])
    for number, line in enumerate(text.split("\n"), 1):
        prose = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", WIRE_VALUES.sub("", line)).replace("_", " ").replace("-", " ")
        for found in BANNED.finditer(prose):
            yield found[0].lower(), f"{path}:{number}"


def circles(paths, root):
    """The circles among the imports of the folders under `root`; a folder's own file belongs to it."""
    arrows = defaultdict(lambda: defaultdict(set))
    folders = {path.relative_to(root).parts[0] for path in paths if len(path.relative_to(root).parts) > 1}
    for path in paths:
        room = path.relative_to(root).parts[0].removesuffix(".rs")
        if room not in folders or is_test(path):
            continue
        code = blank(path.read_text())
        used = {found[1] for found in re.finditer(r"\bcrate::(\w+)", code)}
        for group in re.finditer(r"\bcrate::\{(.*?)\};", code, re.DOTALL):
            flat = re.sub(r"\{[^{}]*\}", "", re.sub(r"\{[^{}]*\}", "", group[1]))
            used |= {part.strip().split("::")[0] for part in flat.split(",")}
        for other in (used & folders) - {room}:
            arrows[room][other].add(str(path))
    found = set()

    def walk(room, trail):
        for other in arrows[room]:
            if other in trail:
                ring = trail[trail.index(other):]
                start = ring.index(min(ring))
                found.add(" -> ".join(ring[start:] + ring[:start]))
            else:
                walk(other, [*trail, other])

    for room in sorted(folders):
        walk(room, [room])
    return sorted(found)


def percentile(values, part=0.95):
    return sorted(values)[int(len(values) * part)] if values else 0


class Report:
    failed = False

    def line(self, what, figure, limit, worst, most=10):
        over = figure > limit
        self.failed |= over
        print(f"{'OVER' if over else '  ok'}  {what}: {figure:.3g} (at most {limit:g})")
        for entry in worst[:most]:
            print(f"        {entry}")


def main():
    paths = tracked()
    banned = [it for path in paths if path.suffix in TEXTS and path != Path(".ci/house.py") for it in words(path)]
    sources = [path for path in paths if path.suffix == ".rs" and not is_test(path)]
    code = {path: blank(path.read_text()) for path in sources}
    lengths = sorted(((path.read_text().count("\n"), str(path)) for path in sources), reverse=True)
    bodies = sorted((it for path in sources for it in functions(path, code[path])), reverse=True)
    short = Counter(name for _, name, _ in bodies if "_" not in name.strip("_"))
    folders = Counter(path.parent for path in paths if path.suffix == ".rs")
    vault = Path("crates/vault/src")
    rings = circles([path for path in sources if vault in path.parents], vault)

    report = Report()
    report.line("banned words", len(banned), 0, [f"{where}: {word}" for word, where in banned])
    report.line(
        "one-word function names", sum(short.values()) / max(1, len(bodies)), ONE_WORD_NAMES,
        [f"{count} x {name}" for name, count in short.most_common()],
        None if "--names" in sys.argv else 10,
    )
    report.line("file length, p95", percentile([it[0] for it in lengths]), FILE_LINES,
                [f"{lines} {path}" for lines, path in lengths])
    report.line("function length, p95", percentile([it[0] for it in bodies]), FUNCTION_LINES,
                [f"{lines} {name} {where}" for lines, name, where in bodies])
    report.line("files in one folder", max(folders.values()), FILES_A_FOLDER,
                [f"{count} {folder}" for folder, count in folders.most_common(10)])
    report.line("circles between the vault's folders", len(rings), 0, rings)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
