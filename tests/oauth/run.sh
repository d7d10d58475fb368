#!/usr/bin/env bash
# Logs in at a running server with oauth4webapi and openid-client: tests/oauth/run.sh ISSUER CLIENT_ID
#
# The client's secret is read from standard input. The programs are installed once, under target/oauth. The last line is
# `N passed, M failed`.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$here/../install.sh"
export REGRANT_OAUTH_HOME="$target/oauth"
install_node "$REGRANT_OAUTH_HOME" "$here/package.json"
exec node "$here/oauth.mjs" "$1" "$2"
