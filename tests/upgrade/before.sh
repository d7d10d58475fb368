#!/usr/bin/env bash
# Compiles the program of an earlier release, and prints its path: tests/upgrade/before.sh [TAG|COMMIT]
#
# By default that is the newest tag, or the commit in the file `before` where there is no tag. What was compiled once is
# kept below `target/before`.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here/../.."

named="${1:-$(git describe --tags --abbrev=0 2>/dev/null || cat "$here/before")}"
commit="$(git rev-parse --verify --quiet "$named^{commit}")" || { echo "no commit: $named" >&2; exit 1; }
kept="$PWD/target/before"
program="$kept/$commit/regrant"
if [ ! -x "$program" ]; then
  source="$kept/$commit/source"
  rm -rf "$source" && mkdir -p "$source"
  git archive "$commit" | tar -x -C "$source"
  (cd "$source" && CARGO_TARGET_DIR="$kept/target" cargo build -q --locked --workspace --bins >&2)
  cp "$kept/target/debug/regrant" "$program"
  rm -rf "$source"
fi
echo "$program"
