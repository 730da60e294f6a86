#ifndef SIGNET_CORE_PKI_BORINGSSL_ERROR_H_
#define SIGNET_CORE_PKI_BORINGSSL_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet::pki {

// BoringSSL leaves errors in a queue of the thread. These two are its only
// readers in this folder; whoever calls BoringSSL and sees it fail calls one of
// them, so that nothing stays in the queue for the next reader.

// BoringSslError returns `code` with the message `what`, and with the reason
// of the queue's oldest error, if there is any: "what: REASON". Empties the
// queue.
absl::Status BoringSslError(absl::StatusCode code, absl::string_view what);

// ClearBoringSslErrors empties the queue: the failure is understood.
void ClearBoringSslErrors();

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_BORINGSSL_ERROR_H_
