#!/usr/bin/env bash
# Writes web/regrant.js, the one file that the server embeds and serves, from web/src: web/bundle.sh
#
# Run it after a change of web/src, and commit both. A test fails where the file is not current.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="$("$here/../tests/browser/install.sh")"
"$home/node_modules/.bin/esbuild" "$here/src/module.js" --bundle --minify --format=esm --target=es2022 \
  --log-level=warning --outfile="${1:-$here/regrant.js}"
