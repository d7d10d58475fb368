#!/usr/bin/env bash
# Runs a program that uses the API with libraries of others: tests/api/consume.sh webhooks.py ARGUMENT…
#
# The programs are in consumers/. The last line is `N passed, M failed`.
set -uo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/install.sh"
(flock 9 && install_python && install_node) 9>"$home/lock" >&2 || { echo "the libraries could not be installed" >&2; exit 1; }

program="$here/consumers/$1"
shift
export REGRANT_NODE_HOME="$home/node"
case "$program" in
  *.py) exec "$home/venv/bin/python" "$program" "$@" ;;
  *) exec node "$program" "$@" ;;
esac
