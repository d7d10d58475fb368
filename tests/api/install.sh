# Sourced by the scripts here: installs the programs of others that they run, once, under target/schemathesis.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="${CARGO_TARGET_DIR:-$here/../../target}/schemathesis"
mkdir -p "$home/node"
home="$(cd "$home" && pwd)"

install_python() {
  cmp -s "$here/requirements.txt" "$home/requirements.txt" && return
  python3 -m venv "$home/venv" &&
    "$home/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" &&
    cp "$here/requirements.txt" "$home/requirements.txt"
}

install_node() {
  cmp -s "$here/package.json" "$home/node/package.json" && [ -d "$home/node/node_modules" ] && return
  cp "$here/package.json" "$home/node/package.json" &&
    (cd "$home/node" && npm install --silent --no-audit --no-fund --no-package-lock)
}
# Several tests run at once; the lock lets one of them install.
