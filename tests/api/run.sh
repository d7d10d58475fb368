#!/usr/bin/env bash
# Sends generated calls to a running server and checks the responses against its OpenAPI description:
#   REGRANT_BEARER=… tests/api/run.sh http://127.0.0.1:8080 openapi.yaml EXAMPLES [OPERATION_TO_LEAVE_OUT…]
#
# Each call must be answered as the description says: its statuses, media types, headers and schemas, no 5xx.
# `statuses.py` adds a check of the statuses that every call may have.
# Two checks are left out: positive_data_acceptance, because a schema cannot say which ids exist and which fields exclude
# each other; and ignored_auth, because tests/it/access/matrix.rs checks it for every route.
# The last line is `N cases, M failed`.
set -uo pipefail

url="$1" description="$(realpath "$2")" examples="$3"
shift 3
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$here/../install.sh"
home="$target/schemathesis"
install_python "$home" "$here/requirements.txt" || { echo "schemathesis could not be installed" >&2; exit 1; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# The token is passed in a file: the process list would show an argument.
{
  [ -n "${REGRANT_BEARER:-}" ] && printf '[headers]\nAuthorization = "Bearer %s"\n' "$REGRANT_BEARER"
} >"$work/schemathesis.toml"

# schemathesis writes its files into the current directory.
cd "$work"
leave_out=()
for operation in "$@"; do leave_out+=(--exclude-operation-id "$operation"); done
export SCHEMATHESIS_HOOKS="$here/statuses.py"
"$home/venv/bin/schemathesis" --config-file "$work/schemathesis.toml" run "$description" --url "$url" \
  --max-examples "$examples" --seed 1 --checks all --exclude-checks positive_data_acceptance,ignored_auth \
  --continue-on-failure --no-shrink --request-timeout 60 --report json --report-json-path "$work/report.json" \
  "${leave_out[@]}" >"$work/output" 2>&1
status=$?
[ "$status" -eq 0 ] || cut -c1-600 "$work/output" | tail -n 150
"$home/venv/bin/python" - "$work/report.json" <<'PYTHON'
import json, sys
cases = json.load(open(sys.argv[1]))["test_cases"]
print(f"{cases['generated']} cases, {cases['with_failures'] + cases['errored']} failed")
PYTHON
exit "$status"
