# PostgreSQL from the distribution of the base image. It behaves like the official image that compose.yaml uses.
ARG BASE
FROM ${BASE}
COPY postgres-entrypoint /usr/local/bin/postgres-entrypoint
RUN ln -sf /usr/lib/postgresql/*/bin/* /usr/local/bin/ \
    && install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data \
    && install -d -o postgres -g postgres /var/run/postgresql
USER postgres
ENTRYPOINT ["/bin/bash", "/usr/local/bin/postgres-entrypoint"]
