#!/usr/bin/env bash
# Brings PostgreSQL for the tests of the Task Manager, where that can be done without asking anybody.
# Only its programs are used: the tests start a server of their own, and end it.
set -u
command -v initdb >/dev/null && exit 0
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing PostgreSQL, which the tests of the Task Manager use."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql >/dev/null && exit 0
fi
echo "There is no PostgreSQL: its tests are skipped. On Debian: sudo apt install postgresql" >&2
