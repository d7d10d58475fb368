#!/usr/bin/env bash
# Writes the clients from openapi.yaml: clients/generate.sh [DIRECTORY]
#
# DIRECTORY is where to write instead of this folder; the tools are installed once, under target/clients.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
into="$(mkdir -p "${1:-$here}" && cd "${1:-$here}" && pwd)"
. "$here/../tests/install.sh"
home="$target/clients"
install_python "$home" "$here/python/requirements.txt"
install_node "$home" "$here/typescript/package.json"

mkdir -p "$into/typescript" "$into/python"
"$home/node_modules/.bin/openapi-typescript" "$here/../openapi.yaml" --default-non-nullable=false --output "$into/typescript/regrant.ts" >&2

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && PATH="$home/venv/bin:$PATH" openapi-python-client generate --path "$here/../openapi.yaml" \
  --config "$here/python/config.yaml" --output-path "$work/python" --fail-on-warning >&2)
rm -rf "$into/python/regrant_client"
cp -r "$work/python/regrant_client" "$work/python/pyproject.toml" "$into/python/"
