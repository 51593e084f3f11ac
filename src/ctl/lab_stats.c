// SPDX-License-Identifier: GPL-2.0
/* lab: what was measured, in five numbers. */
#include <stdlib.h>

#include "lab.h"

void samples_add(struct samples *samples, u64 value)
{
	size_t room = samples->room;

	if (samples->count == room) {
		room = room ? 2 * room : 64;
		samples->value = realloc(samples->value, room * sizeof(*samples->value));
		if (!samples->value)
			exit(failed("not enough memory"));
		samples->room = room;
	}
	samples->value[samples->count++] = value;
}

void samples_free(struct samples *samples)
{
	free(samples->value);
	*samples = (struct samples){ };
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* The smallest value that so many of a thousand do not exceed; sorts them. */
u64 samples_at(struct samples *samples, u32 permille)
{
	size_t rank;

	if (!samples->count)
		return 0;
	qsort(samples->value, samples->count, sizeof(*samples->value), compare);
	rank = (samples->count * permille + 999) / 1000;
	return samples->value[rank ? rank - 1 : 0];
}

/**
 * lab_measured - adds a line to the measurements, and forgets the samples
 * @id: what was measured
 * @basis: how it is known to be that; may be NULL
 * @cores: cores that did it at the same time
 * @distance: of the RMP segment: near, far, or NULL for either
 * @round: 1 ... ROUNDS
 * @samples: cycles
 */
void lab_measured(struct lab *lab, const char *id, const char *basis, u32 cores, const char *distance,
		  u32 round, struct samples *samples)
{
	struct json_object *line;

	if (!samples->count)
		return;
	line = array_new_object(json_at(lab->document, "measurements"));
	put_text(line, "step", lab->step->name);
	put_text(line, "id", id);
	put_text(line, "basis", basis);
	put_number(line, "cores", cores);
	put_text(line, "distance", distance);
	put_number(line, "round", round);
	put_number(line, "count", samples->count);
	put_number(line, "min", samples_at(samples, 0));
	put_number(line, "median", samples_at(samples, 500));
	put_number(line, "p99", samples_at(samples, 990));
	put_number(line, "max", samples_at(samples, 1000));
	samples_free(samples);
}
