# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# vhost-device-spi. `make help` lists the targets.

VERSION := 0.1.0

CC ?= cc
# For another machine: make CROSS_COMPILE=aarch64-linux-gnu-
ifneq ($(CROSS_COMPILE),)
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
AR := $(CROSS_COMPILE)ar
endif
CFLAGS ?= -O2 -g
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
# Where the files for init go. One that is empty is left out.
RUNDIR ?= /run
SYSCONFDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),,$(PREFIX))/etc
INITDIR ?= $(SYSCONFDIR)/init.d
# As /etc/init.d, with INITDIR= : the script of OpenRC has the other's name.
OPENRCDIR ?=
SYSTEMDUNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
UDEVRULESDIR ?= $(PREFIX)/lib/udev/rules.d
EXAMPLEDIR ?= $(SYSCONFDIR)
TABLEDIR ?= $(PREFIX)/share/vhost-device-spi
QEMUDIR ?= $(PREFIX)/share/qemu/vhost-user
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
MANDIR ?= $(PREFIX)/share/man
CLANG_FORMAT ?= clang-format

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-align -Wvla -Wformat=2 \
	-Wundef -Wwrite-strings
# Level 3 is an error with C libraries and compilers that have only 2.
ifndef FORTIFY
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(shell \
	echo '\#include <features.h>' | $(CC) -O2 -Werror -U_FORTIFY_SOURCE \
	-D_FORTIFY_SOURCE=3 -E -x c - > /dev/null 2>&1 && echo 3 || echo 2)
endif

# What makes a mistake hard to use, as far as this compiler and processor have
# it: `make check-hardening` reads it from the programs.
HARDEN := -fstack-protector-strong $(shell for flag in \
	-fstack-clash-protection -fcf-protection -mbranch-protection=standard; \
	do $(CC) -Werror $$flag -c -x c /dev/null -o /dev/null 2> /dev/null && \
	echo $$flag; done) $(shell echo 'int main(void) { return 0; }' | \
	$(CC) -Wl,--fatal-warnings,-z,shstk -x c - -o /dev/null 2> /dev/null && \
	echo -Wl,-z,shstk)

# What every object needs; CFLAGS, LDFLAGS and LDLIBS stay the user's
# (LDLIBS=-latomic for a CPU without atomics of 64 bits).
# Filters of system calls need libseccomp: SECCOMP=on, off, or auto (if it is
# there).
SECCOMP ?= auto
HAS_SECCOMP := $(if $(filter auto,$(SECCOMP)),$(shell \
	echo 'int main(void) { return 0; }' | \
	$(CC) -include seccomp.h -x c - -o /dev/null -lseccomp 2>/dev/null && \
	echo yes),$(filter on,$(SECCOMP)))
ifdef HAS_SECCOMP
SECCOMP_CFLAGS := -DWITH_SECCOMP
SECCOMP_LIBS := -lseccomp
endif

# Debug information names files as if the source were in this directory, so that
# two builds of it are the same. With LTO gcc does not tell the assembler.
MAPPED := $(shell for flag in -ffile-prefix-map -Wa,--debug-prefix-map; do \
	echo 'int main(void) { return 0; }' | \
	$(CC) $$flag=a=b -x c - -o /dev/null 2>/dev/null && \
	echo "$$flag=$(CURDIR)=."; done)

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DVERSION='"$(VERSION)"' -I. $(WARNINGS) \
	$(filter-out -Wl%,$(HARDEN)) $(FORTIFY) $(SECCOMP_CFLAGS) -fPIE -pthread $(MAPPED) $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = $(HARDEN) -pie -Wl,-z,relro,-z,now -pthread $(LDFLAGS) $(SANITIZE)

# gcc optimizes the daemon as a whole: a request goes through many small
# functions of many files. The objects have ordinary code as well, of which the
# tests are linked. LTO= turns this off.
ifndef LTO
WITH_LTO := -flto=auto -ffat-lto-objects
LTO := $(if $(SANITIZE),,$(shell $(CC) --version | grep -q 'Free Soft' && \
	echo 'int main(void) { return 0; }' | \
	$(CC) $(WITH_LTO) -x c - -o /dev/null 2>/dev/null && \
	echo '$(WITH_LTO)'))
endif
NO_LTO = $(if $(LTO),-fno-lto -fno-use-linker-plugin)

# vhost/front and spi-daemon/xfer are the front end, and what uses it.
FRONT_SRCS := $(sort $(shell find vhost/front spi-daemon/xfer -name '*.c'))
DAEMON_SRCS := $(filter-out $(FRONT_SRCS),\
	$(sort $(shell find virtio vhost spi-daemon -name '*.c')))
