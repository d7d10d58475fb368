#!/usr/bin/env bash
# Logs in at a running server with oauth4webapi and openid-client: tests/oauth/run.sh ISSUER CLIENT_ID
#
# The client's secret is read from standard input. The programs are installed once, under target/oauth. The last line is
# `N passed, M failed`.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="${CARGO_TARGET_DIR:-$here/../../target}/oauth"
mkdir -p "$home"
# Tests run it at the same time: one installs, the others wait.
exec 9>"$home/lock"
flock 9
if ! cmp -s "$here/package.json" "$home/package.json" || [ ! -d "$home/node_modules" ]; then
  cp "$here/package.json" "$home/package.json"
  (cd "$home" && npm install --silent --no-audit --no-fund --no-package-lock) >&2
fi
exec 9>&-
REGRANT_OAUTH_HOME="$(cd "$home" && pwd)"
export REGRANT_OAUTH_HOME
exec node "$here/oauth.mjs" "$1" "$2"
