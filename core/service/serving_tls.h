#ifndef SIGNET_CORE_SERVICE_SERVING_TLS_H_
#define SIGNET_CORE_SERVICE_SERVING_TLS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/file_system.h"
#include "core/http/tls_identity.h"

namespace signet::service {

// What a server of ours presents, from PEM files. They are looked at before
// every handshake and read again if they changed: a rotated certificate is used
// from the next connection on. What cannot be read, or does not fit together,
// leaves the old one in place, and is told in the log. Errors name the file.
// `files` must outlive the source.
absl::StatusOr<std::shared_ptr<http::IdentitySource>> WatchIdentity(
    FileSystem& files, std::string certificate_file, std::string key_file);

// The roots by which the clients are judged; likewise.
absl::StatusOr<std::shared_ptr<http::TrustSource>> WatchTrust(FileSystem& files,
                                                              std::string file);

}  // namespace signet::service

#endif  // SIGNET_CORE_SERVICE_SERVING_TLS_H_
