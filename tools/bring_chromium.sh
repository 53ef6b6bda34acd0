#!/usr/bin/env bash
# Brings Chromium for the tests of the page, where that can be done without asking anybody.
set -u
for browser in chromium chromium-browser google-chrome; do
    command -v "$browser" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium, which the tests of the page use."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "There is no Chromium on PATH: the tests of the page are skipped. On Debian: sudo apt install chromium" >&2
