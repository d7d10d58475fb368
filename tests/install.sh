# Sourced by the scripts that run programs of others. They are installed once, under target/, and again when their list
# changes:
#
#   install_python HOME REQUIREMENTS    makes HOME/venv
#   install_node HOME PACKAGE_JSON      makes HOME/node_modules
#
# Several tests run at once: a lock lets one of them install. uv takes a second where pip takes ten.
uv_version=0.13.9
target="${CARGO_TARGET_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/target}"
mkdir -p "$target"
target="$(cd "$target" && pwd)"
uv="$target/uv-$uv_version/bin/uv"

install_uv() {
  [ -x "$uv" ] && return
  python3 -m venv "$target/uv-$uv_version" &&
    "$target/uv-$uv_version/bin/pip" install --quiet --disable-pip-version-check "uv==$uv_version"
}

install_python() {
  mkdir -p "$1"
  (flock 9 && install_uv) 9>"$target/uv.lock" >&2 || return 1
  (
    flock 9
    cmp -s "$2" "$1/requirements.txt" && exit
    "$uv" venv --quiet --clear "$1/venv" &&
      "$uv" pip install --quiet --python "$1/venv/bin/python" -r "$2" &&
      cp "$2" "$1/requirements.txt"
  ) 9>"$1/lock" >&2
}

install_node() {
  mkdir -p "$1"
  (
    flock 9
    cmp -s "$2" "$1/package.json" && [ -d "$1/node_modules" ] && exit
    cp "$2" "$1/package.json" &&
      cd "$1" && npm install --silent --no-audit --no-fund --no-package-lock
  ) 9>"$1/lock" >&2
}
