#!/usr/bin/env bash
# Checks the API's descriptions as others read them: tests/api/lint.sh
#
# openapi-spec-validator, redocly and spectral must find nothing, not even something to warn of. The tools are installed
# once, under target/api-lint.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
home="${CARGO_TARGET_DIR:-$root/target}/api-lint"
mkdir -p "$home"
home="$(cd "$home" && pwd)"

install() {
  if ! cmp -s "$here/lint/requirements.txt" "$home/requirements.txt"; then
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/lint/requirements.txt"
    cp "$here/lint/requirements.txt" "$home/requirements.txt"
  fi
  if ! cmp -s "$here/lint/package.json" "$home/package.json" || [ ! -d "$home/node_modules" ]; then
    cp "$here/lint/package.json" "$home/package.json"
    (cd "$home" && npm install --silent --no-audit --no-fund --no-package-lock)
  fi
}
install >&2

# The tools run on the Node beside them, whatever the machine has.
export PATH="$home/node_modules/.bin:$PATH" REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
cd "$here/lint"
for description in ../../../openapi.yaml ../../../openapi-admin.yaml; do
  "$home/venv/bin/openapi-spec-validator" --subschema-errors all "$description"
  redocly lint --config redocly.yaml --format json "$description" >"$home/redocly.json" 2>"$home/redocly.log" || true
  jq -e '.totals | .errors == 0 and .warnings == 0' "$home/redocly.json" >/dev/null || {
    jq -r '.problems[] | select(.ignored | not) | "\(.severity) \(.ruleId): \(.message) at \(.location[0].pointer)"' "$home/redocly.json"
    cat "$home/redocly.log"
    exit 1
  }
  spectral lint --ruleset spectral.yaml --fail-severity hint "$description"
done
