# mod_callpark: build, test, show, install. Every target first gets what it needs and this machine lacks.

CARGO ?= cargo
# How long each fuzz target runs, and which do.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard fuzz/targets/*.rs)))
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
# What libFuzzer is led by; stable Rust can do that.
COVERAGE = -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
	-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing
# The names of an unloaded module are kept, or what happened in it would not be known as its own.
VALGRIND = valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect --num-callers=40 --keep-debuginfo=yes \
	--fair-sched=yes --max-threads=5000 --xml=yes --xml-file=$(abspath $(TARGET))/valgrind/%p.xml
TSAN = -Zbuild-std --target $(HOST) --target-dir $(TARGET)/tsan
# Tests with phones mostly wait, so several run on one processor.
SIP_THREADS ?= $(shell echo $$((3 * $$(nproc))))
# What is measured, and where the plots go (nowhere).
BENCHES ?= deadlines retrieval sip_retrieval readers disk parked_cost crowd full_lot growth
PLOTS ?=
export PLOTS
# The prefix of an installed FreeSWITCH: the folder that holds bin/freeswitch.
FREESWITCH ?=
export FREESWITCH
TARGET = $(or $(CARGO_TARGET_DIR),target)
# What is installed, and tested. Its debug symbols are beside it, in a file of their own.
MODULE = $(TARGET)/dist/mod_callpark.so
BUILT = $(TARGET)/dist/libmod_callpark.so
# The version of axe-core.
AXE = 4.14.1
# The version of schemathesis.
SCHEMATHESIS = 4.32.5
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: docs help setup compare package deb tarball test-reproducible test-package need-build need-sbom need-deb need-debootstrap need-valgrind need-postgres need-prometheus need-chromium need-axe need-schemathesis need-fuzz need-freeswitch build check test model valgrind tsan miri fuzz test-freeswitch demo bench soak soak-hostile kills install clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: need-build need-valgrind need-postgres need-prometheus need-chromium need-axe need-schemathesis need-fuzz ## Installs whatever is missing for building and testing (Debian, as root)

build: need-build ## Builds target/dist/mod_callpark.so, for FreeSWITCH 1.10 and 1.11, and a file with its debug symbols
	$(CARGO) build --profile dist --lib
	objcopy --only-keep-debug $(BUILT) $(MODULE).debug
	objcopy --strip-unneeded --add-gnu-debuglink=$(MODULE).debug $(BUILT) $(MODULE)

check: need-build ## Checks the format, lints, documentation, where dial strings are made, and which way imports run
	@.ci/border
	@mkdir -p $(TARGET) && rustc --edition 2024 -O .ci/imports.rs -o $(TARGET)/imports && $(TARGET)/imports
	@$(CARGO) fmt --version >/dev/null 2>&1 && $(CARGO) clippy --version >/dev/null 2>&1 || { \
		echo "rustfmt or clippy is missing. With rustup: rustup component add rustfmt clippy" >&2; exit 1; }
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	rustfmt --edition 2024 --check .ci/imports.rs
	$(CARGO) clippy --workspace --all-targets --features mod_callpark/fuzzing -- -D warnings
	$(CARGO) clippy --lib --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --workspace

# What is tested is what is installed, except by a single test, which shall start soon. What measures is not built.
test: need-build need-valgrind need-postgres need-prometheus need-chromium need-axe need-schemathesis $(if $(T),,build) ## Runs all tests, or T=<name>, in the stand-in switch, or with FREESWITCH=<prefix> in that FreeSWITCH
	@if [ -z "$(FREESWITCH)" ]; then printf '%s\n' \
		'**********************************************************************************' \
		'*  SKIPPED: the tests in a real FreeSWITCH. make test-freeswitch FREESWITCH=<prefix>' \
		'**********************************************************************************'; fi
	$(if $(T),,CALLPARK_SO="$(abspath $(MODULE))") $(CARGO) test --workspace --release --lib --bins --tests $(T) $(if $(FREESWITCH),,-- --skip sip::)
	$(CARGO) test --workspace --release --doc $(T)