TEST_LIB_SRCS := $(shell find tests/lib -name '*.c')
UNIT_SRCS := $(sort $(shell find tests/unit -name 'test_*.c'))
WHOLE_SRCS := $(sort $(shell find tests/daemon -name 'test_*.c'))
EXAMPLE_SRCS := $(wildcard tests/example/test_*.c)
BENCH_SRCS := $(wildcard tests/bench/bench_*.c)
BENCH_SHIM_SRCS := $(wildcard tests/bench/speed/*_shim.c)
BENCH_LIB_SRCS := $(filter-out $(BENCH_SRCS) $(BENCH_SHIM_SRCS),\
	$(shell find tests/bench -name '*.c'))
FUZZ_SRCS := $(wildcard tests/fuzz/fuzz_*.c)
SPIDEV_SRCS := $(wildcard tests/spidev/test_*.c)
SPIDEV_BENCH_SRCS := $(wildcard tests/spidev/bench_*.c)
SPIDEV_LIB_SRCS := $(filter-out $(SPIDEV_SRCS) $(SPIDEV_BENCH_SRCS), \
	$(wildcard tests/spidev/*.c))
GUEST_SRCS := $(wildcard tests/guest/test_*.c)
TRY_SRCS := tests/guest/try_driver.c
GUEST_LIB_SRCS := $(filter-out $(GUEST_SRCS) $(TRY_SRCS),\
	$(wildcard tests/guest/*.c))
TRACE_SRCS := $(wildcard tests/trace/test_*.c)
INIT_SRCS := $(wildcard tests/init/test_*.c)
DEB_TEST := $(BUILD)/tests/init/deb/test_deb
INIT_LIB_SRCS := $(filter-out $(INIT_SRCS),$(wildcard tests/init/*.c))
QTEST_SRCS := $(wildcard tests/qtest/test_*.c)
QTEST_LIB_SRCS := $(filter-out $(QTEST_SRCS),$(wildcard tests/qtest/*.c))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
bin = $(patsubst %.c,$(BUILD)/%,$(1))

# The back end alone, as another device would take it.
VHOST_OBJS := $(call obj,$(filter virtio/mem/% virtio/ring/% vhost/%,\
	$(DAEMON_SRCS)))
# Tables of commands are built in as they are installed.
TABLES := $(sort $(wildcard spi-daemon/framing/table/*.table))
TABLES_OBJ := $(BUILD)/obj/table_texts.o
DAEMON_OBJS := $(call obj,$(filter-out spi-daemon/main.c,$(DAEMON_SRCS))) \
	$(TABLES_OBJ)
FRONT_OBJS := $(call obj,$(filter-out spi-daemon/xfer/main.c,$(FRONT_SRCS)))
UNIT_TESTS := $(call bin,$(UNIT_SRCS))
WHOLE_TESTS := $(call bin,$(WHOLE_SRCS))
EXAMPLE_TESTS := $(call bin,$(EXAMPLE_SRCS))
BENCHES := $(call bin,$(BENCH_SRCS))
BENCH_SHIMS := $(addprefix $(BUILD)/tests/bench/,spidev-shim.so clock-shim.so)
FAULT_SHIM := $(BUILD)/tests/daemon/fault/fault-shim.so
CRASH_SHIM := $(BUILD)/tests/daemon/keeper/state/crash-shim.so
HOLD_SHIM := $(BUILD)/tests/daemon/keeper/state/hold-shim.so
FUZZERS := $(call bin,$(FUZZ_SRCS))
REPLAYS := $(subst /fuzz_,/replay_,$(FUZZERS))
GUEST_TESTS := $(call bin,$(GUEST_SRCS))
TRY := $(call bin,$(TRY_SRCS))
QTESTS := $(call bin,$(QTEST_SRCS))
INIT_TESTS := $(call bin,$(INIT_SRCS))
TRACE_TESTS := $(call bin,$(TRACE_SRCS))
SPIDEV_TESTS := $(call bin,$(SPIDEV_SRCS))
SPIDEV_BENCHES := $(call bin,$(SPIDEV_BENCH_SRCS))

DAEMON := $(BUILD)/vhost-device-spi
XFER := $(BUILD)/spi-xfer
RNG := $(BUILD)/tests/example/vhost-rng

.PHONY: all
all: $(DAEMON) $(XFER) ## the daemon and spi-xfer

# `make V=1` shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)	$(2)')

$(DAEMON): $(BUILD)/obj/spi-daemon/main.o $(BUILD)/libdaemon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(MAPPED) $(CFLAGS) $(LTO) -o $@ $^ -lbsd $(SECCOMP_LIBS) $(LDLIBS)

$(XFER): $(BUILD)/obj/spi-daemon/xfer/main.o $(BUILD)/libfront.a \
		$(BUILD)/libdaemon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ -lbsd $(SECCOMP_LIBS) $(LDLIBS)

# Another device on the same back end. It links nothing else, which is to show
# that nothing else is needed.
$(RNG): $(BUILD)/obj/tests/example/vhost_rng.o $(BUILD)/libvhost.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ $(LDLIBS)

$(DAEMON_OBJS) $(BUILD)/obj/spi-daemon/main.o: ALL_CFLAGS += $(LTO)
$(BUILD)/libvhost.a: $(VHOST_OBJS)
$(BUILD)/libdaemon.a: $(DAEMON_OBJS)
$(BUILD)/libfront.a: $(FRONT_OBJS)
$(BUILD)/libtest.a: $(call obj,$(TEST_LIB_SRCS))
$(BUILD)/libguest.a: $(call obj,$(GUEST_LIB_SRCS))
$(BUILD)/libspidev.a: $(call obj,$(SPIDEV_LIB_SRCS))
$(BUILD)/libbench.a: $(call obj,$(BENCH_LIB_SRCS))
$(BUILD)/libqtest.a: $(call obj,$(QTEST_LIB_SRCS))
$(BUILD)/libinit.a: $(call obj,$(INIT_LIB_SRCS))
$(BUILD)/lib%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

define compile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
endef

$(BUILD)/obj/%.o: %.c
	$(compile)

$(TABLES_OBJ): $(BUILD)/table_texts.c
	$(compile)

# Each file is a string, without the comments.
$(BUILD)/table_texts.c: $(TABLES)
	@mkdir -p $(@D)
	@echo '#include "spi-daemon/framing/table/builtin.h"' > $@
	@for table in $(TABLES); do \
		echo "const char cs_table_text_$$(basename $$table .table)[] ="; \
		sed 's/[[:blank:]]*#.*//; s/.*/	"&\\n"/' $$table; \
		echo ';'; \
	done >> $@

TEST_LIBS = $(BUILD)/libtest.a $(BUILD)/libfront.a $(BUILD)/libdaemon.a
$(UNIT_TESTS) $(WHOLE_TESTS) $(TRACE_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o \
		$(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ -lcmocka -lbsd $(SECCOMP_LIBS) $(LDLIBS)

# Preloaded into daemons, in which calls fail, crash or wait. They redefine what
# the headers would replace.
$(FAULT_SHIM) $(CRASH_SHIM) $(HOLD_SHIM): $(BUILD)/tests/%-shim.so: $(BUILD)/obj/tests/%_shim.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -shared -pthread $(LDFLAGS) $(SANITIZE) -o $@ $^
$(patsubst $(BUILD)/%-shim.so,$(BUILD)/obj/%_shim.o,\
	$(FAULT_SHIM) $(CRASH_SHIM) $(HOLD_SHIM)): ALL_CFLAGS += -fPIC \
	-U_FORTIFY_SOURCE -fno-builtin
$(BUILD)/tests/daemon/fault/test_faults: | $(FAULT_SHIM)
$(BUILD)/tests/daemon/keeper/state/test_keeper_crashes: | $(CRASH_SHIM)
$(BUILD)/tests/daemon/keeper/state/test_keeper_events: | $(HOLD_SHIM)

$(EXAMPLE_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o \
		$(BUILD)/obj/tests/example/rng_process.o $(TEST_LIBS) | $(RNG)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ -lcmocka -lbsd $(SECCOMP_LIBS) $(LDLIBS)

# Preloaded into the programs that are measured
$(BENCH_SHIMS): $(BUILD)/tests/bench/%-shim.so: \
		$(BUILD)/obj/tests/bench/speed/%_shim.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -shared -pthread $(LDFLAGS) $(SANITIZE) -o $@ $^
$(call obj,$(BENCH_SHIM_SRCS)): ALL_CFLAGS += -fPIC

$(BENCHES): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libbench.a \
		$(TEST_LIBS) | $(BENCH_SHIMS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ -lcmocka -lbsd -lm $(SECCOMP_LIBS) $(LDLIBS)

$(GUEST_TESTS) $(TRY): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libguest.a \
		$(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ -lcmocka -lbsd $(SECCOMP_LIBS) $(LDLIBS)

$(SPIDEV_TESTS) $(SPIDEV_BENCHES): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o \
		$(BUILD)/libspidev.a $(BUILD)/libguest.a \
		$(BUILD)/libbench.a $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ -lcmocka -lbsd -lm $(SECCOMP_LIBS) $(LDLIBS)

$(QTESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libqtest.a \
		$(BUILD)/obj/tests/example/rng_process.o $(TEST_LIBS) | $(RNG)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ -lcmocka -lbsd $(SECCOMP_LIBS) $(LDLIBS)

$(INIT_TESTS) $(DEB_TEST): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o \
		$(BUILD)/libinit.a $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ -lcmocka -lbsd $(SECCOMP_LIBS) $(LDLIBS)

.PHONY: tests
tests: all $(UNIT_TESTS) $(REPLAYS) $(WHOLE_TESTS) $(EXAMPLE_TESTS) \
		$(GUEST_TESTS) $(TRY) \
		$(QTESTS) $(SPIDEV_TESTS) $(SPIDEV_BENCHES) \
		$(INIT_TESTS) $(DEB_TEST) $(TRACE_TESTS)

# What a command needs is installed by the command. Where all is there, this
# takes no time and no network.
deps = sh tests/install-deps.sh
run = VHOST_DEVICE_SPI=$(abspath $(DAEMON)) SPI_XFER=$(abspath $(XFER)) \
	VHOST_RNG=$(abspath $(RNG)) sh tests/run-tests.sh

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
# gcc warns that it does not see fences; ours are between processes.
TSAN := -fsanitize=thread $(if $(findstring clang,$(CC)),,-Wno-tsan)
# The SIGBUS handler's caller needs its registers exact.
VALGRIND := valgrind -q --vex-iropt-register-updates=allregs-at-mem-access --error-exitcode=99 --leak-check=full \
	--show-leak-kinds=definite,possible --errors-for-leak-kinds=definite

# What `make check` runs: targets that install what they need and print their
# results as tests/run-tests.sh does. Add a stage here, and what it needs to
# tests/install-deps.sh. All are run, also after one that failed.
STAGES := lint check-quick check-keeper check-init check-deb check-trace \
	check-bench check-asan check-tsan check-valgrind check-model prove \
	check-builds check-cross check-qtest check-guest check-spidev
# fail, or tell: what a skip does that is not in tests/expected-skips
SKIPS := tell

.PHONY: check
check: ## everything: lint, all tests, sanitizers, valgrind, real guests
	-$(deps) all
	@MAKE="$(MAKE)" CHECK_LOGS=$(BUILD)/check CHECK_SKIPS=$(SKIPS) \
		sh tests/check.sh $(STAGES)

.PHONY: check-quick
check-quick: ## the tests that need no virtual machine
	$(deps) build check
	$(MAKE) run-quick

.PHONY: run-quick
run-quick: all $(UNIT_TESTS) $(REPLAYS) $(WHOLE_TESTS) $(EXAMPLE_TESTS)
	@$(run) $(UNIT_TESTS) $(REPLAYS) $(WHOLE_TESTS) $(EXAMPLE_TESTS)

.PHONY: check-keeper
check-keeper: ## those of them that start the daemon, with --keeper
	$(deps) build check
	$(MAKE) run-keeper

# But for those that say --keeper themselves
.PHONY: run-keeper
run-keeper: all $(WHOLE_TESTS)
	@VHOST_KEEPER=1 $(run) \
		$(filter-out $(BUILD)/tests/daemon/keeper/%,$(WHOLE_TESTS))

# How many requests, and for how long a driver may sleep, in seconds
STRESS_REQUESTS ?= 10000000
STRESS_TIMEOUT ?= 60

.PHONY: stress
stress: all $(BUILD)/tests/daemon/session/test_stress ## STRESS_REQUESTS requests while all descriptors are exchanged
	STRESS_REQUESTS=$(STRESS_REQUESTS) STRESS_TIMEOUT=$(STRESS_TIMEOUT) \
		VHOST_DEVICE_SPI=$(abspath $(DAEMON)) \
		$(BUILD)/tests/daemon/session/test_stress

# How many requests for each ring layout, and how many sessions; how many kills of
# a process whose chip counts what it runs
STORM_REQUESTS ?= 20000
STORM_SESSIONS ?= 1000
KILLS ?= 1000
KILL_TESTS := $(addprefix $(BUILD)/tests/daemon/keeper/,test_keeper_kills \
	test_keeper_messages)

.PHONY: stress-keeper
stress-keeper: stress-kills $(BUILD)/tests/daemon/keeper/test_keeper_storm ## the serving process, killed and upgraded under STORM_REQUESTS requests
	STORM_REQUESTS=$(STORM_REQUESTS) STORM_SESSIONS=$(STORM_SESSIONS) \
		VHOST_DEVICE_SPI=$(abspath $(DAEMON)) \
		$(BUILD)/tests/daemon/keeper/test_keeper_storm

.PHONY: stress-kills
stress-kills: all $(KILL_TESTS) ## KILLS kills in sessions that come and go: nothing runs twice or torn, nothing leaks
	@for test in $(KILL_TESTS); do \
		KILLS=$(KILLS) VHOST_DEVICE_SPI=$(abspath $(DAEMON)) $$test || exit; \
		done

# How long, in seconds
SECONDS ?= 600

.PHONY: soak
soak: ## for SECONDS, under sanitizers: attacks, kills, upgrades, and a guest whose bytes are checked
	$(deps) build check
	ASAN_OPTIONS="$$ASAN_OPTIONS:handle_segv=0:handle_abort=0" \
		$(MAKE) run-soak BUILD=build-asan FORTIFY= SANITIZE="$(ASAN)"

.PHONY: run-soak
run-soak: all $(BUILD)/tests/daemon/fault/test_soak
	SOAK_SECONDS=$(SECONDS) VHOST_DEVICE_SPI=$(abspath $(DAEMON)) \
		$(BUILD)/tests/daemon/fault/test_soak

.PHONY: check-asan
check-asan: ## the same under AddressSanitizer and UndefinedBehaviorSanitizer
	$(deps) build check
	ASAN_OPTIONS="$$ASAN_OPTIONS:handle_segv=0:handle_abort=0" \
		$(MAKE) run-quick BUILD=build-asan FORTIFY= SANITIZE="$(ASAN)"

.PHONY: check-tsan
check-tsan: ## those of them that use threads, under ThreadSanitizer
	$(deps) build check
	$(MAKE) run-threads BUILD=build-tsan FORTIFY= SANITIZE="$(TSAN)"

# Unit tests that can start a thread, and all that start the daemon; but for those
# that take minutes, as a daemon under TSan starts slowly. A signal ends it at once.
.PHONY: run-threads
run-threads: all $(UNIT_TESTS) $(REPLAYS) $(WHOLE_TESTS) $(EXAMPLE_TESTS)
	@TSAN_OPTIONS="$$TSAN_OPTIONS handle_segv=0 handle_abort=0" \
		$(run) $$(for test in $(UNIT_TESTS) $(REPLAYS); do \
		nm -u $$test | grep -q pthread_create && echo $$test; \
		done) $(filter-out \
		%/test_keeper_storm $(KILL_TESTS),$(WHOLE_TESTS)) \
		$(EXAMPLE_TESTS)

.PHONY: check-valgrind
check-valgrind: ## the unit tests under valgrind
	$(deps) build check
	$(MAKE) run-valgrind

.PHONY: run-valgrind
run-valgrind: all $(UNIT_TESTS) $(REPLAYS)
	@TEST_WRAPPER="$(VALGRIND)" $(run) $(UNIT_TESTS) $(REPLAYS)

.PHONY: check-model
check-model: ## a model of how guests get the bus, in all its states (spin)
	$(deps) build model
	CC="$(CC)" sh tests/model/check.sh

.PHONY: prove
prove: ## proofs of what reads guests' memory, for all that can be there (cbmc)
	$(deps) build
	sh tests/prove/kit.sh
	sh tests/prove/check.sh

# A few of each kind that musl could break, and that are fast
MUSL_TESTS := $(addprefix $(BUILD)/tests/daemon/,operate/test_cli \
	operate/test_lifecycle operate/test_logging spi/test_transfers \
	hostile/test_hostile_descriptors spi/test_spidev_daemon)

.PHONY: check-builds
check-builds: ## that other machines and musl can be built for; with BUILD_TWICE=1 that two builds are the same
	$(deps) build check builds
	sh tests/builds/kit.sh
	$(MAKE) run-builds

.PHONY: run-builds
run-builds: $(MUSL_TESTS)
	@MAKE="$(MAKE)" sh tests/builds/check.sh $(abspath build-others) \
		$(MUSL_TESTS)

# Of the tests of the whole daemon, a few of each kind
CROSS_TESTS := $(UNIT_SRCS) $(EXAMPLE_SRCS) \
	$(patsubst %,tests/daemon/%.c,operate/test_cli operate/test_lifecycle \
	socket/test_connect session/test_packed_base session/test_migration \
	session/test_iommu spi/test_transfers spi/test_framing \
	spi/test_sim_chips hostile/test_hostile_ring xfer/test_xfer \
	keeper/test_keeper_chips keeper/test_keeper_iommu)
MACHINES ?= s390x armhf i686
cross = MAKE="$(MAKE)" sh tests/builds/cross.sh $(abspath build-cross) \
	"$(MACHINES)" $(patsubst %.c,%,$(1))

.PHONY: check-cross
check-cross: ## many tests on emulated MACHINES: s390x armhf aarch64 riscv64 i686
	$(deps) build check cross
	sh tests/builds/cross-kit.sh
	@$(call cross,$(CROSS_TESTS))

.PHONY: check-cross-all
check-cross-all: MACHINES := s390x armhf aarch64 riscv64 i686
check-cross-all: ## all of them on all of these
	$(deps) build check cross
	sh tests/builds/cross-kit.sh
	@$(call cross,$(UNIT_SRCS) $(EXAMPLE_SRCS) $(WHOLE_SRCS))

# What a compiler that cannot link has to do
.PHONY: objects
objects: $(DAEMON_OBJS) $(FRONT_OBJS)

# Seconds for each fuzzer. What one finds it leaves in the build directory,
# and what it has learnt: the next run goes on from there.
FUZZ_SECONDS ?= 30
FUZZ := -fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize-recover=all -fno-omit-frame-pointer

$(FUZZERS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ -lcmocka -lbsd $(SECCOMP_LIBS) $(LDLIBS)

# The same on the corpora of the tree, with any compiler
$(REPLAYS): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o \
		$(BUILD)/obj/tests/fuzz/replay.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(NO_LTO) -o $@ $^ -lcmocka -lbsd $(SECCOMP_LIBS) $(LDLIBS)

.PHONY: fuzz
fuzz: ## each fuzzer for FUZZ_SECONDS (clang)
	$(deps) build develop
	$(MAKE) run-fuzz CC=clang BUILD=build-fuzz FORTIFY= SANITIZE="$(FUZZ)"

.PHONY: run-fuzz
run-fuzz: $(FUZZERS)
	@for fuzzer in $(FUZZERS); do \
		mkdir -p $$fuzzer.corpus && \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
			-print_final_stats=1 -artifact_prefix=$$fuzzer- \
			$$fuzzer.corpus tests/fuzz/corpus/$${fuzzer##*/fuzz_} \
			> $$fuzzer.log 2>&1 || \
			{ tail -n 50 $$fuzzer.log; exit 1; }; \
		sed -n "s,^stat::number_of_executed_units: *,ok $$fuzzer: runs ,p" \
			$$fuzzer.log; \
	done

.PHONY: check-init
check-init: ## the init script and the systemd unit, on machines in namespaces
	$(deps) build init
	-sh tests/init/kit.sh
	$(MAKE) run-init

# What `make install` puts on a machine of the tests
INSTALLED = $(abspath $(BUILD))/installed
INSTALL_ALL = DESTDIR=$(INSTALLED) PREFIX=/usr OPENRCDIR=/etc/openrc

.PHONY: run-init
run-init: all $(INIT_TESTS) $(BUILD)/tests/daemon/operate/test_launch
	@rm -rf $(INSTALLED)
	@$(MAKE) -s install $(INSTALL_ALL)
	@VHOST_INSTALLED=$(INSTALLED) \
		OPENRC=$$(sh tests/init/kit.sh --print) \
		$(run) $(BUILD)/tests/daemon/operate/test_launch \
		$(INIT_TESTS)
	@$(MAKE) -s uninstall $(INSTALL_ALL)
	@! find $(INSTALLED) ! -type d | sed 's,^,uninstall left ,' | grep .

.PHONY: check-trace
check-trace: ## traces, read by sigrok and GTKWave
	$(deps) build trace
	$(MAKE) run-trace

.PHONY: trace-pictures
trace-pictures: all ## draw the traces of the README and docs/framing.md
	sh tests/trace/pictures.sh $(DAEMON) $(XFER) docs

.PHONY: run-trace
run-trace: all $(TRACE_TESTS)
	@$(run) $(TRACE_TESTS)

# What the machine does besides shows in the figures. BENCH_SECONDS is how long
# each is measured.
bench = VHOST_DEVICE_SPI=$(abspath $(DAEMON)) $(BUILD)/tests/bench/$(1)

# Options of `make bench`; BENCH=--help lists them.
BENCH ?=

.PHONY: bench
bench: all $(BENCHES) ## what a request costs, against the floor; BENCH=--help
	@$(call bench,bench_speed) $(BENCH)

.PHONY: performance
performance: all $(BENCHES) $(SPIDEV_BENCHES) ## all tables and plots of docs/performance.md, on a quiet machine
	@$(call bench,bench_speed) --urgent --svg=docs/performance.svg \
		--markdown=$(BUILD)/performance.md > $(BUILD)/performance.log
	@cat $(BUILD)/performance.md
	@echo; $(instructions) $(INSTRUCTIONS) || true
	@echo; $(BUILD)/tests/spidev/bench_share

.PHONY: bench-all
bench-all: bench bench-instructions bench-rings bench-flash bench-fairness bench-scale bench-spidev ## that and all of the following

INSTRUCTIONS := tests/bench/instructions
instructions = BENCH_CFLAGS="$(CFLAGS)" $(call bench,bench_instructions)

.PHONY: bench-instructions
bench-instructions: ## instructions of a request, which INSTRUCTIONS has
	$(deps) build check
	$(MAKE) all $(BENCHES)
	@$(instructions) $(INSTRUCTIONS)

.PHONY: update-instructions
update-instructions: all $(BENCHES) ## writes what bench-instructions compares with
	@$(instructions) --update $(INSTRUCTIONS)

.PHONY: bench-flash
bench-flash: all $(BENCHES) ## how guests share a flash, with parts kept and held
	@$(call bench,bench_flash)

.PHONY: bench-rings
bench-rings: all $(BENCHES) ## what split rings cost against packed ones
	@$(call bench,bench_rings)

.PHONY: bench-fairness
bench-fairness: all $(BENCHES) ## how guests share a bus, and feel each other
	@$(call bench,bench_fairness)
	@$(call bench,bench_isolation)

.PHONY: bench-scale
bench-scale: all $(BENCHES) ## what 1 to 256 guests cost the host
	@$(call bench,bench_scale)

.PHONY: bench-spidev
bench-spidev: all $(SPIDEV_BENCHES) ## a transfer's time on emulated boards, and what host-shared=yes costs
	@$(BUILD)/tests/spidev/bench_share
	@$(BUILD)/tests/spidev/bench_shared

.PHONY: check-bench
check-bench: ## that the benchmarks work; no figure is judged
	$(deps) build check
	$(MAKE) run-bench

.PHONY: run-bench
run-bench: all $(BENCHES)
	@BENCH_SECONDS=0.1 TEST_JOBS=1 TEST_TIMEOUT=120 \
		BENCHES=$(BUILD)/tests/bench $(run) --plain \
		$(BENCHES) tests/bench/test_speed.sh

.PHONY: check-qtest
check-qtest: ## QEMU's own front end, without a guest
	$(deps) build guest
	sh tests/guest/kit.sh
	$(MAKE) run-qtest

.PHONY: run-qtest
run-qtest: all $(QTESTS)
	@$(run) $(QTESTS)
	@$(run) --plain tests/qtest/test_vmm.sh

.PHONY: check-spidev
check-spidev: ## real SPI controllers and spidev, in emulated machines
	$(deps) build guest
	sh tests/guest/kit.sh
	sh tests/spidev/kit.sh
	$(MAKE) run-spidev

.PHONY: run-spidev
run-spidev: all $(SPIDEV_TESTS)
	@TEST_TIMEOUT=1800 $(run) $(SPIDEV_TESTS)

.PHONY: check-guest
check-guest: ## a real Linux guest under QEMU
	$(deps) build guest
	sh tests/guest/kit.sh
	$(MAKE) run-guest

.PHONY: run-guest
run-guest: all $(GUEST_TESTS) $(TRY)
	@$(run) --plain tests/guest/test_patches.sh
	@TEST_TIMEOUT=1800 $(run) $(GUEST_TESTS)

.PHONY: check-drivers
check-drivers: ## all SPI drivers of the guest's kernel, for docs/drivers.md
	$(deps) build guest
	sh tests/guest/kit.sh
	$(MAKE) all $(BUILD)/tests/guest/test_drivers
	@TEST_TIMEOUT=1800 $(run) $(BUILD)/tests/guest/test_drivers

.PHONY: drivers-table
drivers-table: all $(BUILD)/tests/guest/test_drivers ## write the table of docs/drivers.md
	sh tests/guest/kit.sh
	sh tests/guest/drivers-table.sh test_drivers \
		$(BUILD)/tests/guest/test_drivers

.PHONY: answers-table
answers-table: all $(BUILD)/tests/guest/test_answers ## write that of drivers with chips that answer
	sh tests/guest/kit.sh
	sh tests/guest/drivers-table.sh test_answers \
		$(BUILD)/tests/guest/test_answers

# How often the guest is stopped in each test of that.
COUNT ?= 2000
STRESS := GUEST_STOPS=$(COUNT) GUEST_ROWS=all GUEST_REBINDS=40 \
	GUEST_RESETS=18 GUEST_REPLUGS=50 GUEST_WRITES=100 GUEST_SECONDS=240 GUEST_KILLS=1000 \
	GUEST_SUSPENDS=20
STRESS_TESTS := stop_cont machines replug shared_flash suspend patched keeper

.PHONY: stress-guest
stress-guest: ## a real guest, stopped COUNT times, and on all machines
	$(deps) build guest
	sh tests/guest/kit.sh
	$(MAKE) run-stress-guest

.PHONY: run-stress-guest
run-stress-guest: all $(GUEST_TESTS)
	@status=0; for name in $(STRESS_TESTS); do \
		$(STRESS) VHOST_DEVICE_SPI=$(abspath $(DAEMON)) \
			$(BUILD)/tests/guest/test_$$name || status=1; \
	done; exit $$status

.PHONY: demo
demo: ## shows a Linux guest that identifies, writes and reads a flash chip
	$(deps) build guest
	$(MAKE) all
	VHOST_DEVICE_SPI=$(abspath $(DAEMON)) sh tests/guest/demo.sh

.PHONY: lint
lint: ## rules of the source that compilers do not check
	$(deps) build lint
	$(MAKE) all
	@$(run) --plain tests/test_lint.sh tests/test_check.sh \
		tests/test_circles.sh tests/builds/test_recipes.sh
	@sh tests/completion.sh $(DAEMON) $(XFER)
	@sh tests/circles.sh $(BUILD)/obj
	$(MAKE) check-hardening
	@WARNINGS="$(WARNINGS)" sh tests/lint.sh

.PHONY: check-hardening
check-hardening: all ## reads from the programs how they were built
	@HARDEN="$(HARDEN)" CRTI=$$($(CC) -print-file-name=crti.o) $(run) --plain tests/test_hardening.sh

# gcc 12 takes what a caller is given for a leak; ASan and valgrind find those.
.PHONY: analyze
analyze: ## what gcc's analyzer finds on all paths through a function
	$(MAKE) all BUILD=build-analyze LTO= \
		CFLAGS="-O1 -g -fanalyzer -Wno-analyzer-malloc-leak"

FORMATTED := $(shell find virtio vhost spi-daemon tests -name '*.[ch]' \
	! -path 'tests/guest/module/*' ! -path 'tests/guest/example/*')

.PHONY: format
format: ## lays out the source (clang-format)
	$(CLANG_FORMAT) -i $(FORMATTED)

.PHONY: format-check
format-check: ## fails where `make format` would change something
	$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

.PHONY: coverage
coverage: ## line and branch coverage of the tests without a virtual machine, with and without a keeper
	$(deps) develop
	for tests in run-quick run-keeper; do \
		$(MAKE) $$tests BUILD=build-coverage FORTIFY= \
			CFLAGS="-O0 -g -DCOVERAGE" SANITIZE=--coverage || exit; \
	done
	gcovr --exclude 'tests/.*' --print-summary build-coverage
	@echo; echo "The back end: virtio/ and vhost/, but for its front end"
	@gcovr --filter 'virtio/' --filter 'vhost/' --exclude 'vhost/front/' \
		--print-summary build-coverage | tail -n 3

FILL_IN = sed 's,@SBINDIR@,$(PREFIX)/sbin,g; s,@RUNDIR@,$(RUNDIR),g'

# The unit for one guest, vhost-device-spi@NAME, is that for all with places of its
# own.
TEMPLATE = sed -e 's,^Description=.*,& (%i),' \
	-e 's,/etc/vhost-device-spi,&/%i,' \
	-e 's,\(%t\|/run\|/var/lib\)/vhost-device-spi,&-%i,' \
	-e 's,^\(Runtime\|State\)Directory=.*,&-%i,'

# $(call init_file,MODE,SOURCE,DIRECTORY,NAME): one of spi-daemon/init, with
# the directories in it filled in
define init_file
$(if $(3),install -d $(DESTDIR)$(3))
$(if $(3),$(FILL_IN) spi-daemon/init/$(2) > $(DESTDIR)$(3)/$(4))
$(if $(3),chmod $(1) $(DESTDIR)$(3)/$(4))
endef

# What that makes of them all
INIT_FILES = $(if $(QEMUDIR),$(QEMUDIR)/50-vhost-device-spi.json) \
	$(if $(INITDIR),$(INITDIR)/vhost-device-spi) \
	$(if $(OPENRCDIR),$(OPENRCDIR)/vhost-device-spi) \
	$(if $(SYSTEMDUNITDIR),$(SYSTEMDUNITDIR)/vhost-device-spi.service) \
	$(if $(SYSTEMDUNITDIR),$(SYSTEMDUNITDIR)/vhost-device-spi@.service) \
	$(if $(SYSUSERSDIR),$(SYSUSERSDIR)/vhost-device-spi.conf) \
	$(if $(UDEVRULESDIR),$(UDEVRULESDIR)/60-vhost-device-spi.rules) \
	$(if $(EXAMPLEDIR),$(EXAMPLEDIR)/vhost-device-spi.conf.example)

# $(call completion,SHELL,DIRECTORY,NAMES): the same file under each name
define completion
$(if $(2),install -d $(DESTDIR)$(2))
$(if $(2),for name in $(3); do install -m 644 \
	spi-daemon/init/completion/vhost-device-spi.$(1) \
	$(DESTDIR)$(2)/$$name || exit; done)
endef

.PHONY: install
install: all ## to DESTDIR and PREFIX
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin \
		$(addprefix $(DESTDIR)$(MANDIR)/,man1 man5 man8)
	install -m 755 $(DAEMON) $(DESTDIR)$(PREFIX)/sbin
	install -m 755 $(XFER) $(DESTDIR)$(PREFIX)/bin
	install -m 644 docs/spi-xfer.1 $(DESTDIR)$(MANDIR)/man1
	install -m 644 docs/vhost-device-spi.conf.5 $(DESTDIR)$(MANDIR)/man5
	install -m 644 docs/vhost-device-spi.8 $(DESTDIR)$(MANDIR)/man8
	$(call completion,bash,$(BASHCOMPDIR),vhost-device-spi spi-xfer)
	$(call completion,zsh,$(ZSHCOMPDIR),_vhost-device-spi)
	$(if $(TABLEDIR),install -d $(DESTDIR)$(TABLEDIR))
	$(if $(TABLEDIR),install -m 644 $(TABLES) $(DESTDIR)$(TABLEDIR))
	$(call init_file,644,50-vhost-device-spi.json,$(QEMUDIR),50-vhost-device-spi.json)
	$(call init_file,755,vhost-device-spi.init,$(INITDIR),vhost-device-spi)
	$(call init_file,755,vhost-device-spi.openrc,$(OPENRCDIR),vhost-device-spi)
	$(call init_file,644,vhost-device-spi.service,$(SYSTEMDUNITDIR),vhost-device-spi.service)
	$(if $(SYSTEMDUNITDIR),$(TEMPLATE) $(DESTDIR)$(SYSTEMDUNITDIR)/vhost-device-spi.service \
		> $(DESTDIR)$(SYSTEMDUNITDIR)/vhost-device-spi@.service)
	$(call init_file,644,vhost-device-spi.sysusers,$(SYSUSERSDIR),vhost-device-spi.conf)
	$(call init_file,644,vhost-device-spi.rules,$(UDEVRULESDIR),60-vhost-device-spi.rules)
	$(call init_file,644,vhost-device-spi.conf.example,$(EXAMPLEDIR),vhost-device-spi.conf.example)

.PHONY: uninstall
uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/sbin/vhost-device-spi \
		$(DESTDIR)$(PREFIX)/bin/spi-xfer \
		$(DESTDIR)$(MANDIR)/man1/spi-xfer.1 \
		$(DESTDIR)$(MANDIR)/man5/vhost-device-spi.conf.5 \
		$(DESTDIR)$(MANDIR)/man8/vhost-device-spi.8 \
		$(if $(BASHCOMPDIR),$(addprefix $(DESTDIR)$(BASHCOMPDIR)/,\
			vhost-device-spi spi-xfer)) \
		$(if $(ZSHCOMPDIR),$(DESTDIR)$(ZSHCOMPDIR)/_vhost-device-spi) \
		$(if $(TABLEDIR),$(addprefix $(DESTDIR)$(TABLEDIR)/,\
			$(notdir $(TABLES)))) \
		$(addprefix $(DESTDIR),$(INIT_FILES))
	$(if $(TABLEDIR),rmdir $(DESTDIR)$(TABLEDIR) 2>/dev/null || true)

DIST := vhost-device-spi-$(VERSION)
# What a tar file has, with git and without: then there is nothing else here.
DIST_FILES = $(shell git ls-files 2>/dev/null | grep . || \
	find * .??* -type f ! -path '.git/*' ! -path 'build*/*')
# The files' time; those of a tar file have it.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null | grep . || \
	stat -c %Y Makefile)

.PHONY: dist
dist: ## a tar file of the source, the same wherever it is made
	@mkdir -p $(BUILD)
	@printf '%s\n' $(DIST_FILES) | LC_ALL=C sort | tar -c --no-recursion \
		--format=ustar --owner=0 --group=0 --numeric-owner \
		--mode=u+rw,go+r,go-w --mtime=@$(SOURCE_DATE_EPOCH) \
		--transform='flags=r;s,^,$(DIST)/,' -T - | \
		gzip -9n > $(BUILD)/$(DIST).tar.gz
	@echo $(BUILD)/$(DIST).tar.gz

DEB := $(abspath $(BUILD))/deb

.PHONY: deb
deb: ## Debian packages, of what `make dist` makes: build/deb/*.deb
	$(deps) deb
	$(MAKE) run-deb

# A builder of packages wants its own make flags, and no tree around it.
.PHONY: run-deb
run-deb: dist
	@rm -rf $(DEB) && mkdir -p $(DEB)
	@cp $(BUILD)/$(DIST).tar.gz \
		$(DEB)/vhost-device-spi_$(VERSION).orig.tar.gz
	@tar -xzf $(BUILD)/$(DIST).tar.gz -C $(DEB)
	@cp -R $(DEB)/$(DIST)/spi-daemon/init/debian $(DEB)/$(DIST)/
	cd $(DEB)/$(DIST) && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
		dpkg-buildpackage -us -uc > $(DEB)/log 2>&1 || \
		{ tail -n 30 $(DEB)/log; exit 1; }
	@ls $(DEB)/*.deb

.PHONY: check-deb
check-deb: deb ## installs, upgrades and purges those on a machine in a namespace
	$(MAKE) run-check-deb

.PHONY: run-check-deb
run-check-deb: $(DEB_TEST)
	@VHOST_PACKAGES=$(DEB) $(run) --plain \
		tests/init/deb/test_lintian.sh
	@VHOST_INSTALLED=$(DEB) $(run) $(DEB_TEST)

.PHONY: clean
clean: ## removes all that was built
	rm -rf build build-*

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | \
		awk -F '\t' '{ printf "%-16s %s\n", $$1, $$2 }'

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
.SECONDARY:
