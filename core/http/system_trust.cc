#include "core/http/system_trust.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/file_system.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/pki/pem.h"
#include "core/pki/trust_bundle.h"

namespace signet::http {
namespace {

constexpr absl::string_view kPaths[] = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch.
    "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, RHEL 6.
    "/etc/ssl/ca-bundle.pem",              // openSUSE.
    "/etc/pki/tls/cacert.pem",             // OpenELEC.
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // CentOS, RHEL 7.
    "/etc/ssl/cert.pem",                                  // Alpine.
};

constexpr size_t kMaxBytes = 3 << 20;

}  // namespace

absl::StatusOr<std::shared_ptr<TrustSource>> LoadSystemTrust(
    FileSystem& files) {
  for (const absl::string_view path : kPaths) {
    const absl::StatusOr<std::string> text = files.Read(path, kMaxBytes);
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok()) return text.status();
    ABSL_ASSIGN_OR_RETURN(const std::vector<pki::PemBlock> blocks,
                          pki::ParsePem(*text));
    std::string good;
    for (const pki::PemBlock& block : blocks) {
      if (block.type == "CERTIFICATE" && block.headers.empty() &&
          pki::Certificate::Parse(block.der).ok()) {
        absl::StrAppend(&good, pki::EncodePem(block.type, block.der));
      }
    }
    if (good.empty()) continue;
    ABSL_ASSIGN_OR_RETURN(pki::TrustBundle bundle,
                          pki::TrustBundle::FromPem(good));
    return std::make_shared<FixedTrust>(std::move(bundle));
  }
  return absl::NotFoundError(
      absl::StrCat("the system has no file of trusted roots: looked for ",
                   kPaths[0], " and others"));
}

}  // namespace signet::http
