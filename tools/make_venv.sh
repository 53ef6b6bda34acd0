#!/usr/bin/env bash
# Makes a virtual environment with a Python that is new enough, and brings in uv where the machine has none.
set -u
venv=$1 uv_version=$2

for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.14; do
    if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
        echo "Setting up $venv with $("$python" --version), once."
        if command -v uv >/dev/null; then
            exec uv venv -q --python "$(command -v "$python")" "$venv"
        fi
        if ! "$python" -m venv "$venv" 2>/dev/null; then
            rm -rf "$venv"
            echo "This Python cannot make virtual environments. On Debian and Ubuntu: sudo apt install python3-venv" >&2
            exit 1
        fi
        "$venv/bin/python" -m pip install -q --disable-pip-version-check "uv==$uv_version" && exit 0
        rm -rf "$venv"
        echo "The package “uv” could not be installed: is there a network, and does pip work here?" >&2
        exit 1
    fi
done
echo "Python 3.11 to 3.14 is needed, and none was found. Install one, or name it: make PYTHON=/path/to/python3.12" >&2
exit 1
