#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# A small machine in namespaces of its own, on which the daemon is installed:
# no kernel of its own, but a process 1, a /run, /dev, /etc and users. Nothing
# that happens in it changes this machine.
#
#	machine.sh KIND INSTALLED DIR
#
# KIND	systemd	process 1 is this machine's systemd; the rest is this machine's
#		files under an overlay
#	lsb	the same with busybox's init in place of systemd
#	openrc	as lsb, with OpenRC: the directory OPENRC has its packages' files
#	deb	as systemd, but what is in INSTALLED are packages: they are put into
#		/packages, and none is installed
#	busybox	the daemon, its libraries, and a few applets of busybox
#
# INSTALLED is what `make install` made, with PREFIX=/usr. Writes the id of
# process 1, for nsenter, to DIR/pid, and runs until it gets a SIGTERM. What
# cannot be had here is told in one line, with exit status 77.

set -eu

cannot() {
	echo "$*"
	exit 77
}

# Runs a command that not every machine lets root run.
try() {
	"$@" 2> "$dir/reason" || cannot "cannot $*: $(cat "$dir/reason")"
}

is_systemd() {
	[ "$kind" = systemd ] || [ "$kind" = deb ]
}

# --- here -------------------------------------------------------------------

check_tools() {
	[ "$(id -u)" -eq 0 ] || cannot "not root, cannot make a machine"
	for tool in unshare setpriv nsenter pivot_root ldd; do
		command -v "$tool" > /dev/null || cannot "there is no $tool"
	done
	if [ "$kind" = openrc ]; then
		[ -d "${OPENRC:-/none}" ] || cannot "there is no OpenRC"
	fi
	if is_systemd; then
		[ -x /lib/systemd/systemd ] || cannot "systemd is not installed"
	else
		busybox=$(command -v busybox) || cannot "there is no busybox"
		! ldd "$busybox" > /dev/null 2>&1 ||
			cannot "$busybox is not busybox-static"
	fi
}

# --- in a mount namespace, which is for what has to be undone ----------------

# A branch of the control groups for systemd, which thinks it is the tree.
make_group() {
	mkdir "$dir/groups"
	try mount -t cgroup2 cgroup2 "$dir/groups"
	group=$dir/groups/vspi-test-$$
	try mkdir "$group"
}

# Runs the machine in the background. Sets runner, and group for systemd's.
run_machine() {
	group=
	! is_systemd || make_group
	# shellcheck disable=SC2016 # expanded by the inner shell
	sh -c '
		[ -z "$1" ] || echo $$ > "$1/cgroup.procs" || exit 77
		shift
		exec setpriv --pdeathsig KILL unshare -m -p -f -u -i -n -C \
			--kill-child=KILL sh "$0" --inside "$@"
	' "$0" "$group" "$kind" "$installed" "$dir" &
	runner=$!
}

end_machine() {
	kill -KILL "$runner" 2> /dev/null || true
	wait "$runner" 2> /dev/null || true
	# Its processes take a moment to go.
	tries=50
	while [ -n "$group" ] && [ -d "$group" ] && [ "$tries" -gt 0 ]; do
		find "$group" -depth -type d -exec rmdir {} \; 2> /dev/null ||
			sleep 0.1
		tries=$((tries - 1))
	done
}

# --- in all the namespaces, still with the files of the machine around -------

make_devices() {
	try mount -t tmpfs -o mode=755 tmpfs "$root/dev"
	try mknod -m 666 "$root/dev/null" c 1 3
	try mknod -m 666 "$root/dev/zero" c 1 5
	try mknod -m 666 "$root/dev/random" c 1 8
	try mknod -m 666 "$root/dev/urandom" c 1 9
	ln -s /proc/self/fd "$root/dev/fd"
	mkdir "$root/dev/shm"
}

mount_all() {
	mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp" \
		"$root/var/lib"
	try mount -t proc proc "$root/proc"
	# The kernel's settings are everybody's.
	try mount --bind "$root/proc/sys" "$root/proc/sys"
	try mount -o remount,bind,ro "$root/proc/sys"
	try mount -t sysfs -o ro sysfs "$root/sys"
	try mount -t tmpfs -o mode=755 tmpfs "$root/run"
	try mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
	make_devices
}

make_overlay() {
	mkdir "$dir/upper" "$dir/work"
	try mount -t overlay \
		-o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" \
		overlay "$root"
	mount_all
	rm -f "$root/etc/vhost-device-spi.conf"
}

# As `adduser -S -D -H` does
add_user() {
	echo vhost-device-spi:x:990:990::/:/bin/false >> "$root/etc/passwd"
	echo vhost-device-spi:x:990: >> "$root/etc/group"
}

