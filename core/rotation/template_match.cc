#include "core/rotation/template_match.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/subject_alt_name.h"

namespace signet::rotation {
namespace {

template <class T>
std::vector<T> Missing(const std::vector<T>& wanted,
                       const std::vector<T>& present) {
  std::vector<T> missing;
  for (const T& item : wanted) {
    if (std::find(present.begin(), present.end(), item) == present.end()) {
      missing.push_back(item);
    }
  }
  return missing;
}

}  // namespace

pki::DistinguishedName CertificateTemplate::subject() const {
  pki::DistinguishedName subject;
  subject.organization = organizations;
  subject.common_name = common_name;
  return subject;
}

pki::SubjectAltNames CertificateTemplate::subject_alt_names() const {
  pki::SubjectAltNames sans;
  sans.dns_names = dns_names;
  sans.ip_addresses = ip_addresses;
  sans.email_addresses = email_addresses;
  sans.uris = uris;
  return sans;
}

std::optional<std::string> FindMismatch(const CertificateTemplate& wanted,
                                        const pki::DistinguishedName& subject,
                                        const pki::SubjectAltNames& sans) {
  if (subject.common_name != wanted.common_name) {
    return absl::StrCat("certificate has common name \"", subject.common_name,
                        "\", wanted is \"", wanted.common_name, "\"");
  }
  if (auto dns = Missing(wanted.dns_names, sans.dns_names); !dns.empty()) {
    return absl::StrCat("certificate lacks DNS names ",
                        absl::StrJoin(dns, ", "));
  }
  if (auto ips = Missing(wanted.ip_addresses, sans.ip_addresses);
      !ips.empty()) {
    return absl::StrCat(
        "certificate lacks IP addresses ",
        absl::StrJoin(ips, ", ",
                      [](std::string* out, const pki::IpAddress& ip) {
                        absl::StrAppend(out, ip.ToString());
                      }));
  }
  if (auto emails = Missing(wanted.email_addresses, sans.email_addresses);
      !emails.empty()) {
    return absl::StrCat("certificate lacks email addresses ",
                        absl::StrJoin(emails, ", "));
  }
  if (auto uris = Missing(wanted.uris, sans.uris); !uris.empty()) {
    return absl::StrCat("certificate lacks URIs ", absl::StrJoin(uris, ", "));
  }
  if (auto orgs = Missing(wanted.organizations, subject.organization);
      !orgs.empty()) {
    return absl::StrCat("certificate lacks organizations ",
                        absl::StrJoin(orgs, ", "));
  }
  return std::nullopt;
}

}  // namespace signet::rotation
