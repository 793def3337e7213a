# The image of every process of ours in a deployment: control worker, site agent, backup-cron, CLI.
# PostgreSQL's programs are of the major version they are to judge and replay: 15 here, as in docker-compose.yml.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts && rm -rf dist/test dist/bench

FROM node:24-bookworm-slim
# The user first: it has the number that owns the data in the postgres images, and Debian's package then keeps it.
RUN groupadd --gid 999 postgres \
 && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql --create-home postgres \
 && apt-get update \
 && apt-get install -y --no-install-recommends postgresql-common tini ca-certificates \
 && sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
 && apt-get install -y --no-install-recommends postgresql-15 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 999 -g 999 /restored
WORKDIR /app
ENV NODE_ENV=production PG_BINDIR=/usr/lib/postgresql/15/bin
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/deploy/compose/bucket.mjs ./deploy/compose/
USER 999:999
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["node", "dist/client/main.js", "--help"]
