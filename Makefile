# GNU make. `make` alone says what there is.

SWIFT ?= swift
# What the benchmark is to measure, passed on as it is.
BENCH_ARGUMENTS ?=
TEST_LOG := .build/test.log

# Libraries the program is built with, and what only tests need: tools that make certificates and speak HTTP/2, a browser, and promtool.
BUILD_PACKAGES := libcurl4-openssl-dev libssl-dev libsqlite3-dev pkg-config ca-certificates
TEST_PACKAGES := openssl nghttp2-server python3 python3-venv curl chromium chromium-driver prometheus

# The vendor's own SDK, which the tests speak to the proxy with, in an environment of its own.
SDK := .build/sdk
SDK_REQUIREMENTS := Tests/SDK/requirements.txt

# The mail server that the tests speak to, in an environment of its own too.
MAIL := .build/mail
MAIL_REQUIREMENTS := Tests/Mail/requirements.txt

# Real servers that notifications are sent to: Debian's, and Synapse in an environment of its own.
INTEGRATION_PACKAGES := prometheus-alertmanager postfix rabbitmq-server redmine redmine-sqlite request-tracker5 rt5-db-sqlite
INTEGRATIONS := .build/integrations
INTEGRATION_REQUIREMENTS := Tests/Integrations/requirements.txt
# Which integration tests to run; all without it.
INTEGRATION_ARGUMENTS ?=

# What makes a Debian package, and what proves one in a system of its own.
DEB_PACKAGES := dpkg-dev binutils patchelf
PACKAGING_PACKAGES := debootstrap lintian mandoc systemd python3
# The program that goes into the package; it holds the Swift runtime.
DEB_PROGRAM ?= .build/release/ringback
PACKAGING := .build/packaging

# What drives the browser that looks at the dashboard, and what makes requests from the API's description.
BROWSER := .build/browser
BROWSER_REQUIREMENTS := Tests/Browser/requirements.txt
CONFORMANCE := .build/conformance
CONFORMANCE_REQUIREMENTS := Tests/Conformance/requirements.txt
# Requests made per operation and phase.
CONFORMANCE_EXAMPLES ?= 30

.DEFAULT_GOAL := help
.PHONY: help demo build deb test test-packaging test-integrations test-api alerts lint format bench bench-check clean deps test-deps integration-deps swift

help:
	@echo "make demo     build Ringback and show it at work: a sandbox upstream, every outcome, verified callbacks"
	@echo "make build    build .build/release/ringback"
	@echo "make test     install what tests need, lint, build with warnings as errors, run all tests"
	@echo "make test-integrations"
	@echo "              install real servers (Synapse, Request Tracker, Redmine, Postfix, Alertmanager, RabbitMQ), notify them"
	@echo "make test-api ask the running program what its API's description promises (schemathesis)"
	@echo "make deb      build a Debian package, .build/packaging/ringback_*.deb"
	@echo "make test-packaging"
	@echo "              install the package into a fresh system, serve from it, and do the Dockerfile's last steps there (root)"
	@echo "make lint     check the formatting"
	@echo "make format   correct the formatting"
	@echo "make bench    build and run the benchmark (BENCH_ARGUMENTS=...)"
	@echo "make bench-check  count the instructions of the hot paths, and fail when one takes more than it did"
	@echo "make deps     install the libraries Ringback is built with (Debian, Ubuntu)"
	@echo "make clean    remove what was built"

demo: build
	@echo "==> running the demo"
	.build/release/ringback demo

build: deps swift
	@echo "==> building (the first build takes about 10 minutes on two cores)"
	$(SWIFT) build --configuration release --product ringback

# Lint comes first: it is done in a second, and the build is not.
test: deps test-deps lint alerts
	@echo "==> building the tests (the first build takes about 5 minutes on two cores)"
	RINGBACK_WARNINGS_AS_ERRORS=1 $(SWIFT) build --build-tests
	@echo "==> testing, output also in $(TEST_LOG)"
	@# A pipe would lose the exit code in a POSIX shell, so the code travels through a file.
	@rm -f $(TEST_LOG) $(TEST_LOG).status
	@export RINGBACK_WARNINGS_AS_ERRORS=1; \
	{ SWIFT="$(SWIFT)" Tests/passes.sh; echo $$? > $(TEST_LOG).status; } 2>&1 | tee $(TEST_LOG)
	@exit "$$(cat $(TEST_LOG).status 2>/dev/null || echo 1)"

test-integrations: deps integration-deps swift
	@echo "==> building ringback"
	RINGBACK_WARNINGS_AS_ERRORS=1 $(SWIFT) build --product ringback
	@echo "==> notifying real servers"
	@$(INTEGRATIONS)/bin/python Tests/Integrations --ringback .build/debug/ringback $(INTEGRATION_ARGUMENTS) </dev/null

test-api: deps test-deps $(CONFORMANCE)/requirements.txt
	@echo "==> building ringback"
	RINGBACK_WARNINGS_AS_ERRORS=1 $(SWIFT) build --product ringback
	@echo "==> asking the API"
	PYTHONDONTWRITEBYTECODE=1 $(CONFORMANCE)/bin/python Tests/Conformance/conformance.py .build/debug/ringback "$$(mktemp -d)" $(CONFORMANCE_EXAMPLES)

deb: deps swift
	@$(call install,$(DEB_PACKAGES))
	@echo "==> building (the first build takes about 10 minutes on two cores)"
	$(SWIFT) build --configuration release --product ringback --static-swift-stdlib
	config/packaging/make-deb.sh $(DEB_PROGRAM) $(PACKAGING)

