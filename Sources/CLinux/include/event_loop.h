#pragma once

// What an event loop needs and Swift's Glibc module leaves out: epoll, eventfd and malloc_trim.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/// Names the calling thread, in at most 15 bytes. `prctl` is variadic, which Swift cannot call.
static inline void clinux_name_current_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}
