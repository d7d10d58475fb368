#!/usr/bin/env bash
# Checks the API's descriptions as others read them: tests/api/lint.sh
#
# openapi-spec-validator, redocly and spectral must find nothing, not even something to warn of. The tools are installed
# once, under target/api-lint.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$here/../install.sh"
home="$target/api-lint"
install_python "$home" "$here/lint/requirements.txt"
install_node "$home" "$here/lint/package.json"

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
