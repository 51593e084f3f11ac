// SPDX-License-Identifier: GPL-2.0
/*
 * The server's side of vfio-user, protocol 0.0, as far as QEMU's vfio-user-pci
 * uses it: one thread for each device, one connection, request and reply.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "psp.h"

enum vfio_message {
	VFIO_VERSION = 1, VFIO_DMA_MAP = 2, VFIO_DMA_UNMAP = 3, VFIO_DEVICE_INFO = 4,
	VFIO_REGION_INFO = 5, VFIO_IRQ_INFO = 7, VFIO_SET_IRQS = 8, VFIO_REGION_READ = 9,
	VFIO_REGION_WRITE = 10, VFIO_RESET = 13,
};

#define FLAG_REPLY	0x01u
#define FLAG_NO_REPLY	0x10u
#define FLAG_ERROR	0x20u

#define DEVICE_RESET_PCI	3u
#define REGION_READ_WRITE	3u
#define REGIONS			9u
#define REGION_CONFIG		7u
#define IRQS			5u
#define IRQ_MSI			1u
#define IRQ_ERROR		3u	/* without, QEMU warns; it never comes */
#define IRQ_EVENTFD		1u
#define IRQ_NORESIZE		8u
#define IRQS_EVENTFD		4u	/* of SET_IRQS: file descriptors come along */
#define MAX_FDS			8
#define MAX_BODY		65536u

struct header {
	u16 id, command;
	u32 size, flags, error;
};

struct dma {
	u32 argsz, flags;
	u64 offset, address, size;
};

struct device_info {
	u32 argsz, flags, regions, irqs;
};

struct region_info {
	u32 argsz, flags, index, capabilities;
	u64 size, offset;
};

struct irq_info {
	u32 argsz, flags, index, count;
};

struct set_irqs {
	u32 argsz, flags, index, start, count;
};

struct access {
	u64 offset;
	u32 region, count;
	u8 data[];
};

/* One request; the reply is written over its body. */
struct message {
	struct header header;
	u32 length;			/* of the body */
	int fds[MAX_FDS];
	unsigned int nr_fds;
	_Alignas(8) u8 body[MAX_BODY];
};

struct server {
	struct vfio_device *device;
	int listener, connection;
	struct message message;
};

static void take_fds(struct message *m, struct msghdr *msg)
{
	m->nr_fds = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		m->nr_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(m->fds, CMSG_DATA(c), m->nr_fds * sizeof(int));
	}
}

static bool receive(int socket, struct message *m)
{
	char control[CMSG_SPACE(sizeof(int) * MAX_FDS)];
	struct iovec part = { &m->header, sizeof(m->header) };
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};

	if (recvmsg(socket, &msg, MSG_WAITALL) != sizeof(m->header))
		return false;
	take_fds(m, &msg);
	m->length = m->header.size - sizeof(m->header);
	if (m->header.size < sizeof(m->header) || m->length > sizeof(m->body)) {
		machine_error("vfio-user: message %u of %u bytes", m->header.command, m->header.size);
		return false;
	}
	memset(m->body, 0, sizeof(struct region_info));
	return !m->length || recv(socket, m->body, m->length, MSG_WAITALL) == (ssize_t)m->length;
}

static bool reply(int socket, struct message *m, int error)
{
	struct iovec parts[2] = {
		{ &m->header, sizeof(m->header) }, { m->body, error ? 0 : m->length },
	};
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };

	if (m->header.flags & FLAG_NO_REPLY)
		return true;
	m->header.flags = error ? FLAG_REPLY | FLAG_ERROR : FLAG_REPLY;
	m->header.error = error;
	m->header.size = parts[0].iov_len + parts[1].iov_len;
	return sendmsg(socket, &msg, MSG_NOSIGNAL) == (ssize_t)m->header.size;
}

static int version(struct message *m)
{
	const char capabilities[] = "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":32768}}";

	memset(m->body, 0, 4);		/* 0.0 */
	memcpy(m->body + 4, capabilities, sizeof(capabilities));
	m->length = 4 + sizeof(capabilities);
	return 0;
}

/* Mappings stay when they are taken back: a secure processor is not behind the IOMMU. */
static int map_memory(struct message *m)
{
	const struct dma *dma = (void *)m->body;
	bool ok = true;

	machine_lock();
	if (m->nr_fds)
		ok = dma_map(m->fds[0], dma->offset, dma->address, dma->size);
	machine_unlock();
	m->length = 0;
	return ok ? 0 : ENOMEM;
}

