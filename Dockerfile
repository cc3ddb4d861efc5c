# Headgate's image: the agent and nothing else; it needs no shell, runs as uid 65532 and on a read-only root.
# BASE is anything with Node 22.19 or later. The default has neither shell nor package manager.
# --target backup makes the same image with pg_dump and pg_restore 16 and 18, for backup.strategy dump and dump-touched.
ARG BUILD=node:24-bookworm-slim
ARG BASE=gcr.io/distroless/nodejs24-debian12:latest

FROM ${BUILD} AS build
WORKDIR /src
COPY . .
RUN ["node", ".ci/build-in-image.ts"]

FROM ${BUILD} AS clients
# Of PostgreSQL's own packages: what 18 writes, 16 and older do not take back without a complaint.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends postgresql-client-16 postgresql-client-18
COPY .ci/collect-clients.ts /
RUN ["node", "/collect-clients.ts", "/clients"]

FROM ${BASE} AS agent
# The default base keeps its Node in /nodejs/bin. One arena for all threads takes 5 MB less than one for each.
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/nodejs/bin \
    NODE_ENV=production \
    MALLOC_ARENA_MAX=1
COPY --from=build /src/dist /app/dist
COPY package.json LICENSE .ci/install-image.ts .ci/compile-bundle.ts /app/
USER 0
# Writes /usr/local/bin/headgate for this base's Node, makes /migrations, and compiles the bundle.
RUN ["node", "/app/install-image.ts"]
USER 65532:65532
WORKDIR /
ENTRYPOINT ["headgate"]
CMD ["--help"]

FROM agent AS backup
COPY --from=clients /clients/ /

FROM agent
