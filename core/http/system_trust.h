#ifndef SIGNET_CORE_HTTP_SYSTEM_TRUST_H_
#define SIGNET_CORE_HTTP_SYSTEM_TRUST_H_

#include <memory>

#include "absl/status/statusor.h"
#include "core/base/file_system.h"
#include "core/http/tls_identity.h"

namespace signet::http {

// LoadSystemTrust reads the roots that the system trusts, once, from the first
// of the places where Linux distributions keep them (Go's crypto/x509 looks in
// the same ones). Certificates that do not parse are left out. kNotFound if
// there is no such file or nothing in it.
absl::StatusOr<std::shared_ptr<TrustSource>> LoadSystemTrust(FileSystem& files);

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_SYSTEM_TRUST_H_
