#!/usr/bin/env bash
# Runs a story in a browser: tests/browser/run.sh STORY.mjs 'JSON'
#
# The browsers are the machine's own; what drives them is installed once, under target/browser. The last line is
# `N passed, M failed`.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
REGRANT_BROWSER_HOME="$("$here/install.sh")"
export REGRANT_BROWSER_HOME
exec node "$here/$1" "$2"
