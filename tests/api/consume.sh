#!/usr/bin/env bash
# Runs a program that uses the API with libraries of others: tests/api/consume.sh webhooks.py ARGUMENT…
#
# The programs are in consumers/. The last line is `N passed, M failed`.
set -uo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$here/../install.sh"
home="$target/schemathesis"
install_python "$home" "$here/requirements.txt" && install_node "$home/node" "$here/package.json" ||
  { echo "the libraries could not be installed" >&2; exit 1; }

program="$here/consumers/$1"
shift
export REGRANT_NODE_HOME="$home/node"
case "$program" in
  *.py) exec "$home/venv/bin/python" "$program" "$@" ;;
  *) exec node "$program" "$@" ;;
esac
