#include "scanner/smtp/inbox.h"

#include <pthread.h>
#include <stdlib.h>

struct inbox {
  uv_async_t bell;
  pthread_mutex_t lock;
  struct ring messages; /* under lock */
  void (*open)(void *data, struct inbox_message *message);
  void *data;
};

/* The oldest message, or NULL. */
static struct inbox_message *inbox_take(struct inbox *inbox) {
  struct ring *first = NULL;
  pthread_mutex_lock(&inbox->lock);
  if (!ring_empty(&inbox->messages)) {
    first = inbox->messages.next;
    ring_remove(first);
  }
  pthread_mutex_unlock(&inbox->lock);
  return first ? CONTAINER_OF(first, struct inbox_message, link) : NULL;
}

/* One by one: whoever opens a message may withdraw another. */
static void inbox_on_bell(uv_async_t *bell) {
  struct inbox *inbox = bell->data;
  for (int i = 0; i < INBOX_TURN_MAX; i++) {
    struct inbox_message *message = inbox_take(inbox);
    if (!message) return;
    inbox->open(inbox->data, message);
    if (uv_is_closing((uv_handle_t *)bell)) return;
  }
  uv_async_send(bell); /* the rest in the next turn */
}

enum err inbox_new(struct inbox **inbox, uv_loop_t *loop,
                   void (*open)(void *data, struct inbox_message *message), void *data) {
  struct inbox *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  if (uv_async_init(loop, &made->bell, inbox_on_bell) != 0) {
    free(made);
    return ERR_MEMORY;
  }
  pthread_mutex_init(&made->lock, NULL);
  ring_init(&made->messages);
  made->bell.data = made;
  made->open = open;
  made->data = data;
  *inbox = made;
  return ERR_NONE;
}

static void inbox_free(uv_handle_t *bell) {
  struct inbox *inbox = bell->data;
  pthread_mutex_destroy(&inbox->lock);
  free(inbox);
}

void inbox_close(struct inbox *inbox) {
  if (inbox) uv_close((uv_handle_t *)&inbox->bell, inbox_free);
}

void inbox_post(struct inbox *inbox, struct inbox_message *message) {
  pthread_mutex_lock(&inbox->lock);
  ring_append(&inbox->messages, &message->link);
  pthread_mutex_unlock(&inbox->lock);
  uv_async_send(&inbox->bell);
}

void inbox_withdraw(struct inbox *inbox, struct inbox_message *message) {
  pthread_mutex_lock(&inbox->lock);
  ring_remove(&message->link);
  pthread_mutex_unlock(&inbox->lock);
}
