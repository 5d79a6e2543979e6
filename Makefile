# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# vhost-device-spi. `make help` lists the targets.

VERSION := 0.1.0

CC ?= cc
CFLAGS ?= -O2 -g
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CLANG_FORMAT ?= clang-format

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-align -Wvla -Wformat=2 \
	-Wundef -Wwrite-strings
FORTIFY ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2

# What every object needs; CFLAGS and LDFLAGS stay the user's.
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. $(WARNINGS) \
	-fstack-protector-strong $(FORTIFY) -fPIE -pthread $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -pthread $(LDFLAGS) $(SANITIZE)

DAEMON_SRCS := $(wildcard virtio/*.c vhost/*.c spi-daemon/*.c \
	spi-daemon/device/*.c)
FRONT_SRCS := $(wildcard vhost/front/*.c spi-daemon/xfer/*.c)
TEST_LIB_SRCS := $(wildcard tests/lib/*.c)
UNIT_SRCS := $(wildcard tests/unit/test_*.c)
WHOLE_SRCS := $(wildcard tests/daemon/test_*.c)
GUEST_SRCS := $(wildcard tests/guest/test_*.c)
GUEST_LIB_SRCS := $(filter-out $(GUEST_SRCS),$(wildcard tests/guest/*.c))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
bin = $(patsubst %.c,$(BUILD)/%,$(1))

DAEMON_OBJS := $(call obj,$(filter-out spi-daemon/main.c,$(DAEMON_SRCS)))
FRONT_OBJS := $(call obj,$(filter-out spi-daemon/xfer/main.c,$(FRONT_SRCS)))
UNIT_TESTS := $(call bin,$(UNIT_SRCS))
WHOLE_TESTS := $(call bin,$(WHOLE_SRCS))
GUEST_TESTS := $(call bin,$(GUEST_SRCS))

DAEMON := $(BUILD)/vhost-device-spi
XFER := $(BUILD)/spi-xfer

.PHONY: all
all: $(DAEMON) $(XFER)

$(DAEMON): $(BUILD)/obj/spi-daemon/main.o $(BUILD)/libdaemon.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lbsd

$(XFER): $(BUILD)/obj/spi-daemon/xfer/main.o $(BUILD)/libfront.a \
		$(BUILD)/libdaemon.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lbsd

$(BUILD)/libdaemon.a: $(DAEMON_OBJS)
$(BUILD)/libfront.a: $(FRONT_OBJS)
$(BUILD)/libtest.a: $(call obj,$(TEST_LIB_SRCS))
$(BUILD)/libguest.a: $(call obj,$(GUEST_LIB_SRCS))
$(BUILD)/lib%.a:
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

TEST_LIBS = $(BUILD)/libtest.a $(BUILD)/libfront.a $(BUILD)/libdaemon.a
$(UNIT_TESTS) $(WHOLE_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o \
		$(TEST_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka -lbsd

$(GUEST_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libguest.a \
		$(TEST_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka -lbsd

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
.SECONDARY:
