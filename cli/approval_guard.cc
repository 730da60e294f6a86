#include "cli/approval_guard.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "cli/contents.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/pki/certificate_template.h"
#include "core/pki/ip_address.h"

namespace signet::cli {
namespace {

constexpr absl::string_view kMasters = "system:masters";

// kubernetes, kubernetes.default, kubernetes.default.svc, and that with a
// cluster's domain after it; and what matches them.
bool IsApiServerName(absl::string_view name,
                     absl::Span<const std::string> hosts) {
  const std::string lower = absl::AsciiStrToLower(absl::StripSuffix(name, "."));
  for (const absl::string_view known :
       {"kubernetes", "kubernetes.default", "kubernetes.default.svc",
        "*.default", "*.default.svc", "*.svc"}) {
    if (lower == known) return true;
  }
  if (absl::StartsWith(lower, "kubernetes.default.svc.") ||
      absl::StartsWith(lower, "*.default.svc.") ||
      absl::StartsWith(lower, "*.svc.")) {
    return true;
  }
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
    return lower == absl::AsciiStrToLower(host);
  });
}

}  // namespace

std::vector<std::string> DangersOf(
    const api::CertificateSigningRequest& csr,
    absl::Span<const std::string> api_server_hosts) {
  std::vector<std::string> dangers;
  for (const std::string& usage : csr.spec().usages()) {
    if (usage == "cert sign" || usage == "crl sign") {
      dangers.push_back(absl::StrCat("it asks for the usage \"", usage,
                                     "\", which is a CA's"));
    } else if (usage == "any") {
      dangers.push_back("it asks for a certificate that is good for anything");
    }
  }
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  if (!request.ok()) {
    dangers.push_back(absl::StrCat("its request cannot be read: ",
                                   request.status().message()));
    return dangers;
  }
  for (const std::string& group : request->subject().organization) {
    if (group == kMasters) {
      dangers.push_back(
          "who has it is an administrator (organization system:masters)");
    }
  }
  const absl::StatusOr<std::optional<pki::CaRequest>> ca =
      pki::ParseCaRequest(request->extensions());
  if (!ca.ok() || (ca->has_value() && (*ca)->is_ca)) {
    dangers.push_back("it asks to be a CA");
  }
  std::vector<std::string> names = request->subject_alt_names().dns_names;
  for (const pki::IpAddress& ip : request->subject_alt_names().ip_addresses) {
    names.push_back(ip.ToString());
  }
  for (const std::string& name : names) {
    if (IsApiServerName(name, api_server_hosts)) {
      dangers.push_back(absl::StrCat(
          "who has it can pass for the API server (name ", name, ")"));
    }
  }
  return dangers;
}

std::string PreviewOf(const api::CertificateSigningRequest& csr) {
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(csr.spec().request());
  return absl::StrCat(
      csr.metadata().name(), ": ", csr.spec().username(), " asks ",
      csr.spec().signer_name(), " for subject ",
      request.ok() ? request->subject().ToString() : "<unreadable>", ", names ",
      request.ok() ? NamesText(request->subject_alt_names()) : "<unreadable>",
      ", usages ", absl::StrJoin(csr.spec().usages(), ", "));
}

}  // namespace signet::cli
