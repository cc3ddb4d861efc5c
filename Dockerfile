# Headgate's image: the agent and nothing else; it needs no shell, runs as uid 65532 and on a read-only root.
# BASE is anything with Node 22.19 or later. The default has neither shell nor package manager.
ARG BUILD=node:24-bookworm-slim
ARG BASE=gcr.io/distroless/nodejs24-debian12:latest

FROM ${BUILD} AS build
WORKDIR /src
COPY . .
RUN ["node", ".ci/build-in-image.ts"]

FROM ${BASE}
# The default base keeps its Node in /nodejs/bin.
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/nodejs/bin \
    NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/compile-cache \
    NODE_COMPILE_CACHE_PORTABLE=1
COPY --from=build /src/dist /app/dist
COPY package.json LICENSE .ci/install-image.ts /app/
USER 0
# Writes /usr/local/bin/headgate for this base's Node, makes /migrations, and fills the compile cache.
RUN ["node", "/app/install-image.ts"]
USER 65532:65532
WORKDIR /
ENTRYPOINT ["headgate"]
CMD ["--help"]
