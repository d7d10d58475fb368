#!/usr/bin/env bash
# Runs a story in headless Chromium: tests/browser/run.sh STORY.mjs 'JSON'
#
# Chromium is the machine's own; playwright-core, which drives it, is installed once, under target/browser. The last line
# is `N passed, M failed`.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="${CARGO_TARGET_DIR:-$here/../../target}/browser"
mkdir -p "$home"
if ! cmp -s "$here/package.json" "$home/package.json" || [ ! -d "$home/node_modules" ]; then
  cp "$here/package.json" "$home/package.json"
  (cd "$home" && npm install --silent --no-audit --no-fund --no-package-lock) >&2
fi
REGRANT_BROWSER_HOME="$(cd "$home" && pwd)"
export REGRANT_BROWSER_HOME
exec node "$here/$1" "$2"
