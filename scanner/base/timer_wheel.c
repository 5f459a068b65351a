#include "scanner/base/timer_wheel.h"

static const uint64_t wheel_tick_ns = WHEEL_TICK_MS * UINT64_C(1000000);

void wheel_init(struct wheel *wheel, uint64_t now) {
  for (size_t i = 0; i < WHEEL_SLOTS; i++) list_init(&wheel->slots[i]);
  wheel->tick = now / wheel_tick_ns;
}

void wheel_timer_init(struct wheel_timer *timer) {
  list_init(&timer->link);
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t at) {
  uint64_t tick = (at + wheel_tick_ns - 1) / wheel_tick_ns;
  list_remove(&timer->link);
  timer->tick = tick > wheel->tick ? tick : wheel->tick + 1;
  list_append(&wheel->slots[timer->tick % WHEEL_SLOTS], &timer->link);
}

void wheel_stop(struct wheel_timer *timer) {
  list_remove(&timer->link);
}

static void wheel_turn_slot(struct list *slot, uint64_t tick, struct list *due) {
  struct list *next;
  for (struct list *node = slot->next; node != slot; node = next) {
    next = node->next;
    if (CONTAINER_OF(node, struct wheel_timer, link)->tick > tick) continue;
    list_remove(node);
    list_append(due, node);
  }
}

void wheel_turn(struct wheel *wheel, uint64_t now, struct list *due) {
  uint64_t tick = now / wheel_tick_ns;
  uint64_t first = wheel->tick + 1;
  if (tick < first) return;
  /* One round sees every slot, however long it was not turned. */
  if (tick - first >= WHEEL_SLOTS) first = tick - WHEEL_SLOTS + 1;
  for (uint64_t at = first; at <= tick; at++)
    wheel_turn_slot(&wheel->slots[at % WHEEL_SLOTS], tick, due);
  wheel->tick = tick;
}
