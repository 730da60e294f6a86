#ifndef SIGNET_NODE_AGENT_CERTIFICATE_FILES_H_
#define SIGNET_NODE_AGENT_CERTIFICATE_FILES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/file_system.h"
#include "core/base/secret.h"
#include "core/http/tls_identity.h"
#include "core/sys/file_owners.h"
#include "node_agent/agent_config.h"

namespace signet::node_agent {

// CertificateFiles keeps copies of a certificate, its key and a CA where
// somebody else's program looks for them. Each file is replaced in one step,
// with its owner and mode from the first moment; all are written in full before
// the first is replaced, so that a program sees files of two certificates only
// if it reads them in that very moment. One file for both, which is never
// mixed, is the store's (certificate_store.h). Not thread-safe.
class CertificateFiles {
 public:
  // References must outlive the object.
  CertificateFiles(OutputFiles files, FileSystem& file_system,
                   sys::FileOwners& owners)
      : files_(std::move(files)), file_system_(file_system), owners_(owners) {}

  // Whether they hold `pair` and `ca_pem` as they should, with owner and mode.
  // Errors name the file, or the user that there is none of.
  absl::StatusOr<bool> UpToDate(const http::TlsIdentity& pair,
                                absl::string_view ca_pem);
  // Makes them so; those that are right stay untouched. After an error some
  // may be new and some old.
  absl::Status Write(const http::TlsIdentity& pair, absl::string_view ca_pem);

 private:
  struct Wanted {
    std::string path;
    Secret text;
    uint32_t mode;
  };
  absl::StatusOr<std::vector<Wanted>> All(const http::TlsIdentity& pair,
                                          absl::string_view ca_pem) const;
  absl::StatusOr<bool> IsRight(const Wanted& wanted,
                               const sys::FileOwner& owner);
  absl::Status Prepare(const Wanted& wanted, const sys::FileOwner& owner);

  const OutputFiles files_;
  FileSystem& file_system_;
  sys::FileOwners& owners_;
};

}  // namespace signet::node_agent

#endif  // SIGNET_NODE_AGENT_CERTIFICATE_FILES_H_
