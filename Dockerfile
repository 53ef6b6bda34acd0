# One image for every part; compose.yaml says which command each container runs.

FROM node:24.11.1-alpine3.22 AS page
WORKDIR /src
COPY voice_agent/web/page/package.json voice_agent/web/page/package-lock.json voice_agent/web/page/
RUN npm ci --silent --no-fund --no-audit --prefix voice_agent/web/page
COPY voice_agent/web/page voice_agent/web/page
RUN npm run --silent build --prefix voice_agent/web/page

FROM python:3.12.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/voice-agent
COPY requirements.lock .
RUN /opt/voice-agent/bin/pip install -q --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY mcp_servers mcp_servers
COPY voice_agent voice_agent
COPY --from=page /src/voice_agent/web/static voice_agent/web/static
RUN /opt/voice-agent/bin/pip install -q --no-deps --no-build-isolation .

FROM python:3.12.12-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home voice \
    && install -d -o voice -g voice /var/lib/voice-agent /run/voice-agent
COPY --from=build /opt/voice-agent /opt/voice-agent
ENV PATH=/opt/voice-agent/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOME=/var/lib/voice-agent VOICE_AGENT_HOME=/var/lib/voice-agent
USER 10001:10001
WORKDIR /var/lib/voice-agent
CMD ["voice-agent", "--help"]
