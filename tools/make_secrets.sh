#!/usr/bin/env bash
# Writes the secrets that compose.yaml needs into .env, new ones; those that are there stay.
set -eu
cd "$(dirname "$0")/.."
umask 077
touch .env
for name in LIVEKIT_API_SECRET POSTGRES_PASSWORD VOICE_AGENT_HUB__TOKEN VOICE_AGENT_HUB__PERMIT_KEY VOICE_AGENT_WEB__SECRET; do
    grep -q "^$name=." .env && continue
    echo "$name=$(head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n')" >>.env
    echo "Wrote a new $name to .env."
done
mkdir -p servers
echo "What the page asks for is VOICE_AGENT_WEB__SECRET in .env. Your mcp.json goes into servers/."
