# The image of Tesslate Studio: docs/operations/docker-image.md. `./studio image build` builds it. No BuildKit features, so that every builder can.

# Has Node and npm on a Debian with bubblewrap 0.8 or newer. To pin its content: --build-arg NODE_IMAGE=node@sha256:…
ARG NODE_IMAGE=node:24.21.0-trixie-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /opt/tesslate-studio
# Only the manifests, so that packages are installed again only when they change.
COPY package.json package-lock.json .npmrc ./
COPY apps/server/package.json apps/server/
COPY apps/web/package.json apps/web/
COPY packages/agent/package.json packages/agent/
COPY packages/client/package.json packages/client/
COPY packages/contract/package.json packages/contract/
COPY packages/runtime/package.json packages/runtime/
COPY packages/testkit/package.json packages/testkit/
COPY packages/text-calls/package.json packages/text-calls/
COPY bench/package.json bench/
COPY e2e/package.json e2e/
COPY evals/package.json evals/
RUN npm ci --ignore-scripts --no-audit --no-fund --include-workspace-root --workspace @tesslate/server --workspace @tesslate/web \
  --workspace @tesslate/runtime --workspace @tesslate/agent --workspace @tesslate/client --workspace @tesslate/contract \
  --workspace @tesslate/testkit --workspace @tesslate/text-calls
COPY . .
RUN node scripts/build.ts --if-needed

# The packages of the server without those of its development, from the cache of the stage before.
FROM build AS packages
RUN rm -rf node_modules apps/*/node_modules packages/*/node_modules \
  && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --prefer-offline --workspace @tesslate/server --workspace @tesslate/runtime \
    --workspace @tesslate/agent --workspace @tesslate/contract --workspace @tesslate/text-calls \
  # The embedded PostgreSQL completes its folder at the first start, which the image's user cannot.
  && node --input-type=module-typescript -e 'await (await import("./apps/server/src/platform/postgres/programs.ts")).findPostgresPrograms();' \
  # Tells ./studio that nothing has to be fetched or built.
  && mkdir -p .studio && rm -f .studio/built && touch .studio/image

FROM ${NODE_IMAGE}
# More programs for projects, for example "chromium build-essential".
ARG EXTRA_PACKAGES=""
# setpriv, flock and nsenter (util-linux) are part of every Debian.
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    bubblewrap ca-certificates git iproute2 libnss-wrapper nftables python3 python3-pip python3-venv ripgrep tini ${EXTRA_PACKAGES} \
  && rm -rf /var/lib/apt/lists/* \
  && if id node >/dev/null 2>&1; then userdel --remove node; fi \
  && useradd --uid 1000 --user-group --create-home --shell /bin/bash studio \
  # Group 0, because a user id that is not in the image has it.
  && mkdir /data && chown 1000:0 /data && chmod 0775 /data
WORKDIR /opt/tesslate-studio
COPY --from=packages /opt/tesslate-studio/node_modules node_modules
# What the server reads at run time, and the sources that commands (./studio admin, doctor, backup, …) run from.
COPY --from=packages /opt/tesslate-studio/package.json /opt/tesslate-studio/studio /opt/tesslate-studio/LICENSE /opt/tesslate-studio/README.md ./
COPY --from=packages /opt/tesslate-studio/.studio .studio
COPY --from=packages /opt/tesslate-studio/apps/server apps/server
COPY --from=packages /opt/tesslate-studio/apps/web/dist apps/web/dist
COPY --from=packages /opt/tesslate-studio/packages packages
COPY --from=packages /opt/tesslate-studio/scripts scripts
COPY --from=packages /opt/tesslate-studio/templates templates
COPY --from=packages /opt/tesslate-studio/themes themes
COPY --from=packages /opt/tesslate-studio/deploy/docker deploy/docker
ARG REVISION=""
RUN if [ -n "$REVISION" ]; then printf '%s\n' "$REVISION" >REVISION; fi
ENV DATA_DIR=/data HOST=0.0.0.0 PORT=8000
USER 1000:1000
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s --retries=3 CMD ["/opt/tesslate-studio/deploy/docker/healthcheck"]
# tini reaps the processes of projects whose parents have ended.
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/tesslate-studio/studio"]
CMD ["up"]
ARG VERSION=""
LABEL org.opencontainers.image.title="Tesslate Studio" \
  org.opencontainers.image.description="Self-hosted AI app builder" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
