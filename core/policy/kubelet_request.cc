#include "core/policy/kubelet_request.h"

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/pki/certificate_request.h"
#include "core/pki/name.h"
#include "core/pki/subject_alt_name.h"

namespace signet::policy {
namespace {

// The checks, each OK or kInvalidArgument with its text (SPEC B-6).

absl::Status OrganizationIsSystemNodes(const pki::DistinguishedName& subject) {
  if (subject.organization.size() == 1 &&
      subject.organization.front() == "system:nodes") {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("subject organization is not system:nodes");
}

absl::Status CommonNameIsANodes(const pki::DistinguishedName& subject) {
  if (absl::StartsWith(subject.common_name, "system:node:")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "subject common name does not begin with system:node:");
}

// No `kind` of subject alternative name.
template <class T>
absl::Status None(absl::string_view kind, const T& names) {
  if (names.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(kind, " subjectAltNames are not allowed"));
}

absl::Status HasDnsOrIp(const pki::SubjectAltNames& sans) {
  if (!sans.dns_names.empty() || !sans.ip_addresses.empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("DNS or IP subjectAltName is required");
}

// The usages are "digital signature", `purpose` and perhaps "key encipherment",
// which only RSA keys can make use of. Order and repetition do not matter.
absl::Status UsagesAreFor(absl::string_view purpose,
                          absl::Span<const std::string> usages) {
  const std::set<absl::string_view> wanted = {"digital signature",
                                              "key encipherment", purpose};
  std::set<absl::string_view> got(usages.begin(), usages.end());
  got.insert("key encipherment");
  if (got == wanted) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("usages did not match [", absl::StrJoin(wanted, " "), "]"));
}

// The first that is not OK.
absl::Status FirstFailure(std::initializer_list<absl::Status> checks) {
  for (const absl::Status& check : checks) {
    if (!check.ok()) return check;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckKubeletClientRequest(const pki::CertificateRequest& request,
                                       absl::Span<const std::string> usages) {
  const pki::SubjectAltNames& sans = request.subject_alt_names();
  return FirstFailure({
      OrganizationIsSystemNodes(request.subject()),
      None("DNS", sans.dns_names),
      None("Email", sans.email_addresses),
      None("IP", sans.ip_addresses),
      None("URI", sans.uris),
      CommonNameIsANodes(request.subject()),
      UsagesAreFor("client auth", usages),
  });
}

absl::Status CheckKubeletServingRequest(const pki::CertificateRequest& request,
                                        absl::Span<const std::string> usages) {
  const pki::SubjectAltNames& sans = request.subject_alt_names();
  return FirstFailure({
      OrganizationIsSystemNodes(request.subject()),
      HasDnsOrIp(sans),
      None("Email", sans.email_addresses),
      None("URI", sans.uris),
      UsagesAreFor("server auth", usages),
      CommonNameIsANodes(request.subject()),
  });
}

}  // namespace signet::policy
