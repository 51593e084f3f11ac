// SPDX-License-Identifier: GPL-2.0
/* Events in the order of their times: a heap. */
#include <stdlib.h>

#include "sim.h"

static struct event *heap;
static u32 used, room;

static bool earlier(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->what < b->what;
}

static void swap_events(u32 i, u32 k)
{
	struct event event = heap[i];

	heap[i] = heap[k];
	heap[k] = event;
}

/* Something will happen. */
void event_push(u64 at, u32 what)
{
	u32 i = used++;

	if (used > room) {
		room = 2 * room + 64;
		heap = realloc(heap, room * sizeof(*heap));
		if (!heap)
			abort();
	}
	heap[i] = (struct event){ at, what };
	for (; i && earlier(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap_events(i, (i - 1) / 2);
}

static void sink(u32 i)
{
	u32 child;

	for (;;) {
		child = 2 * i + 1;
		if (child >= used)
			return;
		if (child + 1 < used && earlier(&heap[child + 1], &heap[child]))
			child++;
		if (!earlier(&heap[child], &heap[i]))
			return;
		swap_events(i, child);
		i = child;
	}
}

/* The next event, if there is one. */
bool event_pop(struct event *event)
{
	if (!used)
		return false;
	*event = heap[0];
	heap[0] = heap[--used];
	sink(0);
	return true;
}

/* Its time. */
u64 event_next(void)
{
	return used ? heap[0].at : ~0ull;
}