make_inittab() {
	echo "::sysinit:$busybox syslogd -O /run/messages" > "$root/etc/inittab"
	init="$busybox init"
}

# The least of the system's units: the others want half of the system.
make_systemd() {
	make_overlay
	# Of procps, which small systems lack.
	rm -f "$root/usr/bin/kill" "$root/bin/kill"
	try mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
	echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"
	units=$root/run/units
	mkdir -p "$units/multi-user.target.wants"
	for unit in sysinit.target basic.target sockets.target \
		multi-user.target shutdown.target umount.target \
		systemd-journald.service systemd-journald.socket \
		systemd-journald-dev-log.socket; do
		cp "/lib/systemd/system/$unit" "$units/"
	done
	ln -s ../systemd-journald.socket ../systemd-journald-dev-log.socket \
		"$units/multi-user.target.wants/"
	for unit in vhost-device-spi.service vhost-device-spi@.service; do
		if [ "$kind" = deb ]; then
			ln -s "/lib/systemd/system/$unit" "$units/"
		else
			cp "$installed/usr/lib/systemd/system/$unit" "$units/"
		fi
	done
	container=test SYSTEMD_UNIT_PATH=/run/units SYSTEMD_GENERATOR_PATH=/none
	export container SYSTEMD_UNIT_PATH SYSTEMD_GENERATOR_PATH
	init="/lib/systemd/systemd --system --unit=multi-user.target
		--log-target=journal --show-status=0"
}

# A package enables its units in /etc. A script may forbid that they are started.
make_deb() {
	make_systemd
	rm -rf "$root/usr/sbin/policy-rc.d" "$root/etc/systemd/system"
	mkdir "$root/etc/systemd/system"
	SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/units
}

make_openrc() {
	make_overlay
	tar -c -C "$OPENRC" . | tar -x --keep-directory-symlink -C "$root"
	mkdir -p "$root/etc/runlevels/boot" "$root/etc/conf.d"
	: > "$root/etc/insserv.conf"
	add_user
	make_inittab
	echo "::sysinit:/sbin/openrc boot" >> "$root/etc/inittab"
}

make_lsb() {
	make_overlay
	add_user
	make_inittab
}

make_busybox() {
	try mount -t tmpfs -o mode=755 tmpfs "$root"
	mkdir -p "$root/bin" "$root/etc" "$root/usr"
	cp "$busybox" "$root/bin/busybox"
	# The first five are all that the init script needs.
	for applet in sh chown mkdir rm sleep cat grep kill ls stat; do
		ln -s busybox "$root/bin/$applet"
	done
	# Libraries, and what loads them.
	for file in $(ldd "$installed/usr/sbin/vhost-device-spi" |
		sed -n 's,^[^/]*\(/[^ ]*\).*,\1,p'); do
		mkdir -p "$root${file%/*}"
		cp -L "$file" "$root$file"
	done
	echo root:x:0:0:root:/:/bin/sh > "$root/etc/passwd"
	echo root:x:0: > "$root/etc/group"
	add_user
	mount_all
	busybox=/bin/busybox
	make_inittab
}

# Becomes process 1 of the machine.
become_init() {
	# The old /proc still tells what the world outside calls us.
	read -r pid rest < /proc/self/stat
	: "$rest"
	root=$dir/root
	mkdir "$root"
	is_systemd || busybox=$(command -v busybox)
	"make_$kind"
	if [ "$kind" = deb ]; then
		mkdir "$root/packages"
		cp "$installed"/*.deb "$root/packages/"
	else
		cp -R "$installed/." "$root/"
	fi
	[ "$kind" != openrc ] || mv "$root/etc/openrc/vhost-device-spi" \
		"$root/etc/init.d/vhost-device-spi"
	cd "$root"
	mkdir old
	pivot_root . old
	cd /
	if [ "$kind" = busybox ]; then
		/bin/busybox umount -l /old
	else
		umount -l /old
	fi
	echo "$pid" >&3
	# shellcheck disable=SC2086 # a command and its options
	exec $init < /dev/null 3>&-
}

# -----------------------------------------------------------------------------

stage=--here
case $1 in
--*)
	stage=$1
	shift
	;;
esac
kind=$1 installed=$2 dir=$3

case $stage in
--here)
	check_tools
	try unshare -m -p -f -u -i -n -C true
	rm "$dir/reason"
	exec 3> "$dir/pid"
	exec unshare -m sh "$0" --around "$@"
	;;
--around)
	try mount -t tmpfs tmpfs "$dir"
	run_machine
	trap end_machine EXIT
	trap exit TERM
	wait "$runner"
	;;
--inside)
	become_init
	;;
esac
