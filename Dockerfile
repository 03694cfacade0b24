# riffle, built as tools/demo builds it, and then alone with the libraries that it loads.
#   docker build -t riffle . && docker run --rm riffle demo --seconds 30
FROM debian:12 AS build
WORKDIR /src
COPY tools/setup tools/
RUN tools/setup --build
COPY . .
RUN tools/build release riffle && strip --strip-debug build/release/riffle

FROM debian:12-slim
COPY tools/setup /usr/local/sbin/riffle-setup
RUN riffle-setup --runtime && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/riffle --create-home --shell /usr/sbin/nologin riffle
COPY --from=build /src/build/release/riffle /usr/local/bin/
COPY config/ /etc/riffle/
COPY LICENSE /usr/share/doc/riffle/
USER riffle
WORKDIR /var/lib/riffle
VOLUME /var/lib/riffle
EXPOSE 8080
ENTRYPOINT ["riffle"]
CMD ["--help"]
