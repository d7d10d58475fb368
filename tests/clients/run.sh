#!/usr/bin/env bash
# Checks that the clients are those of openapi.yaml, compiles them, and runs their examples against a running server:
#   REGRANT_API=… REGRANT_CLIENT_ID=… REGRANT_CLIENT_SECRET=… REGRANT_PERSON_TOKEN=… tests/clients/run.sh
#
# The last lines are `typescript: {…}` and `python: {…}`, the counts of the outcomes.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
. "$here/tests/install.sh"
home="$target/clients"
made="$(mktemp -d)"
trap 'rm -rf "$made"' EXIT

bash "$here/clients/generate.sh" "$made"
for kept in typescript/regrant.ts python/regrant_client python/pyproject.toml; do
  diff -rq --exclude=__pycache__ "$here/clients/$kept" "$made/$kept" || {
    echo "clients/$kept is stale: run clients/generate.sh" >&2
    exit 1
  }
done

cp "$here"/clients/typescript/{client.ts,example.ts,tsconfig.json,package.json} "$made/typescript/"
ln -s "$home/node_modules" "$made/typescript/node_modules"
(cd "$made/typescript" && node_modules/.bin/tsc)
cp "$here/clients/python/README.md" "$made/python/"
cp "$here/clients/python/example.py" "$made/"
"$uv" pip install --quiet --python "$home/venv/bin/python" --no-deps --target "$made/installed" "$made/python"

echo "typescript: $(node "$made/typescript/build/example.js" | tail -n 1)"
echo "python: $(PYTHONPATH="$made/installed" "$home/venv/bin/python" "$made/example.py" | tail -n 1)"
