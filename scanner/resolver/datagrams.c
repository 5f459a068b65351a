#include "scanner/resolver/datagrams.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

struct datagrams {
  struct mmsghdr in[DATAGRAMS_BATCH];
  struct mmsghdr out[DATAGRAMS_BATCH];
  struct iovec in_part[DATAGRAMS_BATCH];
  struct iovec out_part[DATAGRAMS_BATCH];
  unsigned received;
  unsigned next;  /* of those received */
  bool drained;   /* the socket had no more than were received */
  unsigned first; /* of those to be sent */
  unsigned added;
  char in_bytes[DATAGRAMS_BATCH][DATAGRAMS_IN_SIZE];
  char out_bytes[DATAGRAMS_BATCH][DATAGRAMS_OUT_SIZE];
};

static void datagrams_point(struct mmsghdr *message, struct iovec *part, char *bytes, size_t size) {
  *part = (struct iovec){bytes, size};
  message->msg_hdr.msg_iov = part;
  message->msg_hdr.msg_iovlen = 1;
}

enum err datagrams_new(struct datagrams **out) {
  struct datagrams *datagrams = calloc(1, sizeof *datagrams);
  if (!datagrams) return ERR_MEMORY;
  for (size_t i = 0; i < DATAGRAMS_BATCH; i++) {
    datagrams_point(&datagrams->in[i], &datagrams->in_part[i], datagrams->in_bytes[i],
                    DATAGRAMS_IN_SIZE);
    datagrams_point(&datagrams->out[i], &datagrams->out_part[i], datagrams->out_bytes[i], 0);
  }
  *out = datagrams;
  return ERR_NONE;
}

void datagrams_free(struct datagrams *datagrams) {
  free(datagrams);
}

static bool datagrams_receive(struct datagrams *datagrams, int fd) {
  datagrams->next = datagrams->received = 0;
  if (datagrams->drained) {
    datagrams->drained = false;
    errno = EAGAIN;
    return false;
  }
  int received = recvmmsg(fd, datagrams->in, DATAGRAMS_BATCH, MSG_DONTWAIT, NULL);
  if (received < 0) return false;
  datagrams->received = (unsigned)received;
  datagrams->drained = received < DATAGRAMS_BATCH;
  return true;
}

bool datagrams_next(struct datagrams *datagrams, int fd, struct span *datagram) {
  if (datagrams->next == datagrams->received && !datagrams_receive(datagrams, fd)) return false;
  unsigned i = datagrams->next++;
  *datagram = (struct span){datagrams->in_bytes[i], datagrams->in[i].msg_len};
  return true;
}

/* ECONNREFUSED is said of an earlier one, and said again of this one when we receive. */
static bool datagrams_take_back(int error) {
  return error == ECONNREFUSED || error == EINTR;
}

void datagrams_flush(struct datagrams *datagrams, int fd) {
  unsigned patience = DATAGRAMS_BATCH;
  while (datagrams->first < datagrams->added) {
    int sent = sendmmsg(fd, datagrams->out + datagrams->first, datagrams->added - datagrams->first,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0)
      datagrams->first += (unsigned)sent;
    else if (errno == EAGAIN)
      return;
    else if (!datagrams_take_back(errno) || !patience--)
      datagrams->first++;
  }
  datagrams->first = datagrams->added = 0;
}

char *datagrams_room(struct datagrams *datagrams, int fd) {
  if (datagrams->added == DATAGRAMS_BATCH) datagrams_flush(datagrams, fd);
  return datagrams->added < DATAGRAMS_BATCH ? datagrams->out_bytes[datagrams->added] : NULL;
}

void datagrams_added(struct datagrams *datagrams, size_t size) {
  datagrams->out_part[datagrams->added++].iov_len = size;
}

void datagrams_reset(struct datagrams *datagrams) {
  datagrams->received = datagrams->next = 0;
  datagrams->first = datagrams->added = 0;
  datagrams->drained = false;
}
