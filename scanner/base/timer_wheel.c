#include "scanner/base/timer_wheel.h"

static const uint64_t timer_wheel_tick_ns = TIMER_WHEEL_TICK_MS * UINT64_C(1000000);

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now) {
  for (size_t i = 0; i < TIMER_WHEEL_SLOTS; i++) ring_init(&wheel->slots[i]);
  wheel->tick = now / timer_wheel_tick_ns;
}

void timer_wheel_timer_init(struct timer_wheel_timer *timer) {
  ring_init(&timer->link);
}

void timer_wheel_set(struct timer_wheel *wheel, struct timer_wheel_timer *timer, uint64_t at) {
  uint64_t tick = (at + timer_wheel_tick_ns - 1) / timer_wheel_tick_ns;
  ring_remove(&timer->link);
  timer->tick = tick > wheel->tick ? tick : wheel->tick + 1;
  ring_append(&wheel->slots[timer->tick % TIMER_WHEEL_SLOTS], &timer->link);
}

void timer_wheel_stop(struct timer_wheel_timer *timer) {
  ring_remove(&timer->link);
}

static void timer_wheel_turn_slot(struct ring *slot, uint64_t tick, struct ring *due) {
  struct ring *next;
  for (struct ring *node = slot->next; node != slot; node = next) {
    next = node->next;
    if (CONTAINER_OF(node, struct timer_wheel_timer, link)->tick > tick) continue;
    ring_remove(node);
    ring_append(due, node);
  }
}

void timer_wheel_turn(struct timer_wheel *wheel, uint64_t now, struct ring *due) {
  uint64_t tick = now / timer_wheel_tick_ns;
  uint64_t first = wheel->tick + 1;
  if (tick < first) return;
  /* One round sees every slot, however long it was not turned. */
  if (tick - first >= TIMER_WHEEL_SLOTS) first = tick - TIMER_WHEEL_SLOTS + 1;
  for (uint64_t at = first; at <= tick; at++)
    timer_wheel_turn_slot(&wheel->slots[at % TIMER_WHEEL_SLOTS], tick, due);
  wheel->tick = tick;
}
