/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of QEMU's plugin interface, version 7 (QEMU 11), that the machine
 * uses. No Debian package ships QEMU's own header, so the calls are declared
 * here; QEMU refuses to load a plugin whose version it doesn't know.
 */
#ifndef MACHINE_PLUGIN_API_H
#define MACHINE_PLUGIN_API_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_API_VERSION	7

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_register;
struct qemu_plugin_scoreboard;

/* What a callback wants to touch; a jump needs the last one. */
enum plugin_regs {
	PLUGIN_NO_REGS		= 0,
	PLUGIN_READ_REGS	= 1,
	PLUGIN_WRITE_REGS	= 2,
	PLUGIN_WRITE_REGS_PC	= 3,
};

enum plugin_inline_op {
	PLUGIN_INLINE_ADD	= 0,
	PLUGIN_INLINE_STORE	= 1,
};

/* One 64-bit field of a per-vCPU scoreboard. */
struct plugin_u64 {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

struct plugin_reg_descriptor {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
	bool is_readonly;
};

typedef void (*plugin_vcpu_cb)(unsigned int vcpu, void *userdata);
typedef void (*plugin_tb_cb)(struct qemu_plugin_tb *tb, void *userdata);
typedef void (*plugin_exit_cb)(uint64_t id, void *userdata);

void qemu_plugin_register_vcpu_init_cb(uint64_t id, plugin_vcpu_cb cb, void *userdata);
/* These two are called with QEMU's own lock held. */
void qemu_plugin_register_vcpu_idle_cb(uint64_t id, plugin_vcpu_cb cb, void *userdata);
void qemu_plugin_register_vcpu_resume_cb(uint64_t id, plugin_vcpu_cb cb, void *userdata);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, plugin_tb_cb cb, void *userdata);
void qemu_plugin_register_atexit_cb(uint64_t id, plugin_exit_cb cb, void *userdata);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, plugin_vcpu_cb cb,
					    enum plugin_regs flags, void *userdata);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn,
							 enum plugin_inline_op op,
							 struct plugin_u64 entry, uint64_t value);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *buf, size_t len);

/* Only inside a vCPU callback, and for the vCPU that runs it. */
GArray *qemu_plugin_get_registers(void);
bool qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *buf);
bool qemu_plugin_write_register(struct qemu_plugin_register *handle, GByteArray *buf);
bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *data, size_t len);
bool qemu_plugin_write_memory_vaddr(uint64_t addr, GByteArray *data);
/* These two return 0 for success. */
int qemu_plugin_read_memory_hwaddr(uint64_t addr, GByteArray *data, size_t len);
int qemu_plugin_write_memory_hwaddr(uint64_t addr, GByteArray *data);
/* Does not return: execution goes on at @vaddr. Hold no lock. */
void qemu_plugin_set_pc(uint64_t vaddr);

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
uint64_t qemu_plugin_u64_get(struct plugin_u64 entry, unsigned int vcpu);

#endif /* MACHINE_PLUGIN_API_H */
