#!/bin/sh
# Fetches the tools that only the tests use, runs the whole suite, and says last what could not run and what to type.
# With CI=true a tool that is missing is a failure.
set -u
unset READMETER_URL READMETER_ADMIN_URL # of `make test-http`: here the service under test is the one that the tests start
missing="" ignored=""

has() {
    command -v "$1" >/dev/null 2>&1
}

apt() { # packages: installs them where this machine lets us
    [ "$(id -u)" = 0 ] && has apt-get || return 1
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
} >&2

servers() { # nginx's package would start one on port 80: of it the program alone, into .tools; its libraries are Apache's too
    apt apache2-bin || return 1
    has nginx || { mkdir -p .tools/nginx && cd .tools/nginx && apt-get download -qq nginx && dpkg -x nginx_*.deb . && has nginx; }
} >&2

lacking() { # what is not run, what to type, the tests' folders or files
    missing="$missing
Not run: $1. Type: $2"
    shift 2
    for tests; do ignored="$ignored --ignore=$tests"; done
}

has chromium || apt chromium fonts-dejavu-core ||
    lacking "what a reader sees in a browser" "sudo apt-get install chromium" tests/browser

{ has npm || apt nodejs npm; } && make --no-print-directory node_modules/.package-lock.json ||
    lacking "the rebuild of the snippet and what publishers run in JavaScript" "sudo apt-get install nodejs npm" \
        tests/snippet tests/verify tests/http/test_own_path.py

[ -x .tools/python3.13/bin/python3.13 ] || tools/runtime.sh 2>/dev/null || { apt python3.13 python3.13-venv 2>/dev/null && tools/runtime.sh; } ||
    lacking "sam build and the rehearsal of a deployment" "make build (it says how to get Python 3.13)" tests/deploy/test_build.py tests/deploy/rehearsal

{ has openssl && has curl; } || apt openssl curl ||
    lacking "the rehearsal of a deployment" "sudo apt-get install openssl curl" tests/deploy/rehearsal

has soffice || apt libreoffice-calc-nogui ||
    lacking "exports in a spreadsheet" "sudo apt-get install libreoffice-calc-nogui" tests/usage/test_export_spreadsheet.py

(PATH=$PATH:/usr/sbin:$PWD/.tools/nginx/usr/sbin && { { has nginx && has apache2; } || servers; }) ||
    lacking "the own path's recipes" "sudo apt-get install nginx-light apache2-bin" tests/http/test_own_path.py

# shellcheck disable=SC2086
.venv/bin/python -m pytest -n auto --dist loadfile $ignored
status=$?

if [ -n "$missing" ]; then
    echo "$missing"
    if [ "${CI:-}" = true ]; then exit 1; fi
fi
exit $status