static int device_info(struct message *m)
{
	struct device_info *info = (void *)m->body;

	*info = (struct device_info){ sizeof(*info), DEVICE_RESET_PCI, REGIONS, IRQS };
	m->length = sizeof(*info);
	return 0;
}

static int region_info(struct vfio_device *device, struct message *m)
{
	struct region_info *info = (void *)m->body;
	u32 index = info->index;
	u64 size = 0;

	if (index == REGION_CONFIG)
		size = sizeof(device->now);
	else if (index < 6)
		size = device->bar_size[index];
	*info = (struct region_info){ sizeof(*info), size ? REGION_READ_WRITE : 0, index, 0, size, 0 };
	m->length = sizeof(*info);
	return 0;
}

static int irq_info(struct vfio_device *device, struct message *m)
{
	struct irq_info *info = (void *)m->body;
	bool has = info->index == IRQ_ERROR || (info->index == IRQ_MSI && device->write);

	*info = (struct irq_info){ sizeof(*info), IRQ_EVENTFD | IRQ_NORESIZE, info->index, has };
	m->length = sizeof(*info);
	return 0;
}

static int set_irqs(struct vfio_device *device, struct message *m)
{
	const struct set_irqs *set = (void *)m->body;

	if (set->index == IRQ_MSI) {
		machine_lock();
		if (device->msi >= 0)
			close(device->msi);
		device->msi = -1;
		if (set->flags & IRQS_EVENTFD && set->count && m->nr_fds) {
			device->msi = m->fds[0];
			m->fds[0] = -1;		/* ours now */
		}
		machine_unlock();
	}
	m->length = 0;
	return 0;
}

static int region_access(struct vfio_device *device, struct message *m)
{
	struct access *a = (void *)m->body;
	bool read = m->header.command == VFIO_REGION_READ;

	if (a->count > MAX_BODY - sizeof(*a) || (!read && m->length < sizeof(*a) + a->count))
		return EINVAL;
	machine_lock();
	if (read)
		pci_read(device, a->region, a->offset, a->data, a->count);
	else
		pci_write(device, a->region, a->offset, a->data, a->count);
	machine_unlock();
	m->length = sizeof(*a) + (read ? a->count : 0);
	return 0;
}

static int reset(struct vfio_device *device, struct message *m)
{
	machine_lock();
	if (device->reset)
		device->reset();
	machine_unlock();
	m->length = 0;
	return 0;
}

static int answer(struct vfio_device *device, struct message *m)
{
	switch (m->header.command) {
	case VFIO_VERSION:
		return version(m);
	case VFIO_DMA_MAP:
		return map_memory(m);
	case VFIO_DMA_UNMAP:
		return 0;
	case VFIO_DEVICE_INFO:
		return device_info(m);
	case VFIO_REGION_INFO:
		return region_info(device, m);
	case VFIO_IRQ_INFO:
		return irq_info(device, m);
	case VFIO_SET_IRQS:
		return set_irqs(device, m);
	case VFIO_REGION_READ:
	case VFIO_REGION_WRITE:
		return region_access(device, m);
	case VFIO_RESET:
		return reset(device, m);
	}
	return ENOTSUP;
}

static void *serve(void *argument)
{
	struct server *s = argument;
	struct message *m = &s->message;
	int error;

	s->connection = accept(s->listener, NULL, NULL);
	close(s->listener);
	while (s->connection >= 0 && receive(s->connection, m)) {
		error = answer(s->device, m);
		for (unsigned int i = 0; i < m->nr_fds; i++)
			if (m->fds[i] >= 0)
				close(m->fds[i]);
		if (!reply(s->connection, m, error))
			break;
	}
	return NULL;
}

static int listen_at(const char *folder, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1)) {
		machine_error("can't listen at %s: %s", address.sun_path, strerror(errno));
		return -1;
	}
	return fd;
}

/* QEMU's signals are not for our thread; the socket exists before QEMU makes its devices. */
bool vfio_serve(struct vfio_device *device, const char *folder)
{
	struct server *s = calloc(1, sizeof(*s));
	sigset_t all, before;
	pthread_t thread;
	bool started;

	if (!s)
		return false;
	device->msi = -1;
	s->device = device;
	s->listener = listen_at(folder, device->socket);
	if (s->listener < 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = !pthread_create(&thread, NULL, serve, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		pthread_detach(thread);
	return started;
}
