/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiting for the module: state and served can be polled. Ctrl-C and SIGTERM end
 * the wait instead of the program, so that it can leave a tidy terminal, and
 * what else a command has to tidy up.
 */
#ifndef RMPOPTCTL_FOLLOW_H
#define RMPOPTCTL_FOLLOW_H

#include <signal.h>

/**
 * struct follow - files that are waited for
 * @state: descriptor of state
 * @served: descriptor of served
 * @unheld: signals that were held back before
 */
struct follow {
	int state;
	int served;
	sigset_t unheld;
};

int follow_open(struct follow *follow);
int follow_wait(struct follow *follow, int ms);
void follow_close(struct follow *follow);
void follow_catch(int number);
int follow_told(void);
void follow_forget(void);
void follow_die(void);

#endif /* RMPOPTCTL_FOLLOW_H */
