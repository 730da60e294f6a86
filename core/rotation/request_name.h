#ifndef SIGNET_CORE_ROTATION_REQUEST_NAME_H_
#define SIGNET_CORE_ROTATION_REQUEST_NAME_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace signet::rotation {

// RequestName returns the name a kubelet gives its request in foreground
// bootstrap (SPEC A-35): the same key, subject and usages, in order, give the
// same name, so that a restarted process finds its pending request. It is
// `node-csr-` and 43 characters of base64url, hence may hold capitals and `_`.
// Pure.
std::string RequestName(absl::string_view spki_der,
                        absl::string_view common_name,
                        absl::Span<const std::string> organizations,
                        absl::Span<const std::string> usages);

}  // namespace signet::rotation

#endif  // SIGNET_CORE_ROTATION_REQUEST_NAME_H_
