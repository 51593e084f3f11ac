/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiting for the module: state and served can be polled.
 */
#ifndef RMPOPTCTL_FOLLOW_H
#define RMPOPTCTL_FOLLOW_H

/**
 * struct follow - files that are waited for
 * @state: descriptor of state
 * @served: descriptor of served
 */
struct follow {
	int state;
	int served;
};

int follow_open(struct follow *follow);
int follow_wait(struct follow *follow, int ms);
void follow_close(struct follow *follow);

#endif /* RMPOPTCTL_FOLLOW_H */