# The package that is there, or one that is made first.
test-packaging:
	@ls $(PACKAGING)/ringback_*.deb >/dev/null 2>&1 || $(MAKE) deb
	@$(call install,$(PACKAGING_PACKAGES))
	Tests/Packaging/check.sh "$$(ls -t $(PACKAGING)/ringback_*.deb | head -n 1)" $(PACKAGING)

# The alert rules: that they are rules, and that each comes when it should.
alerts:
	@echo "==> playing the alert rules through"
	@promtool check rules config/prometheus/alerts.yaml
	@promtool test rules Tests/Prometheus/alerts.test.yaml

lint: swift
	@echo "==> checking the formatting"
	@$(SWIFT) format lint --strict --recursive Sources Tests Package.swift || \
		{ echo "make: 'make format' corrects most of this" >&2; exit 1; }

format: swift
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift

bench: deps swift
	@echo "==> building the benchmark (the first build takes about 10 minutes on two cores)"
	$(SWIFT) build --configuration release --product ringback
	$(SWIFT) build --configuration release --product ringback-bench
	@echo "==> measuring (about 3 minutes; BENCH_ARGUMENTS=--quick takes half a minute)"
	.build/release/ringback-bench $(BENCH_ARGUMENTS)

# Instructions are counted, not seconds: the machine may be busy.
bench-check: deps swift
	@$(call install,valgrind binutils)
	$(SWIFT) build --configuration release --product ringback-bench
	.build/release/ringback-bench check

clean:
	rm -rf .build

deps:
	@$(call install,$(BUILD_PACKAGES))

test-deps: $(SDK)/requirements.txt $(MAIL)/requirements.txt $(BROWSER)/requirements.txt
	@$(call install,$(TEST_PACKAGES))

$(SDK)/requirements.txt: $(SDK_REQUIREMENTS)
	@$(call environment,$(SDK),$<,--no-deps)

$(BROWSER)/requirements.txt: $(BROWSER_REQUIREMENTS)
	@$(call environment,$(BROWSER),$<,--no-deps)

$(CONFORMANCE)/requirements.txt: $(CONFORMANCE_REQUIREMENTS)
	@$(call environment,$(CONFORMANCE),$<,--no-deps)

$(MAIL)/requirements.txt: $(MAIL_REQUIREMENTS)
	@$(call install,$(TEST_PACKAGES))
	@echo "==> installing a mail server into $(MAIL)"
	@rm -rf $(MAIL)
	@python3 -m venv $(MAIL)
	@$(MAIL)/bin/pip install --quiet --no-input --disable-pip-version-check --no-deps --requirement $(MAIL_REQUIREMENTS) </dev/null
	@cp $(MAIL_REQUIREMENTS) $@

integration-deps: $(INTEGRATIONS)/requirements.txt
	@Tests/Integrations/install.sh $(INTEGRATION_PACKAGES)

$(INTEGRATIONS)/requirements.txt: $(INTEGRATION_REQUIREMENTS)
	@$(call install,$(TEST_PACKAGES))
	@echo "==> installing Synapse into $(INTEGRATIONS)"
	@rm -rf $(INTEGRATIONS)
	@python3 -m venv $(INTEGRATIONS)
	@$(INTEGRATIONS)/bin/pip install --quiet --no-input --disable-pip-version-check --no-deps --requirement $(INTEGRATION_REQUIREMENTS) </dev/null
	@cp $(INTEGRATION_REQUIREMENTS) $@

swift:
	@command -v $(SWIFT) >/dev/null 2>&1 || { \
		echo "make: '$(SWIFT)' was not found: install Swift 6.3 or newer from https://www.swift.org/install/" >&2; exit 1; }

# $(call environment,DIRECTORY,REQUIREMENTS,OPTIONS): an environment of its own for Python. The copy of the requirements, made last, says that
# all of them are there.
define environment
set -e; \
( $(call install,$(TEST_PACKAGES)) ); \
echo "==> installing $(2) into $(1)"; \
rm -rf $(1); \
python3 -m venv $(1); \
$(1)/bin/pip install --quiet --no-input --disable-pip-version-check $(3) --requirement $(2) </dev/null; \
cp $(2) $(1)/requirements.txt
endef

# $(call install,PACKAGES): installs the packages that are missing, without asking. Asks the package lists only when
# something is missing, and fetches them anew only when they do not know it.
define install
set -e; \
if ! command -v dpkg-query >/dev/null 2>&1; then \
	echo "==> not a Debian or Ubuntu system: taking for granted that these are installed by other means: $(1)"; exit 0; \
fi; \
missing=""; \
for package in $(1); do \
	case "$$(dpkg-query --show --showformat='$${db:Status-Status}' $$package 2>/dev/null || true)" in \
		installed) ;; \
		*) missing="$$missing $$package" ;; \
	esac; \
done; \
[ -n "$$missing" ] || exit 0; \
if [ "$$(id -u)" -eq 0 ]; then as_root=""; \
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo -n"; \
else \
	echo "make: missing:$$missing" >&2; \
	echo "make: run as root: apt-get update && apt-get install --yes --no-install-recommends$$missing" >&2; exit 1; \
fi; \
echo "==> installing$$missing"; \
install="$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends"; \
$$install $$missing </dev/null || { \
	echo "==> fetching the package lists"; \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get update --quiet </dev/null; \
	$$install $$missing </dev/null; \
}
endef
