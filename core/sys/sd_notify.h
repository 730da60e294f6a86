#ifndef SIGNET_CORE_SYS_SD_NOTIFY_H_
#define SIGNET_CORE_SYS_SD_NOTIFY_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet::sys {

// SdNotify tells systemd about the process ("READY=1", "STOPPING=1",
// "STATUS=…", "WATCHDOG=1", joined by newlines) through $NOTIFY_SOCKET, as
// sd_notify(3) does; OK without that variable. kInvalidArgument if it is no
// path of a socket ("/…" or the abstract "@…"), kUnavailable if the message
// cannot be sent. Thread-safe; doesn't block.
absl::Status SdNotify(absl::string_view state);

}  // namespace signet::sys

#endif  // SIGNET_CORE_SYS_SD_NOTIFY_H_
