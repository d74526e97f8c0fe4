# API, worker and command line as one image, and the set-up, which alone needs Prisma's command, as another:
#   docker build --target runtime --tag aos:0.1.0 .
#   docker build --target setup --tag aos-setup:0.1.0 .
# Settings and secrets come with the environment of the container; none is in an image. Health is asked in compose.yaml.

FROM node:22.21.1-bookworm-slim AS base
ENV NODE_ENV=production
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN npm run db:generate && npm run build && npm run build:workflows && npm run check:bundle

FROM base AS packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM base AS runtime
# TLS to a Temporal server is checked against the system's certificates, which the slim image lacks.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
# A named volume takes the owner of the folder that it covers first.
RUN install --directory --owner=node --group=node --mode=0700 /data
# Freed memory otherwise stays with glibc's arenas.
ENV AOS_DATA_DIR=/data MALLOC_ARENA_MAX=2 LANCEDB_LOG=error
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/package.json package.json
COPY --from=build /app/bin bin
COPY --from=build /app/models models
COPY --from=build /app/examples examples
COPY --from=build /app/prisma/migrations prisma/migrations
COPY --from=build /app/dist dist
USER node
CMD ["node", "--enable-source-maps", "--max-old-space-size=512", "--max-semi-space-size=16", "dist/api/server.js"]

FROM runtime AS setup
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/prisma.config.ts prisma.config.ts
COPY --from=build /app/prisma/schema.prisma prisma/schema.prisma
COPY --from=build /app/tools/schema-engine.mjs tools/schema-engine.mjs
CMD ["node", "dist/scripts/setup.js"]
