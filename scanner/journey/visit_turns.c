#include "scanner/journey/visit_state.h"

static void visit_on_message(void *data, struct inbox_message *message) {
  struct hosts_waiter *waiter = CONTAINER_OF(message, struct hosts_waiter, message);
  (void)data;
  stage_mx_tls_told(CONTAINER_OF(waiter, struct mx_wait, waiter));
}

enum err visits_new(struct journey *journey) {
  struct visits *visits = &journey->visits;
  ring_init(&visits->running);
  ring_init(&visits->turn);
  visits->budget.limit = SIZE_MAX;
  if (!journey->config.hosts) return ERR_NONE;
  return inbox_new(&visits->inbox, journey->config.loop, visit_on_message, journey);
}

void visits_close(struct journey *journey) {
  struct visits *visits = &journey->visits;
  while (!ring_empty(&visits->running)) {
    struct visit *visit = CONTAINER_OF(visits->running.next, struct visit, link);
    hosts_abandon(journey->config.hosts, visit->entry);
    visit_free(visit);
  }
  inbox_close(visits->inbox);
  visits->inbox = NULL;
}

void visits_begin(struct journey *journey) {
  struct visits *visits = &journey->visits;
  if (visits->beginning) return; /* a visit that ends at once */
  visits->beginning = true;
  while (!ring_empty(&visits->turn) && visits->count < journey->config.visits_max &&
         visits->budget.used < VISITS_BYTES) {
    struct mx_wait *wait = CONTAINER_OF(visits->turn.next, struct mx_wait, turn);
    ring_remove(&wait->turn);
    struct host_entry *entry = wait->waiter.entry;
    if (visit_begin(journey, entry) == ERR_NONE) continue;
    hosts_abandon(journey->config.hosts, entry);
    journey->config.fail(journey->config.data, ERR_MEMORY);
  }
  visits->beginning = false;
}

void visits_order(struct journey *journey, struct mx_wait *wait) {
  ring_append(&journey->visits.turn, &wait->turn);
  visits_begin(journey);
}

void visits_leave(struct journey *journey, struct mx_wait *wait) {
  struct host_entry *entry = wait->waiter.entry;
  bool ordered = !ring_empty(&wait->turn);
  ring_remove(&wait->turn);
  hosts_leave(journey->config.hosts, &wait->waiter);
  if (ordered) hosts_abandon(journey->config.hosts, entry);
}

static void visits_tell_parked(struct journey *journey, bool doubted) {
  struct visits *visits = &journey->visits;
  for (struct ring *at = visits->running.next, *next; at != &visits->running; at = next) {
    struct visit *visit = CONTAINER_OF(at, struct visit, link);
    next = at->next;
    if (!visit->parked) continue;
    if (doubted)
      finding_list_add(
          &visit->findings,
          (struct finding){
              .code = FOUND_MX_SMTP_UNREACHABLE, /* beside the probe's own, which has the reason */
              .detail =
                  SPAN("no mail server was reached so far: port 25 may be closed from here")});
    visit_tell(visit);
  }
}

void visits_tick(struct journey *journey) {
  struct visits *visits = &journey->visits;
  if (visits->parked == 0 || visits->told_closed) return;
  switch (port_watch_state(journey->config.port_watch, uv_hrtime())) {
  case PORT_WATCH_UNSURE: break;
  case PORT_WATCH_OPEN: visits_tell_parked(journey, false); break;
  case PORT_WATCH_DOUBTED: visits_tell_parked(journey, true); break;
  case PORT_WATCH_CLOSED:
    visits->told_closed = true;
    journey->config.fail(journey->config.data, ERR_PORT_CLOSED);
    break;
  }
}
