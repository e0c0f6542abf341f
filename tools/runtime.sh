#!/bin/sh
# Makes .tools/python3.13, an environment with the Python of the deployed functions: `sam build` and the byte code need that very version.
set -eu

works() {
    [ "$("$1" -c 'import sys, ensurepip, venv; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = 3.13 ]
}

for python in "${PYTHON313:-}" python3.13 python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python3.13 \
    "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}"/cpython-3.13*/bin/python3.13; do
    if [ -n "$python" ] && works "$python"; then
        exec "$python" -m venv --clear .tools/python3.13
    fi
done
echo "The deployed functions run on Python 3.13, and none was found to build them with. Type one of:" >&2
echo "  sudo apt-get install python3.13 python3.13-venv   |   pyenv install 3.13   |   uv python install 3.13   |   brew install python@3.13" >&2
echo "or name one: make PYTHON313=/path/to/python3.13 build" >&2
exit 1
