# riffle, built as tools/demo builds it, and then alone with the libraries that it loads.
#   docker build -t riffle . && docker run --rm riffle demo --seconds 30
# With --build-arg network=no it has no LibTorch and is some 500 MB smaller; the scorer dqn then cannot learn there.
FROM debian:12 AS build
WORKDIR /src
COPY tools/setup tools/
RUN tools/setup --build
COPY . .
RUN tools/build release riffle && strip --strip-debug build/release/riffle build/release/libriffle_network.so

FROM debian:12-slim
ARG network=yes
COPY tools/setup /usr/local/sbin/riffle-setup
RUN riffle-setup --runtime && { [ "$network" = no ] || riffle-setup --network; } && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /var/lib/riffle --create-home --shell /usr/sbin/nologin riffle
COPY --from=build /src/build/release/riffle /usr/local/bin/
COPY --from=build /src/build/release/libriffle_network.so /usr/local/lib/riffle/
COPY config/ /etc/riffle/
COPY LICENSE /usr/share/doc/riffle/
USER riffle
WORKDIR /var/lib/riffle
VOLUME /var/lib/riffle
EXPOSE 8080
ENTRYPOINT ["riffle"]
CMD ["--help"]
