# Headgate's image: the agent and nothing else. No shell, no package manager, uid 65532, read-only root.
# Any base with Node 22.19 or later will do; the default has neither shell nor package manager.
ARG BUILD=node:24-bookworm-slim
ARG BASE=gcr.io/distroless/nodejs24-debian12:latest

FROM ${BUILD} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm install --no-save --ignore-scripts=false esbuild@0.28.2
COPY . .
RUN node .ci/build.ts

FROM ${BASE}
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/nodejs/bin \
    NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/.compile-cache \
    NODE_COMPILE_CACHE_PORTABLE=1
COPY --from=build /src/dist /app/dist
COPY --from=build /src/node_modules/libpg-query /app/node_modules/libpg-query
COPY --from=build /src/node_modules/jiti /app/node_modules/jiti
COPY .ci/install-image.ts LICENSE /app/
USER 0
# Writes /usr/local/bin/headgate for this base's Node, makes /migrations, and fills the compile cache.
RUN ["node", "/app/install-image.ts"]
USER 65532:65532
WORKDIR /
ENTRYPOINT ["headgate"]
CMD ["--help"]
