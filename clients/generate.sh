#!/usr/bin/env bash
# Writes the clients from openapi.yaml: clients/generate.sh [DIRECTORY]
#
# DIRECTORY is where to write instead of this folder; the tools are installed once, under target/clients.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
into="$(mkdir -p "${1:-$here}" && cd "${1:-$here}" && pwd)"
home="${CARGO_TARGET_DIR:-$here/../target}/clients"
mkdir -p "$home"
home="$(cd "$home" && pwd)"

install() {
  if ! cmp -s "$here/python/requirements.txt" "$home/requirements.txt"; then
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
    cp "$here/python/requirements.txt" "$home/requirements.txt"
  fi
  if ! cmp -s "$here/typescript/package.json" "$home/package.json" || [ ! -d "$home/node_modules" ]; then
    cp "$here/typescript/package.json" "$home/package.json"
    (cd "$home" && npm install --silent --no-audit --no-fund --no-package-lock)
  fi
}

mkdir -p "$into/typescript" "$into/python"
install >&2
"$home/node_modules/.bin/openapi-typescript" "$here/../openapi.yaml" --default-non-nullable=false --output "$into/typescript/regrant.ts" >&2

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && PATH="$home/venv/bin:$PATH" openapi-python-client generate --path "$here/../openapi.yaml" \
  --config "$here/python/config.yaml" --output-path "$work/python" --fail-on-warning >&2)
rm -rf "$into/python/regrant_client"
cp -r "$work/python/regrant_client" "$work/python/pyproject.toml" "$into/python/"
