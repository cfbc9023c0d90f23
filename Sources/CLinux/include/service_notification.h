#pragma once

/// Sends one datagram to the Unix socket `path` (a leading `@` means the abstract namespace), as sd_notify(3) describes its protocol.
///
/// Returns 0, or the errno of what failed. Never blocks.
int ringback_notify_service_manager(const char *path, const char *message);
