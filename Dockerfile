# The image: one static binary and nothing else.
#
# The binary comes from the builder stage for those who have the toolchain image:
#   docker build --tag accolade .
# or from the build context, where CI has put the one it tested:
#   buildah build --build-arg BINARY_FROM=context --build-arg BINARY=target/.../accolade --tag accolade .
ARG BINARY_FROM=builder
ARG BINARY=accolade

FROM docker.io/library/rust:1.95-bookworm AS builder
WORKDIR /source
COPY . .
RUN RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --locked --profile dist --package accolade --target x86_64-unknown-linux-gnu \
    && mkdir /out && cp target/x86_64-unknown-linux-gnu/dist/accolade /out/accolade

FROM scratch AS from-builder
COPY --from=builder /out/accolade /accolade

FROM scratch AS from-context
ARG BINARY
COPY ${BINARY} /accolade

FROM from-${BINARY_FROM}
LABEL org.opencontainers.image.title="accolade" \
      org.opencontainers.image.description="Who did the work, what it earns, what standing it reached" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 65532:65532
EXPOSE 7400 7401
ENTRYPOINT ["/accolade"]
CMD ["serve"]
