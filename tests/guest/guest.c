// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/guest.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/initrd.h"
#include "tests/guest/plug.h"
#include "tests/lib/channel.h"
#include "tests/lib/kernel_log.h"
#include "tests/lib/process.h"
#include "tests/lib/qemu/qemu.h"
#include "tests/lib/qemu/qmp.h"

/* A boot takes seconds; a loaded machine may need many times that. */
#define BOOT_MS	    180000
#define QUIT_MS	    20000

#define MAX_COMMAND 4000

/* What a kernel's warning begins with */
#define WARNING "WARNING: "

/* The guest's kernel logs a task that waits for longer than this. */
#define HUNG_TASK_S 60

struct guest {
	const char *name;
	bool patched;		/* its driver is */
	bool may_fault;		/* its kernel may */
	pid_t pid;		/* -1 once it is reaped */
	int status;		/* what process_wait() said then */
	unsigned int last_id;	/* of a command */
	struct channel control; /* to init in the guest */
	struct channel qmp;
	char dir[64];
	char console[96]; /* log files */
	char output[96];
	char initrd[PATH_MAX + 32];
};

bool guest_kit_is_ready(void)
{
	char dir[PATH_MAX];

	return qemu_find_kit(QEMU_GUEST_KIT, dir, sizeof(dir)) == 0;
}

bool guest_kit_is_patched(void)
{
	char path[PATH_MAX + 64];

	if (qemu_find_kit(QEMU_GUEST_KIT, path, PATH_MAX))
		return false;
	strcat(path, "/modules/patched/spi-virtio.ko");
	return access(path, R_OK) == 0;
}

static void add_machine(struct qemu_args *a, const struct guest *g,
			const char *kit, const struct guest_config *config)
{
	unsigned int ram = config->ram_mib ? config->ram_mib : 256;

	qemu_option(a, NULL, "%s/qemu-system-x86_64", kit);
	qemu_option(a, "-name", "%s", g->name);
	/* Some clouds have a /dev/kvm that runs no ordinary guest. */
	qemu_option(a, "-accel", "tcg");
	qemu_option(a, "-cpu", "max");
	qemu_option(a, "-smp", "%u", config->cpus ? config->cpus : 1);
	qemu_option(a, "-m", "%u", ram);
	/* The back end maps guest memory, so it has to be a shared file. */
	qemu_option(a, "-object", "%s,id=mem,size=%uM,share=on",
		    config->memory ? config->memory : "memory-backend-memfd",
		    ram);
	qemu_option(a, "-machine", "q35,memory-backend=mem");
	qemu_arg(a, "-nodefaults");
	qemu_option(a, "-display", "none");
	qemu_option(a, "-kernel", "%s/kernel", kit);
	qemu_option(a, "-initrd", "%s", g->initrd);
	qemu_option(
		a, "-append",
		"console=ttyS0 no_console_suspend panic=-1 spidev.bufsiz=131072 "
		"sysctl.kernel.hung_task_timeout_secs=%d%s%s%s %s",
		HUNG_TASK_S, config->patched ? " spi_virtio=patched" : "",
		config->chips ? " spi_board.chips=" : "",
		config->chips ? config->chips : "",
		config->iommu ? config->iommu : "");
	/* QEMU needs the IOMMU before the devices behind it. */
	if (config->iommu)
		qemu_option(a, "-device", "intel-iommu");
}

static void add_channels(struct qemu_args *a, const struct guest *g)
{
	qemu_option(a, "-serial", "file:%s", g->console);
	qemu_option(a, "-qmp", "unix:%s/qmp,server=on,wait=off", g->dir);
	qemu_option(a, "-chardev",
		    "socket,id=control,path=%s/control,server=on,wait=off",
		    g->dir);
	qemu_option(a, "-device", "virtio-serial-pci");
	qemu_option(a, "-device",
		    "virtserialport,chardev=control,name=control");
}

