#!/usr/bin/env bash
# Installs what the browser tests need from npm under target/browser, once, and prints that folder.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="${CARGO_TARGET_DIR:-$here/../../target}/browser"
mkdir -p "$home"
# Two stories may start at the same time.
exec 9>"$home/lock"
flock 9
if ! cmp -s "$here/package-lock.json" "$home/installed.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$home"
  (cd "$home" && npm ci --silent --no-audit --no-fund --ignore-scripts) >&2
  cp "$here/package-lock.json" "$home/installed.json"
fi
cd "$home" && pwd
