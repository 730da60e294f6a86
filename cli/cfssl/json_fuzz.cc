// What is read of a request makes a certificate request with the same names,
// or says why not; a configuration that is read has a life for its certificates
// and usages for every profile.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/cfssl/go_json.h"
#include "cli/cfssl/request_file.h"
#include "cli/cfssl/signing_config.h"
#include "core/pki/certificate_request.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/testing/fake_key_generator.h"

namespace {

using ::signet::cli::cfssl::ParseGoJson;
using ::signet::cli::cfssl::ParseRequestFile;
using ::signet::cli::cfssl::ParseSigningConfig;
using ::signet::cli::cfssl::RequestFile;
using ::signet::cli::cfssl::SigningConfig;

void CheckRequest(const RequestFile& file) {
  static const auto* const key =
      new signet::pki::PrivateKey(*signet::testing::FakeKeyGenerator::Key(
          signet::pki::KeyAlgorithm::kEd25519, 1));
  const absl::StatusOr<std::string> der =
      signet::cli::cfssl::BuildRequest(file, *key);
  if (!der.ok()) {
    CHECK(absl::IsInvalidArgument(der.status())) << der.status();
    return;
  }
  const absl::StatusOr<signet::pki::CertificateRequest> request =
      signet::pki::CertificateRequest::Parse(*der);
  // Go, too, writes what it then does not read: a URI without a good host,
  // extensions twice.
  if (!request.ok() || !file.extensions.empty() || !file.hosts.has_value()) {
    return;
  }
  CHECK_OK(request->VerifySignature());
  const signet::pki::SubjectAltNames sans =
      signet::cli::cfssl::SortHosts(*file.hosts);
  if (file.delegation) return;
  CHECK(request->subject_alt_names().ip_addresses == sans.ip_addresses);
  CHECK(request->subject_alt_names().dns_names == sans.dns_names);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const bool is_json = ParseGoJson(text).ok();
  const absl::StatusOr<RequestFile> request = ParseRequestFile(text);
  CHECK(is_json || !request.ok());
  if (request.ok()) {
    CheckRequest(*request);
  } else {
    CHECK(absl::IsInvalidArgument(request.status())) << request.status();
  }
  const absl::StatusOr<SigningConfig> config = ParseSigningConfig(text);
  CHECK(is_json || !config.ok());
  if (!config.ok()) {
    CHECK(absl::IsInvalidArgument(config.status()) ||
          absl::IsUnimplemented(config.status()))
        << config.status();
    return 0;
  }
  CHECK(config->default_profile.expiry != absl::ZeroDuration());
  for (const auto& [name, profile] : config->profiles) {
    const auto usages = profile.ParseUsages();
    CHECK(usages.key_usage != 0 || !usages.extended.empty()) << name;
  }
  return 0;
}
