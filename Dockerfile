# The command and the standalone controller, with native Git and an SSH client, as a user without rights.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json rolldown.config.ts ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git openssh-client tini \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/dist /opt/lockkeeper
RUN ln -s /opt/lockkeeper/lockkeeper.js /usr/local/bin/lockkeeper
ENV NODE_ENV=production LOCKKEEPER_CACHE_DIR=/var/cache/lockkeeper
RUN install -d -o node -g node -m 0700 /var/cache/lockkeeper
USER 1000:1000
# Node as process 1 would never reap what a killed git leaves behind.
ENTRYPOINT ["tini", "--", "lockkeeper"]
CMD ["--help"]
