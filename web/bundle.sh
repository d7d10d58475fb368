#!/usr/bin/env bash
# Writes web/regrant.js, the one file that the server embeds and serves, from web/src; its name and its digest to
# web/release.json; and both to the tag in web/README.md: web/bundle.sh [FOLDER]
#
# Run it after a change of web/src, and commit the files. A test fails where they are not current; it gives a FOLDER, in
# which they are written instead.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out="${1:-$here}"
home="$("$here/../tests/browser/install.sh")"
node "$here/bundle.mjs" "$home" "$out/regrant.js"
version="$(node -p "require('$here/package.json').version")"
short="$(sha256sum "$out/regrant.js" | cut -c 1-12)"
integrity="sha256-$(openssl dgst -sha256 -binary "$out/regrant.js" | base64)"
path="/static/regrant-$version-$short.js"
printf '{ "path": "%s", "integrity": "%s" }\n' "$path" "$integrity" >"$out/release.json"
sed -E -e "s|/static/regrant-[0-9.]+-[0-9a-f]+\.js|$path|g" -e "s|sha256-[A-Za-z0-9+/]+=*|$integrity|g" \
  "$here/README.md" >"$out/README.md.new"
mv "$out/README.md.new" "$out/README.md"
