/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.h — doubly linked lists through a member of what is listed. A node is
 * in no list when its next is NULL, so zeroed memory is a free node.
 */
#ifndef RELAY_NET_LIST_H
#define RELAY_NET_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define LIST_OF(node, type, member)                                            \
	((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void
list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool
list_empty(const struct list *head)
{
	return head->next == head;
}

static inline bool
list_linked(const struct list *node)
{
	return node->next != NULL;
}

/* Append node, which is in no list. */
static inline void
list_add(struct list *head, struct list *node)
{
	node->next = head;
	/* A ring has no NULL in it, which the analyzer cannot know. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	node->prev = head->prev;
	head->prev->next = node;
	head->prev = node;
}

/* Take node out of the list it is in, if any. */
static inline void
list_del(struct list *node)
{
	if (!list_linked(node))
		return;
	node->next->prev = node->prev;
	node->prev->next = node->next;
	node->next = node->prev = NULL;
}

/* Take the first node out; NULL when there is none. */
static inline struct list *
list_pop(struct list *head)
{
	struct list *node = head->next;

	if (node == head)
		return NULL;
	/* The analyzer takes the node after a freed one for the freed one. */
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	list_del(node);
	return node;
}

/* Move everything from one list to the end of another. */
static inline void
list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#endif