static void add_controllers(struct qemu_args *a,
			    const struct guest_config *config)
{
	const char *properties = config->properties ? config->properties : "";
	const char *iommu = config->iommu ? ",iommu_platform=on" : "";

	if (config->hotplug)
		qemu_option(a, "-device",
			    "pcie-root-port,id=" PLUG_PORT ",chassis=1,slot=1");
	for (int i = 0; i < GUEST_MAX_SOCKETS && config->sockets[i]; i++) {
		qemu_option(a, "-chardev", "socket,id=spi%d,path=%s", i,
			    config->sockets[i]);
		qemu_option(a, "-device",
			    "vhost-user-spi-pci,chardev=spi%d%s%s%s", i, iommu,
			    properties,
			    config->hotplug && i == 0 ? PLUG_DEVICE : "");
	}
	for (int i = 0; config->extra_args && config->extra_args[i]; i++)
		qemu_arg(a, config->extra_args[i]);
}

static int choose_initrd(struct guest *g, const char *kit,
			 const struct guest_config *config)
{
	char path[sizeof(g->initrd)];

	snprintf(g->initrd, sizeof(g->initrd), "%s/%s.cpio.gz", kit,
		 config->drivers ? "drivers" : "initramfs");
	if (!config->modules)
		return 0;
	strcpy(path, g->initrd);
	snprintf(g->initrd, sizeof(g->initrd), "%s/initrd", g->dir);
	return initrd_add_modules(g->initrd, path, kit, config->modules);
}

static int start_qemu(struct guest *g, const struct guest_config *config)
{
	struct qemu_args args = { .count = 0 };
	char kit[PATH_MAX];
	int err = qemu_find_kit(QEMU_GUEST_KIT, kit, sizeof(kit));

	if (!err)
		err = choose_initrd(g, kit, config);
	if (err)
		return err;
	add_machine(&args, g, kit, config);
	add_channels(&args, g);
	add_controllers(&args, config);
	g->pid = process_start(args.argv, g->output);
	qemu_args_free(&args);
	return g->pid < 0 ? (int)g->pid : 0;
}

static int connect_channel(struct guest *g, struct channel *c, const char *name,
			   int64_t deadline)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	return qemu_connect(c, path, g->pid, deadline);
}

static int connect_channels(struct guest *g)
{
	int64_t deadline = process_now_ms() + BOOT_MS;
	int err;

	err = connect_channel(g, &g->qmp, "qmp", deadline);
	if (err)
		return err;
	err = qmp_open(&g->qmp, deadline);
	if (err)
		return err;
	return connect_channel(g, &g->control, "control", deadline);
}

static struct guest *allocate_guest(const char *name)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->name = name ? name : "guest";
	g->pid = -1;
	g->control.fd = -1;
	g->qmp.fd = -1;
	if (process_make_dir(g->dir, sizeof(g->dir)) < 0) {
		free(g);
		return NULL;
	}
	snprintf(g->console, sizeof(g->console), "%s/console.log", g->dir);
	snprintf(g->output, sizeof(g->output), "%s/qemu.log", g->dir);
	return g;
}

struct guest *guest_start(const struct guest_config *config)
{
	struct guest *g = allocate_guest(config->name);
	int err;

	if (!g)
		return NULL;
	g->patched = config->patched;
	g->may_fault = config->may_fault;
	err = start_qemu(g, config);
	if (!err)
		err = connect_channels(g);
	if (!err)
		err = guest_run(g, NULL, 0, BOOT_MS / 1000, "true");
	if (!err)
		return g;

	fprintf(stderr, "guest %s did not start: %s\n", g->name,
		strerror(err < 0 ? -err : EIO));
	guest_show_logs(g);
	guest_stop(g);
	return NULL;
}

/* Drops answers to earlier commands, which timed out. */
static int read_answer(struct guest *g, char *out, size_t out_size,
		       int64_t deadline)
{
	char line[128];
	unsigned int id;
	size_t len;
	int status;
	int err;

	for (;;) {
		err = channel_read_line(&g->control, line, sizeof(line),
					deadline);
		if (err)
			return err;
		/* A reboot may cut an answer off: skip to the next one. */
		if (sscanf(line, "%u %d %zu", &id, &status, &len) != 3)
			continue;
		if (id == g->last_id)
			break;
		err = channel_read_bytes(&g->control, NULL, 0, len, deadline);
		if (err)
			return err;
	}
	err = channel_read_bytes(&g->control, out, out_size, len, deadline);
	return err ? err : status;
}

