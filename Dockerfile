# syntax=docker/dockerfile:1.25.0@sha256:0adf442eae370b6087e08edc7c50b552d80ddf261576f4ebd6421006b2461f12
# check=error=true

# One image for every role: "api", "worker", "migrate up". It is built on the platform of the builder for the one that
# is asked for, so that no emulator is needed:
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=1.0.0 --build-arg COMMIT=$(git rev-parse HEAD) .

FROM --platform=$BUILDPLATFORM golang:1.26.8-alpine3.24 AS build
# The compiler is the one of the image, whatever go.mod may ask for; there is no C in a static program.
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOCACHE=/cache/build GOMODCACHE=/cache/modules
WORKDIR /source

# The modules change less often than the source does.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/cache/modules go mod download

# What the program finds around it. The time zones are in the program itself.
RUN mkdir -p /files/base/etc/ssl/certs /files/base/licenses /files/base/var/lib/booking /files/data/images \
	&& cp /etc/ssl/certs/ca-certificates.crt /files/base/etc/ssl/certs/ \
	&& echo 'booking:x:65532:65532:Shum Booking:/nonexistent:/sbin/nologin' >/files/base/etc/passwd \
	&& echo 'booking:x:65532:' >/files/base/etc/group \
	&& mkdir -m 1777 /files/base/tmp

COPY . .
RUN cp LICENSE .ci/third-party.md catalog/world/NOTICE.md /files/base/licenses/

# "slim" leaves out the servers of "booking dev". The client of Redis has a method for every command of Redis, five times
# over, and none can be dropped, as templates call methods by name: not inlined into each of them, its inner functions
# take 2 MB less. Every other package is compiled as usual.
ARG TARGETOS
ARG TARGETARCH
ARG VERSION
ARG COMMIT
RUN --mount=type=cache,target=/cache/modules --mount=type=cache,target=/cache/build \
	GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -tags slim \
	-gcflags 'github.com/redis/go-redis/...=-l' \
	-ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT" \
	-o /files/booking ./cmd/booking

FROM scratch
ARG VERSION
ARG COMMIT
LABEL org.opencontainers.image.title="Shum Booking" \
	org.opencontainers.image.description="Hotel booking: API, worker and migrations" \
	org.opencontainers.image.source="https://github.com/shumbooking/shumbooking" \
	org.opencontainers.image.licenses="MIT" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.revision="$COMMIT"
COPY --from=build /files/base/ /
# A volume that is mounted on /var/lib/booking/images starts with its owner.
COPY --from=build --chown=65532:65532 /files/data/ /var/lib/booking/
COPY --from=build /files/booking /booking
# By number, which Kubernetes can tell from root without looking into the image.
USER 65532:65532
EXPOSE 8000
# For the API; a worker listens on 8001 and says so in its own check.
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["/booking", "healthcheck"]
ENTRYPOINT ["/booking"]
CMD ["api"]
