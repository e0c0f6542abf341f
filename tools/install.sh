#!/bin/sh
# install.sh ENVIRONMENT REQUIREMENTS: makes the virtual environment with any Python from 3.11 and installs the pinned requirements into it.
# Into .venv it also writes the command `readmeter`, which runs from this folder's sources.
set -eu
environment=$1 requirements=$2

how_to_get() { # package names of apt, of dnf, of brew
    if command -v apt-get >/dev/null; then echo "sudo apt-get install $1"
    elif command -v dnf >/dev/null; then echo "sudo dnf install $2"
    elif command -v brew >/dev/null; then echo "brew install $3"
    else echo "install it from python.org"; fi
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if ! [ -x "$environment/bin/python" ] || ! new_enough "$environment/bin/python"; then
    for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11 none; do
        if new_enough "$python"; then break; fi
    done
    if [ "$python" = none ]; then
        found=$(python3 --version 2>/dev/null || echo none)
        echo "Readmeter needs Python 3.11 or newer (found: $found). Type: $(how_to_get "python3 python3-venv" python3 python)   or: make PYTHON=/path/to/python3" >&2
        exit 1
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "This Python cannot make virtual environments. Type: $(how_to_get python3-venv python3 python)" >&2
        exit 1
    fi
    "$python" -m venv --clear "$environment"
fi

echo "Installing $requirements into $environment (once) …"
"$environment/bin/python" -m pip install -qq --disable-pip-version-check --no-input --no-deps --require-hashes --requirement "$requirements"

if [ "$environment" = .venv ]; then
    cat >"$environment/bin/readmeter" <<END
#!/bin/sh
PYTHONPATH="$PWD/shared" exec "$PWD/$environment/bin/python" -P -m readmeter.command "\$@"
END
    chmod +x "$environment/bin/readmeter"
fi