int guest_run(struct guest *g, char *out, size_t out_size, int timeout_s,
	      const char *format, ...)
{
	int64_t deadline = process_now_ms() + (int64_t)timeout_s * 1000;
	char command[MAX_COMMAND];
	char *text = NULL;
	va_list ap;
	int len;
	int err;

	if (out && out_size)
		out[0] = '\0';
	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0)
		return -ENOMEM;
	len = snprintf(command, sizeof(command), "%u %s\n", ++g->last_id, text);
	free(text);
	if (len < 0 || (size_t)len >= sizeof(command))
		return -E2BIG;

	err = channel_write(&g->control, command, (size_t)len);
	if (err)
		return err;
	return read_answer(g, out, out_size, deadline);
}

int guest_wait(struct guest *g)
{
	int64_t deadline = process_now_ms() + BOOT_MS;
	int err;

	do {
		/* A command that a reset interrupts has no answer. */
		err = guest_run(g, NULL, 0, 5, "true");
		if (!err || err == -EPIPE)
			return err;
		process_sleep_ms(100);
	} while (process_now_ms() < deadline);
	return err < 0 ? err : -EIO;
}

int guest_reboot(struct guest *g)
{
	static const char boot_id[] = "cat /proc/sys/kernel/random/boot_id";
	int64_t deadline = process_now_ms() + BOOT_MS;
	char before[64];
	char after[64];
	int err;

	err = guest_run(g, before, sizeof(before), 60, "%s", boot_id);
	if (err)
		return err;
	/* Reboot a second later: the answer to this command comes first. */
	err = guest_run(g, NULL, 0, 60, "(sleep 1; reboot -f) &");
	if (err)
		return err;
	process_sleep_ms(1500);
	do {
		err = guest_wait(g);
		if (!err)
			err = guest_run(g, after, sizeof(after), 5, "%s",
					boot_id);
		if (!err && strcmp(before, after))
			return 0;
		process_sleep_ms(100);
	} while (err != -EPIPE && process_now_ms() < deadline);
	return err < 0 ? err : -ETIMEDOUT;
}

int guest_qmp(struct guest *g, const char *json, char *reply, size_t size)
{
	return qmp_command(&g->qmp, json, reply, size);
}

int guest_kill(struct guest *g, int sig)
{
	if (g->pid < 0)
		return -ESRCH;
	if (kill(g->pid, sig) < 0)
		return -errno;
	if (sig == SIGKILL) {
		g->status = process_wait(g->pid, QUIT_MS);
		g->pid = -1;
	}
	return 0;
}

bool guest_is_running(struct guest *g)
{
	return g->pid >= 0 && process_is_running(g->pid);
}

unsigned int guest_count_lines(const struct guest *g, const char *text)
{
	FILE *log = fopen(g->console, "re");
	unsigned int count = 0;
	char line[512];

	while (log && fgets(line, sizeof(line), log))
		count += strstr(line, text) != NULL;
	if (log)
		fclose(log);
	return count;
}

void guest_show_logs(struct guest *g)
{
	char title[64];

	snprintf(title, sizeof(title), "console of guest %s", g->name);
	process_show_log(title, g->console);
	snprintf(title, sizeof(title), "QEMU of guest %s", g->name);
	process_show_log(title, g->output);
}

bool guest_find_fault(const struct guest *g, char *line, size_t size)
{
	if (kernel_log_find_fault(g->console, line, size))
		return true;
	/* The virtio core warns of a device that its driver did not reset. */
	if (!g->patched || !guest_count_lines(g, WARNING))
		return false;
	snprintf(line, size, "%s", WARNING);
	return true;
}

static int check_log(struct guest *g)
{
	char fault[256];

	if (!guest_find_fault(g, fault, sizeof(fault)))
		return 0;
	guest_show_logs(g);
	fprintf(stderr, "guest %s: the kernel logged: %s\n", g->name, fault);
	return -EBADMSG;
}

int guest_stop(struct guest *g)
{
	int status;

	if (!g)
		return 0;
	if (g->pid >= 0) {
		if (g->qmp.fd >= 0)
			guest_qmp(g, "{\"execute\":\"quit\"}", NULL, 0);
		else
			kill(g->pid, SIGKILL);
		g->status = process_wait(g->pid, QUIT_MS);
		if (g->status == -ETIMEDOUT) {
			kill(g->pid, SIGKILL);
			process_wait(g->pid, QUIT_MS);
		}
	}
	status = g->may_fault ? 0 : check_log(g);
	if (!status)
		status = g->status;
	channel_close(&g->control);
	channel_close(&g->qmp);
	process_remove_dir(g->dir);
	free(g);
	return status;
}
