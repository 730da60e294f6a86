#ifndef SIGNET_CLI_CFSSL_REQUEST_FILE_H_
#define SIGNET_CLI_CFSSL_REQUEST_FILE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/certificate_template.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"

// The JSON in which cfssl is told what to ask for (SPEC E-14 to E-16). Pure.
namespace signet::cli::cfssl {

// One of "names". Country and so on are one value each.
struct Name {
  std::string country, province, locality, organization, organizational_unit;
  std::string email, serial_number;  // Of these cfssl writes the email only.
  std::vector<pki::NameAttribute> oids;
};

struct KeyRequest {
  std::string algorithm = "ecdsa";
  int size = 256;
};

// The section "ca", which only -initca may have.
struct CaSection {
  int path_len = 0;
  bool path_len_zero = false;
  std::string expiry, backdate;  // Go durations; empty: the usual.

  // What BasicConstraints is to say.
  std::optional<int> PathLen() const;
};

struct RequestFile {
  std::string common_name;
  std::vector<Name> names;
  std::optional<std::vector<std::string>> hosts;
  KeyRequest key;
  std::optional<CaSection> ca;
  std::string serial_number;
  bool delegation = false;
  std::vector<pki::RequestedExtension> extensions;
  std::string crl_url;
};

// ParseRequestFile reads it as Go would; errors are Go's.
absl::StatusOr<RequestFile> ParseRequestFile(absl::string_view json);

// The subject of a request: its fields, and what it has none for. A wrong OID
// is an error.
struct Subject {
  pki::DistinguishedName name;
  std::vector<pki::NameAttribute> more;
};
absl::StatusOr<Subject> SubjectOf(const RequestFile& request);
// The same of `sign`'s subject file, which knows fewer fields.
absl::StatusOr<RequestFile> ParseSubjectFile(absl::string_view json);

// RequestOf makes the request of which a certificate like this one would come:
// as far as cfssl asks for it again (no street, no postal code).
RequestFile RequestOf(const pki::Certificate& certificate);

// True if there is nobody in it: cfssl makes no CA for nobody.
bool HasNoSubject(const RequestFile& request);

// SortHosts tells addresses, emails, URIs and names apart, in this order
// (SPEC E-16). What is none of the first three is a name.
pki::SubjectAltNames SortHosts(absl::Span<const std::string> hosts);

// BuildRequest makes the certificate request, as DER.
absl::StatusOr<std::string> BuildRequest(const RequestFile& request,
                                         const pki::SigningKey& key);

// NewKey draws a key. Errors are cfssl's (2400): `RSA key is too weak`,
// `invalid curve`, `invalid algorithm`; RSA has 2048, 3072 or 4096 bits.
absl::StatusOr<pki::PrivateKey> NewKey(const KeyRequest& request,
                                       pki::KeyGenerator& keys);

}  // namespace signet::cli::cfssl

#endif  // SIGNET_CLI_CFSSL_REQUEST_FILE_H_
