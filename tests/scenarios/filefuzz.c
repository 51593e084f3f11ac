// SPDX-License-Identifier: GPL-2.0
/*
 * filefuzz: random bytes into files that can be written, reads at random places
 * of those that can be read. The same seed does the same.
 *
 *	filefuzz SEED ROUNDS FILE...	prints how many calls succeeded, and failed
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST	70000u

/* What makes some of it get past the first check. */
static const char * const words[] = {
	"now", "full", "later", "cancel", "verify", "report", "clear", "off",
	"on", "ipi", "skip", "Y", "N", "0", "1", "2", "5", "7", "8", "50",
	"1000", "4294967295", "4294967296", "-1", "0-3", "0,2", "1-", "all",
	"0x1", " ", ",", "-", "\n",
};

static uint64_t state;
static unsigned long succeeded, failed;

/* xorshift64* */
static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717ull;
}

static uint64_t below(uint64_t n)
{
	return next() % n;
}

static size_t random_length(void)
{
	switch (below(4)) {
	case 0:
		return below(4);
	case 1:
		return below(64);
	case 2:
		return 4090 + below(12);
	default:
		return below(LONGEST);
	}
}

static size_t random_bytes(char *buf)
{
	size_t length = random_length();

	for (size_t i = 0; i < length; i++)
		buf[i] = next();
	return length;
}

/* One to five words, now and then with a byte that does not belong there. */
static size_t random_words(char *buf)
{
	unsigned int count = 1 + below(5);
	size_t length = 0;

	while (count--) {
		const char *word = words[below(sizeof(words) / sizeof(words[0]))];

		memcpy(buf + length, word, strlen(word));
		length += strlen(word);
		if (count && below(2))
			buf[length++] = ' ';
	}
	if (!below(4))
		buf[below(length)] = next();
	return length;
}

static off_t random_offset(void)
{
	static const off_t far[] = { 4096, 1ll << 31, 1ll << 40, INT64_MAX };

	switch (below(3)) {
	case 0:
		return 0;
	case 1:
		return below(300);
	default:
		return far[below(4)] - below(2);
	}
}

static void note(ssize_t done)
{
	if (done < 0)
		failed++;
	else
		succeeded++;
}

static void try_file(const char *file, mode_t mode, char *buf)
{
	int writes = !!(mode & 0200), reads = !!(mode & 0400);
	int fd = open(file, writes && reads ? O_RDWR : writes ? O_WRONLY : O_RDONLY);

	note(fd);
	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++) {
		if (writes && (!reads || below(2))) {
			size_t length = below(2) ? random_bytes(buf) : random_words(buf);

			note(below(4) ? write(fd, buf, length) :
			     pwrite(fd, buf, length, random_offset()));
		} else {
			note(pread(fd, buf, below(2) ? below(100) : LONGEST, random_offset()));
		}
	}
	close(fd);
}

int main(int argc, char **argv)
{
	static char buf[LONGEST];
	long rounds;

	if (argc < 4) {
		fputs("usage: filefuzz SEED ROUNDS FILE...\n", stderr);
		return 2;
	}
	state = strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15ull + 1;
	rounds = strtol(argv[2], NULL, 10);
	while (rounds-- > 0) {
		const char *file = argv[3 + below(argc - 3)];
		struct stat info;

		if (stat(file, &info)) {
			fprintf(stderr, "filefuzz: %s: %s\n", file, strerror(errno));
			return 1;
		}
		try_file(file, info.st_mode, buf);
	}
	printf("%lu %lu\n", succeeded, failed);
	return 0;
}
