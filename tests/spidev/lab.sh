# shellcheck shell=dash
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# What the tests' commands use, inside the machine.

tracing=/sys/kernel/tracing
[ -e "$tracing/trace" ] || tracing=/sys/kernel/debug/tracing

# Start the daemon on the device specs "$@".
start_daemon() {
	stop_daemon TERM
	rm -f /run/s0
	for spec; do
		set -- "$@" "--device=$spec"
		shift
	done
	vhost-device-spi --socket-path=/run/s "$@" > /run/daemon.log 2>&1 &
	echo $! > /run/daemon.pid
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ ! -S /run/s0 ] || return 0
		kill -0 "$(cat /run/daemon.pid)" 2> /dev/null || break
		sleep 0.1
	done
	echo "the daemon does not listen (try $try)"
	cat /run/daemon.log
	return 1
}

daemon_runs() {
	[ -e /run/daemon.pid ] && kill -0 "$(cat /run/daemon.pid)" 2> /dev/null
}

# End it with signal $1, and wait for its end.
stop_daemon() {
	daemon_runs || return 0
	kill "-$1" "$(cat /run/daemon.pid)"
	while daemon_runs; do
		sleep 0.05
	done
	rm -f /run/daemon.pid
}

# The command "$@", with what the kernel sees of it in /run/trace.
traced() {
	[ -e "$tracing/events/eprobes/spidev_ioctl" ] || prepare_trace
	: > "$tracing/trace"
	echo 1 > "$tracing/tracing_on"
	"$@"
	status=$?
	save_trace
	return "$status"
}

# spi-stream "$@". Returns when the daemon has seen that it hung up: only then
# is the next front end served.
stream_and_leave() {
	spi-stream "$@" && spi-xfer --socket "$1" --info > /dev/null
}

# Wait until command $1 succeeds.
wait_until() {
	try=0
	until eval "$1"; do
		[ $((try += 1)) -lt 300 ] || return 1
		sleep 0.1
	done
}

# End process $1 of this shell, which would tell of a signal on stderr.
end_process() {
	{
		kill "$1"
		wait "$1"
	} 2> /dev/null
}

# Wait until the kernel has traced event $1.
wait_for_event() {
	wait_until "grep -q ' $1: ' $tracing/trace"
}

save_trace() {
	echo 0 > "$tracing/tracing_on"
	sed -n 's/^.* \([0-9]*\.[0-9]*: [a-z_]*: .*\)/\1/p' "$tracing/trace" \
		> /run/trace
}

# What a transfer asks for stands in the first element of SPI_IOC_MESSAGE's
# array, so that is what is shown of every ioctl.
prepare_trace() {
	echo 0 > "$tracing/tracing_on"
	echo mono > "$tracing/trace_clock"
	echo 4096 > "$tracing/buffer_size_kb"
	echo "e:spidev_ioctl syscalls/sys_enter_ioctl cmd=\$cmd:x32" \
		"len=+u16(\$arg):u32 speed=+u20(\$arg):u32" \
		"bits=+u26(\$arg):u8" > "$tracing/dynamic_events"
	for event in spi/spi_set_cs spi/spi_setup spi/spi_transfer_start \
		spi/spi_transfer_stop spi/spi_message_start \
		spi/spi_message_done eprobes/spidev_ioctl gpio/gpio_value; do
		[ ! -e "$tracing/events/$event" ] ||
			echo 1 > "$tracing/events/$event/enable"
	done
}

# Take the chip $1 (spi0.0) from spidev, and give it back.
unbind() {
	echo "$1" > "/sys/bus/spi/drivers/spidev/unbind"
}

bind() {
	echo "$1" > "/sys/bus/spi/drivers/spidev/bind"
	for try in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -c "/dev/spidev${1#spi}" ] || return 0
		sleep 0.1
	done
	echo "no /dev/spidev${1#spi} (try $try)"
	return 1
}
