/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/options/vmm_args.h"

#include <stdio.h>

/* In a value of QEMU, two commas stand for one. */
static void print_path(const char *path)
{
	for (; *path; path++) {
		if (*path == ',')
			putchar(',');
		putchar(*path);
	}
}

void vmm_args_qemu(const char *socket)
{
	puts("-m\n512M\n"
	     "-object\n"
	     "memory-backend-memfd,id=vspi-mem,size=512M,share=on\n"
	     "-machine\n"
	     "memory-backend=vspi-mem\n"
	     "-chardev");
	fputs("socket,id=vspi,path=", stdout);
	print_path(socket);
	puts("\n"
	     "-device\n"
	     "vhost-user-spi-pci,chardev=vspi");
}

void vmm_args_cloud_hypervisor(const char *socket)
{
	printf("--memory\n"
	       "size=512M,shared=on\n"
	       "--generic-vhost-user\n"
	       "socket=%s,device_type=spi,queue_sizes=[64]\n",
	       socket);
}
