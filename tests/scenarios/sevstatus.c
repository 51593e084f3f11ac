// SPDX-License-Identifier: GPL-2.0
/*
 * sevstatus NODE MS TIMES: asks for the platform's status as agents on SNP hosts
 * do, every MS ms. Each time ccp turns a page, here one of that node, over to
 * the firmware and takes it back. Status 1 if one of them failed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/psp-sev.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ask(int fd)
{
	struct sev_user_data_snp_status status = { 0 };
	struct sev_issue_cmd command = {
		.cmd = SNP_PLATFORM_STATUS, .data = (unsigned long)&status,
	};

	return ioctl(fd, SEV_ISSUE_CMD, &command);
}

int main(int argc, char **argv)
{
	unsigned long mask;
	int fd, times;

	if (argc != 4) {
		fprintf(stderr, "usage: sevstatus NODE MS TIMES\n");
		return 2;
	}
	mask = 1ul << atoi(argv[1]);
	fd = open("/dev/sev", O_RDWR | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 8 * sizeof(mask) + 1)) {
		perror("sevstatus");
		return 1;
	}
	for (times = atoi(argv[3]); times; times--) {
		if (ask(fd)) {
			perror("sevstatus: SNP_PLATFORM_STATUS");
			return 1;
		}
		usleep(1000 * atoi(argv[2]));
	}
	return 0;
}
