/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the unit tests share: TAP, and memory of exact size.
 */
#ifndef TCM_LOOP_UNIT_H
#define TCM_LOOP_UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int checks, failures;

static inline void begin(void)
{
	printf("TAP version 13\n");
}

static inline void check(int good, const char *what, const char *given)
{
	checks++;
	if (!good)
		failures++;
	printf("%sok %u - %s: \"%s\"\n", good ? "" : "not ", checks, what,
	       given);
}

/*
 * Memory of which a sanitizer sees a use beyond its end.  The memory of
 * malloc(0) has a byte.
 */
static inline void *exactly(size_t len)
{
	return (char *)malloc(len + 1) + 1;
}

static inline void free_exactly(void *memory)
{
	free((char *)memory - 1);
}

static inline int finish(void)
{
	printf("1..%u\n", checks);
	return failures != 0;
}

/* Bytes from hexadecimal digits; blanks between them may be. */
static inline size_t unhex(const char *text, unsigned char *bytes)
{
	size_t count = 0;
	unsigned int byte;

	while (*text) {
		if (*text == ' ') {
			text++;
			continue;
		}
		if (sscanf(text, "%2x", &byte) != 1)
			return 0;
		bytes[count++] = byte;
		text += 2;
	}
	return count;
}

static inline void show(const char *what, const unsigned char *bytes,
			size_t len)
{
	printf("# %s:", what);
	while (len--)
		printf(" %02x", *bytes++);
	printf("\n");
}

#endif
