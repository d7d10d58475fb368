#!/usr/bin/env bash
# Runs Meta's SDKs against a running simulator: tests/sdk/run.sh http://127.0.0.1:8090
#
# The SDKs are installed once, under target/sdk. The last line is `N passed, M failed`.
set -uo pipefail

url="${1:-${REGRANT_SANDBOX_URL:-}}"
if [ -z "$url" ]; then
  echo "usage: tests/sdk/run.sh SANDBOX_URL" >&2
  exit 2
fi
export REGRANT_SANDBOX_URL="$url"

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$here/../install.sh"
home="$target/sdk"
export REGRANT_SDK_HOME="$home/node"
install_python "$home" "$here/requirements.txt" && install_node "$REGRANT_SDK_HOME" "$here/package.json" ||
  { echo "the SDKs could not be installed" >&2; exit 1; }

passed=0 failed=0
run() {
  local output last
  output="$("$@" 2>&1)"
  local status=$?
  printf '%s\n' "$output" | sed '$d'
  last="$(printf '%s\n' "$output" | tail -n 1)"
  if [[ "$last" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  else
    printf '%s\n' "$last" "$2 ended with $status before its summary"
    failed=$((failed + 1))
  fi
}
run "$home/venv/bin/python" "$here/names.py" --check
run "$home/venv/bin/python" "$here/sweep.py"
run "$home/venv/bin/python" "$here/python_sdk.py"
run node "$here/node_sdk.mjs"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
