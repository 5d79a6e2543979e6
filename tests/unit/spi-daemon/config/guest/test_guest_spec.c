/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/config/guest/guest_spec.h"
#include "tests/lib/test.h"

static struct guest_spec parse(const char *text)
{
	struct guest_spec spec;
	char error[512] = "";

	if (guest_spec_parse(text, &spec, error, sizeof(error)))
		fail_msg("%s: %s", text, error);
	return spec;
}

TEST(all_keys_are_taken_in_any_order)
{
	static const char *const texts[] = {
		"socket=/s,name=n,weight=7,without=order-platform,device=/d0,"
		"cs=nor,cs-hold=3,device=sim:nor,size=1M,with=in-order",
		"device=/d0,name=n,cs=nor,with=in-order,cs-hold=3,weight=7,"
		"device=sim:nor,size=1M,without=order-platform,socket=/s",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct guest_spec spec = parse(texts[i]);

		assert_string_equal(spec.name, "n");
		assert_string_equal(spec.socket, "/s");
		assert_int_equal(spec.weight, 7);
		assert_true(spec.offer.with.features == UINT64_C(1) << 35);
		assert_true(spec.offer.without.features == UINT64_C(1) << 36);
		assert_int_equal(spec.devices->count, 2);
		assert_string_equal(spec.devices->owner, "n");
		assert_string_equal(spec.devices->specs[0].path, "/d0");
		assert_int_equal(spec.devices->specs[0].framing, CS_TABLE);
		assert_int_equal(spec.devices->specs[0].cs_hold_ms, 3);
		assert_int_equal(spec.devices->specs[1].chip.size, 1 << 20);
		guest_spec_free(&spec);
	}
}

TEST(guest_without_a_name_has_that_of_its_socket)
{
	struct guest_spec spec = parse("socket=/run/a.sock,device=d");

	assert_string_equal(spec.name, "/run/a.sock");
	assert_int_equal(spec.weight, 1);
	guest_spec_free(&spec);
}

TEST(peers_are_names_or_numbers)
{
	struct guest_spec spec =
		parse("socket=s,device=d,peer-uid=root,peer-gid=root");

	assert_int_equal(spec.access.peers.uid, 0);
	assert_int_equal(spec.access.peers.gid, 0);
	guest_spec_free(&spec);
	spec = parse("socket=s,device=d,peer-uid=4294967294");
	assert_true(spec.access.peers.uid == 4294967294u);
	assert_true(spec.access.peers.gid == (gid_t)-1);
	guest_spec_free(&spec);
}

TEST(mistakes_are_told_with_key_and_value)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", ": is no key of a guest, and there is no device= before "
		      "it" },
		{ "cs=nor,device=d", "cs=nor: is no key of a guest, and there "
				     "is no device= before it" },
		{ "device=d", "socket=PATH is missing" },
		{ "socket=s", "device=PATH is missing" },
		{ "socket", "socket has no value" },
		{ "socket=,device=d", "socket= has no value" },
		{ "device=", "device= has no value" },
		{ "socket=a,socket=b", "socket=b is the second socket=" },
		{ "name=a,name=b", "name=b is the second name=" },
		{ "name=a b", "name=a b is not 1 to 32 letters, digits, dots, "
			      "dashes and underscores" },
		{ "weight=0", "weight=0 is not a number from 1 to 100" },
		{ "weight=101", "weight=101 is not a number from 1 to 100" },
		{ "weight=2,weight=3", "weight=3 is the second weight=" },
		{ "poll=1001",
		  "poll=1001 is not a number of microseconds, 0..1000" },
		{ "poll=-1",
		  "poll=-1 is not a number of microseconds, 0..1000" },
		{ "socket-mode=888", "socket-mode=888 is not a mode, as 0660" },
		{ "socket-group=-1", "socket-group=-1 is not a group" },
		{ "peer-uid=no-such-user",
		  "peer-uid=no-such-user is not a user" },
		{ "peer-uid=4294967295", "peer-uid=4294967295 is not a user" },
		{ "peer-gid=-1", "peer-gid=-1 is not a group" },
		{ "without=x", "without=x: there is no such feature" },
		{ "with=", "with= has no value" },
		{ "with=status,x", "with=x: there is no such feature" },
		{ "without=status,", "without=: there is no such feature" },
		{ "with=status,weight=1,mq",
		  "mq: is no key of a guest, and there is no device= before "
		  "it" },
		{ "with=status,with=x", "with=x: there is no such feature" },
		{ "with=ring-packed,without=status,without=ring-packed",
		  "with= and without= both name \"ring-packed\"" },
		{ "without=mq,with=mq", "with= and without= both name \"mq\"" },
		{ "socket=s,device=d,cs=x",
		  "device=d,cs=x: cs=x is not auto, linux, nor, nand, eeprom, at45, table:FILE, spec "
		  "or transfer" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guest_spec spec;
		char error[512] = "";

		assert_int_equal(guest_spec_parse(cases[i].text, &spec, error,
						  sizeof(error)),
				 -EINVAL);
		assert_string_equal(error, cases[i].error);
		assert_null(spec.name);
		assert_null(spec.devices);
	}
}

TEST(socket_that_is_too_long_is_refused)
{
	char text[200], error[512];
	struct guest_spec spec;

	snprintf(text, sizeof(text), "device=d,socket=%0107d", 0);
	spec = parse(text);
	guest_spec_free(&spec);
	snprintf(text, sizeof(text), "device=d,socket=%0108d", 0);
	assert_int_equal(guest_spec_parse(text, &spec, error, sizeof(error)),
			 -EINVAL);
	assert_non_null(strstr(error, "is 108 bytes, more than the 107"));
}

TEST(any_difference_is_seen)
{
	static const char *const others[] = {
		"socket=s,name=m,device=d",
		"socket=t,name=n,device=d",
		"socket=s,name=n,device=e",
		"socket=s,name=n,device=d,cs=nor",
		"socket=s,name=n,device=d,device=e",
		"socket=s,name=n,device=d,weight=2",
		"socket=s,name=n,device=d,poll=0",
		"socket=s,name=n,device=d,socket-mode=660",
		"socket=s,name=n,device=d,socket-group=0",
		"socket=s,name=n,device=d,peer-uid=0",
		"socket=s,name=n,device=d,peer-gid=0",
		"socket=s,name=n,device=d,without=event-idx",
		"socket=s,name=n,device=d,with=ring-packed",
		"socket=s,name=n,device=d,without=status",
	};
	struct guest_spec a = parse("socket=s,name=n,device=d");
	/* What is said of features changes nothing. */
	struct guest_spec same = parse("device=d,name=n,weight=1,socket=s,"
				       "with=event-idx,without=ring-packed");

	assert_true(guest_spec_equal(&a, &same));
	guest_spec_free(&same);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct guest_spec b = parse(others[i]);

		assert_false(guest_spec_equal(&a, &b));
		guest_spec_free(&b);
	}
	guest_spec_free(&a);
}

TEST_MAIN(NULL, NULL)