docs: need-build ## Writes what is made from the code: tables of docs/reference.md, man pages, the sample configuration
	CALLPARK_DOCS=write $(CARGO) test --release --lib docs::

model: need-build ## Runs random sequences against the model: 10,000 steps in the stand-in, 1,000 with FREESWITCH=<prefix>
	$(CARGO) test --release --test model

# Whatever libFuzzer finds worth keeping stays in target/fuzz/corpus; a failure is written to fuzz/artifacts.
fuzz: need-build need-fuzz ## Fuzzes what callers, commands and configurations contain, FUZZ_SECONDS each (60), FUZZ_TARGETS (all)
	RUSTFLAGS="$(COVERAGE)" $(CARGO) build --release --manifest-path fuzz/Cargo.toml --target $(HOST) --target-dir target/fuzz
	@mkdir -p fuzz/artifacts; for target in $(FUZZ_TARGETS); do \
		new="target/fuzz/corpus/$$target"; mkdir -p "$$new"; \
		echo "fuzz: $$target, $(FUZZ_SECONDS) s"; \
		"target/fuzz/$(HOST)/release/$$target" -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=10 -rss_limit_mb=1024 \
			-artifact_prefix="fuzz/artifacts/$$target-" -print_final_stats=1 "$$new" "fuzz/corpus/$$target" \
			>"target/fuzz/$$target.log" 2>&1 || { tail -n 60 "target/fuzz/$$target.log" >&2; exit 1; }; \
		grep -E 'number_of_executed_units|peak_rss' "target/fuzz/$$target.log"; done

# A scenario that fails because all is so slow there is told, but what counts is what valgrind has found.
valgrind: need-build need-valgrind ## Runs all scenarios, or T=<name>, in the stand-in under valgrind: fails if it finds anything in the module
	@rm -rf $(TARGET)/valgrind && mkdir -p $(TARGET)/valgrind
	FREESWITCH= KIT_WRAP="$(VALGRIND)" $(CARGO) test --release --test scenarios $(T) || echo "Too slow under valgrind: the scenarios above"
	VALGRIND_REPORTS="$(abspath $(TARGET)/valgrind)" $(CARGO) test --release --test memory \
		the_scenarios_lose_and_misuse_no_byte -- --ignored --exact --nocapture

# The stand-in exports what the sanitizer's library has, because the module is loaded into it.
tsan: need-build ## Runs all scenarios, or T=<name>, in the stand-in under ThreadSanitizer, which needs nightly Rust with the component rust-src
	@$(CARGO) +nightly --version >/dev/null 2>&1 || { \
		echo "Nightly Rust is missing. With rustup: rustup toolchain install nightly --component rust-src" >&2; exit 1; }
	export CARGO_PROFILE_DEV_OPT_LEVEL=1 RUSTFLAGS=-Zsanitizer=thread; \
	$(CARGO) +nightly build $(TSAN) -p mod_callpark -p standin && \
	$(CARGO) +nightly rustc $(TSAN) -p standin --bin standin -- -Clink-arg=-Wl,--export-dynamic
	@rm -rf $(TARGET)/tsan/reports && mkdir -p $(TARGET)/tsan/reports
	FREESWITCH= KIT_STANDIN="$(abspath $(TARGET))/tsan/$(HOST)/debug/standin" \
		CALLPARK_SO="$(abspath $(TARGET))/tsan/$(HOST)/debug/libmod_callpark.so" \
		TSAN_OPTIONS="exitcode=0 suppressions=$(CURDIR)/tests/tsan.supp log_path=$(abspath $(TARGET))/tsan/reports/of" \
		$(CARGO) test --release --test scenarios $(T) || echo "Too slow under ThreadSanitizer: the scenarios above"
	@! cat $(TARGET)/tsan/reports/* 2>/dev/null || { echo "ThreadSanitizer has found something" >&2; exit 1; }

# Those that build crowds would take hours.
miri: need-build ## Runs the unit tests of src/park/ in Miri, which needs nightly Rust with the component miri
	@$(CARGO) +nightly miri --version >/dev/null 2>&1 || { \
		echo "Miri is missing. With rustup: rustup toolchain install nightly --component miri,rust-src" >&2; exit 1; }
	MIRIFLAGS=-Zmiri-disable-isolation $(CARGO) +nightly miri test --target-dir $(TARGET)/miri --lib --no-default-features park:: \
		-- --skip crowd:: --skip million

test-freeswitch: build need-freeswitch ## Runs every suite that can use a real FreeSWITCH, FREESWITCH=<prefix>
	export CALLPARK_SO="$(abspath $(MODULE))"; \
	$(CARGO) test --release --test headers --test scenarios --test vanilla --test model --test deadlines --test memory; \
	$(CARGO) test --release --test sip -- --test-threads=$(SIP_THREADS)

# Not optimised: a first build is the longest part of it.
demo: need-build ## Parks, retrieves and returns calls, in a FreeSWITCH if there is one, or else in the stand-in
	@FREESWITCH="$$($(FIND_FREESWITCH))" && export FREESWITCH && \
	echo "Building …" && $(CARGO) build --quiet --workspace && \
	KIT_NO_BUILD=1 $(CARGO) run --quiet -p kit --example demo

# All of them run, and the target fails if one does: a figure that is not kept hides no other.
bench: need-build ## Measures, and with FREESWITCH=<prefix> beside mod_valet_parking: BENCHES (all), PLOTS=<folder> for plots
	@if [ -z "$(FREESWITCH)" ]; then \
		echo "SKIPPED: what is measured beside mod_valet_parking needs a FreeSWITCH: make bench FREESWITCH=<prefix>"; \
		$(CARGO) bench --features fuzzing && $(CARGO) run --release -p kit --example deadlines; \
	else $(MAKE) --no-print-directory need-freeswitch && $(CARGO) bench --features fuzzing && \
		$(CARGO) build --release --workspace --examples && failed= && \
		for bench in $(BENCHES); do echo "--- $$bench"; \
			KIT_NO_BUILD=1 $(TARGET)/release/examples/$$bench || failed="$$failed $$bench"; done && \
		if [ -n "$$failed" ]; then echo "NOT KEPT:$$failed" >&2; exit 1; fi; fi

soak-hostile: need-build need-freeswitch ## Runs hostile callers beside 50 honest calls, QUIET_SECONDS (300), HOSTILE_SECONDS (3600), FREESWITCH=<prefix>
	$(CARGO) build --release --workspace && KIT_NO_BUILD=1 $(CARGO) run --release -p kit --example hostile

kills: need-build need-freeswitch ## Kills FreeSWITCH under load and looks whether the journal is whole, KILLS times (100), FREESWITCH=<prefix>
	$(CARGO) build --release --workspace && KIT_NO_BUILD=1 $(CARGO) run --release -p kit --example kills

soak: need-build need-freeswitch ## Shakes everything at once and looks for what is left, MINUTES (60), FREESWITCH=<prefix>
	$(CARGO) build --release --workspace && MALLOC_ARENA_MAX=2 KIT_NO_BUILD=1 $(CARGO) run --release -p kit --example soak

compare: need-build need-freeswitch ## Does the same with mod_valet_parking and with mod_callpark in its place, and prints a table, FREESWITCH=<prefix>
	$(CARGO) build --release --workspace --example compare && KIT_NO_BUILD=1 $(TARGET)/release/examples/compare

# Not built anew if it is there: root, for whom it is installed, often has no Rust.
install: $(if $(wildcard $(MODULE)),,build) need-freeswitch ## Copies the module and man pages, and the sample configuration if there is none, into FREESWITCH=<prefix>
	@$(call IN_PREFIX,mods,lib/freeswitch/mod lib64/freeswitch/mod mod); \
	$(call IN_PREFIX,conf,etc/freeswitch conf ../etc/freeswitch); \
	install -m 644 $(MODULE) "$$mods/mod_callpark.so"; \
	if [ -e $(MODULE).debug ]; then install -m 644 $(MODULE).debug "$$mods/mod_callpark.so.debug"; fi; \
	echo "installed $$mods/mod_callpark.so"; \
	file="$$conf/autoload_configs/callpark.conf.xml"; \
	if [ -e "$$file" ]; then echo "kept      $$file"; else \
		install -D -m 644 conf/autoload_configs/callpark.conf.xml "$$file"; echo "installed $$file"; fi; \
	for page in mod_callpark.8 callpark.conf.5; do \
		file="$(FREESWITCH)/share/man/man$${page##*.}/$$page"; \
		install -D -m 644 "docs/man/$$page" "$$file"; echo "installed $$file"; done; \
	printf '%s\n' '' 'Next:' \
		"1. Load the module at every start. In $$conf/autoload_configs/modules.conf.xml, add <load module=\"mod_callpark\"/>" \
		'   and remove mod_valet_parking, because both modules report the state of the lamps park+<orbit>.' \
		"2. Add the dialplan. Copy conf/dialplan/callpark.xml into $$conf/dialplan/default/, include it first in the context" \
		'   (see README.md), and check that the numbers 700 to 720 and *5901 to *5999 are free.' \
		'3. Start it now: fs_cli -x "reloadxml", fs_cli -x "load mod_callpark", fs_cli -x "callpark status"'

# Where packages are made, and the module in them. It is built against the glibc of Debian 11, and has no path of this machine in it.
PACKAGE = target/package
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null)
export SOURCE_DATE_EPOCH

package: need-build need-sbom ## Builds the module for packages, below target/package, and lists what is in it (SBOM)
	packaging/build $(PACKAGE)
	packaging/glibc-floor $(PACKAGE)/mod_callpark.so
	packaging/sbom $(PACKAGE)/sbom.cdx.json

deb: package need-deb ## Makes target/package/*.deb, and checks it with lintian
	rm -f $(PACKAGE)/*.deb
	$(CARGO) deb --no-build --no-strip --locked --output $(PACKAGE)/
	lintian --allow-root --fail-on error,warning --tag-display-limit 0 $(PACKAGE)/*.deb

tarball: package ## Makes target/package/*.tar.gz, with install.sh and uninstall.sh for a FreeSWITCH that was built from source
	rm -f $(PACKAGE)/*.tar.gz
	packaging/tarball $(PACKAGE)
	packaging/test-tarball $(PACKAGE)/*.tar.gz

test-reproducible: need-build need-sbom need-deb ## Makes the packages twice, in different folders and at different times, and compares them
	packaging/test-reproducible

test-package: deb need-freeswitch need-debootstrap ## Installs, upgrades and purges the .deb in a fresh Debian, with FREESWITCH=<prefix>
	packaging/test-package $(FREESWITCH)

clean: ## Removes what was built
	$(CARGO) clean

# --- what the targets need -------------------------------------------------------------------------------------------

# The first of these folders below the prefix, into a variable of the shell.
define IN_PREFIX
$(1)=; for dir in $(2); do \
	if [ -z "$$$(1)" ] && [ -d "$(FREESWITCH)/$$dir" ]; then $(1)="$(FREESWITCH)/$$dir"; fi; done; \
if [ -z "$$$(1)" ]; then echo "none of these is in $(FREESWITCH): $(2)" >&2; exit 1; fi
endef

# The FreeSWITCH that is asked for, or else an installed one of the layout the tests can start.
define FIND_FREESWITCH
if [ -n "$(FREESWITCH)" ]; then echo "$(FREESWITCH)"; else \
	path="$$(command -v freeswitch || true)"; \
	for prefix in "$${path%/bin/freeswitch}" /usr/local/freeswitch /usr/local /usr; do \
		if [ -x "$$prefix/bin/freeswitch" ] && [ -d "$$prefix/lib/freeswitch/mod" ]; then \
			echo "$$prefix"; break; fi; done; fi
endef

define APT_INSTALL
{ command -v apt-get >/dev/null || { echo "$(1) is missing, and there is no apt-get: install it by hand." >&2; exit 1; }; \
[ "$$(id -u)" = 0 ] || { echo "$(1) is missing. As root: apt-get install $(2)" >&2; exit 1; }; \
echo "$(1) is missing: installing $(2)"; export DEBIAN_FRONTEND=noninteractive; \
apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2) >/dev/null; }
endef

# bindgen reads FreeSWITCH's declarations with libclang; the shim is in C.
need-build:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: see https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || $(call APT_INSTALL,A C compiler,gcc libc6-dev)
	@[ -n "$${LIBCLANG_PATH:-}" ] || ldconfig -p 2>/dev/null | grep -q 'libclang[-.0-9]*\.so' || \
		compgen -G '/usr/lib*/llvm-*/lib/libclang*.so*' >/dev/null || $(call APT_INSTALL,libclang,libclang-dev)

need-valgrind:
	@command -v valgrind >/dev/null || $(call APT_INSTALL,valgrind,valgrind)

# A browser shows what a report and the board do with hostile names.
need-chromium:
	@command -v chromium >/dev/null || $(call APT_INSTALL,A browser,chromium)

# What checks whether everybody can use the board. A test says that it is skipped where there is no npm.
need-axe:
	@[ -f target/axe/package/axe.min.js ] || ! command -v npm >/dev/null || (mkdir -p target/axe && cd target/axe && \
		npm pack --silent axe-core@$(AXE) >/dev/null && tar -xzf axe-core-$(AXE).tgz package/axe.min.js) || \
		echo "axe-core cannot be fetched: its test is skipped"

# What asks the web server whatever its document allows. A test says that it is skipped where there is no python3 or no pip.
need-schemathesis:
	@[ "$$(target/schemathesis/bin/schemathesis --version 2>&1 || true)" = "schemathesis, version $(SCHEMATHESIS)" ] || \
		! command -v python3 >/dev/null || (python3 -m venv target/schemathesis && \
		target/schemathesis/bin/pip install --quiet --disable-pip-version-check schemathesis==$(SCHEMATHESIS)) || \
		echo "schemathesis cannot be installed: its test is skipped"

# Only its programs: each test starts a server of its own.
need-postgres:
	@compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null || \
		$(call APT_INSTALL,PostgreSQL,postgresql)

# Its programs are only unpacked: installed, it would start a server with the machine. Tests say that they are skipped without it.
need-prometheus:
	@[ -x target/prometheus/usr/bin/promtool ] || { command -v promtool && command -v prometheus; } >/dev/null || { \
		command -v apt-get >/dev/null && mkdir -p target/prometheus && cd target/prometheus && \
		{ apt-get download -qq prometheus 2>/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get download -qq prometheus; }; } && \
		dpkg-deb -x prometheus_*.deb . && rm -f prometheus_*.deb; } || echo "Prometheus cannot be fetched: its tests are skipped"

need-sbom:
	@command -v cargo-cyclonedx >/dev/null || $(CARGO) install --quiet --locked cargo-cyclonedx

need-deb:
	@command -v cargo-deb >/dev/null || $(CARGO) install --quiet --locked cargo-deb
	@command -v lintian >/dev/null || $(call APT_INSTALL,lintian,lintian)

need-debootstrap:
	@command -v debootstrap >/dev/null || $(call APT_INSTALL,debootstrap,debootstrap)

# libFuzzer is in C++.
need-fuzz:
	@command -v c++ >/dev/null || $(call APT_INSTALL,A C++ compiler,g++)

need-freeswitch:
	@[ -n "$(FREESWITCH)" ] || { echo "which FreeSWITCH? Say FREESWITCH=<prefix>, the folder that holds bin/freeswitch." >&2; exit 1; }
	@[ -x "$(FREESWITCH)/bin/freeswitch" ] || { echo "there is no FreeSWITCH in $(FREESWITCH): no bin/freeswitch." >&2; exit 1; }
