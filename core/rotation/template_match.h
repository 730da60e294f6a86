#ifndef SIGNET_CORE_ROTATION_TEMPLATE_MATCH_H_
#define SIGNET_CORE_ROTATION_TEMPLATE_MATCH_H_

#include <optional>
#include <string>
#include <vector>

#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/subject_alt_name.h"

// Does a certificate still say what we want it to say? Pure.
namespace signet::rotation {

// What a certificate is wanted to say. Value type; equality is of texts and of
// their order, which is what SPEC A-5 compares.
struct CertificateTemplate {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<pki::IpAddress> ip_addresses;
  // Kubelets ask for none of these.
  std::vector<std::string> email_addresses = {};
  std::vector<std::string> uris = {};

  pki::DistinguishedName subject() const;
  pki::SubjectAltNames subject_alt_names() const;
  friend bool operator==(const CertificateTemplate&,
                         const CertificateTemplate&) = default;
};

// FindMismatch tells what `subject` and `sans`, a certificate's, lack of
// `wanted`; nullopt if nothing. The common name must be the same; every DNS
// name, IP address (by value, however written), email address, URI and
// organization must be there.
// A surplus is no mismatch: an address that went away replaces no certificate
// (SPEC A-4). The text is for logs, e.g. `certificate lacks DNS names a, b`.
std::optional<std::string> FindMismatch(const CertificateTemplate& wanted,
                                        const pki::DistinguishedName& subject,
                                        const pki::SubjectAltNames& sans);

}  // namespace signet::rotation

#endif  // SIGNET_CORE_ROTATION_TEMPLATE_MATCH_H_
