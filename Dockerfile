# syntax=docker/dockerfile:1

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends \
        ca-certificates libcurl4-openssl-dev libsqlite3-dev libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# Dependencies change seldom: this layer is kept until they do.
COPY Package.swift Package.resolve[d] ./
RUN swift package resolve
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build --configuration release --product ringback --static-swift-stdlib \
    && install -D --strip "$(swift build --configuration release --show-bin-path)/ringback" /out/ringback

FROM debian:bookworm-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends \
        ca-certificates libcurl4 libsqlite3-0 libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 65532 ringback \
    && useradd --uid 65532 --gid 65532 --home-dir /var/lib/ringback --no-create-home --shell /usr/sbin/nologin ringback \
    && install -d -o 65532 -g 65532 -m 0750 /var/lib/ringback
COPY --from=build /out/ringback /usr/local/bin/ringback

# Without a file /etc/ringback/ringback.yaml the environment is the configuration; with one, these two variables are not used.
# An address other machines can reach needs RINGBACK_API_TOKEN: without it Ringback says so and does not start.
ENV RINGBACK_LISTEN=0.0.0.0:8787 \
    RINGBACK_STORE=sqlite:/var/lib/ringback/ringback.db
USER 65532:65532
WORKDIR /var/lib/ringback
VOLUME /var/lib/ringback
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["ringback", "health"]
ENTRYPOINT ["ringback"]
CMD ["serve"]
