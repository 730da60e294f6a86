#include "core/pki/subject_alt_name.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/der.h"
#include "core/pki/ip_address.h"
#include "core/pki/uri.h"
#include "openssl/bytestring.h"

namespace signet::pki {
namespace {

// GeneralName's choices that are kept, as primitive context tags.
constexpr CBS_ASN1_TAG kEmail = CBS_ASN1_CONTEXT_SPECIFIC | 1;
constexpr CBS_ASN1_TAG kDns = CBS_ASN1_CONTEXT_SPECIFIC | 2;
constexpr CBS_ASN1_TAG kUri = CBS_ASN1_CONTEXT_SPECIFIC | 6;
constexpr CBS_ASN1_TAG kIp = CBS_ASN1_CONTEXT_SPECIFIC | 7;

absl::Status NotIa5(absl::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat("x509: \"", absl::Utf8SafeCHexEscape(name),
                   "\" cannot be encoded as an IA5String"));
}

}  // namespace

// SubjectAltName ::= GeneralNames
// GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
absl::StatusOr<SubjectAltNames> SubjectAltNames::Parse(absl::string_view der) {
  CBS in = der::Cbs(der);
  CBS general_names;
  if (!CBS_get_asn1(&in, &general_names, CBS_ASN1_SEQUENCE)) {
    return absl::InvalidArgumentError(
        "x509: invalid subject alternative names");
  }
  SubjectAltNames sans;
  while (CBS_len(&general_names) > 0) {
    CBS contents;
    CBS_ASN1_TAG tag;
    if (!der::GetAny(&general_names, &contents, &tag)) {
      return absl::InvalidArgumentError(
          "x509: invalid subject alternative name");
    }
    const absl::string_view name = der::View(contents);
    const auto malformed = [](absl::string_view kind) {
      return absl::InvalidArgumentError(
          absl::StrCat("x509: SAN ", kind, " is malformed"));
    };
    switch (tag) {
      case kEmail:
        if (!der::IsAscii(name)) return malformed("rfc822Name");
        sans.email_addresses.emplace_back(name);
        break;
      case kDns:
        if (!der::IsAscii(name)) return malformed("dNSName");
        sans.dns_names.emplace_back(name);
        break;
      case kUri: {
        if (!der::IsAscii(name)) return malformed("uniformResourceIdentifier");
        ABSL_ASSIGN_OR_RETURN(sans.uris.emplace_back(), NormalizeUri(name));
        break;
      }
      case kIp: {
        ABSL_ASSIGN_OR_RETURN(IpAddress ip, IpAddress::FromBytes(name));
        sans.ip_addresses.push_back(std::move(ip));
        break;
      }
      default:
        break;  // A kind that is dropped.
    }
  }
  return sans;
}

absl::StatusOr<std::string> SubjectAltNames::Encode() const {
  std::string names;
  for (const std::string& name : dns_names) {
    if (!der::IsAscii(name)) return NotIa5(name);
    der::AppendElement(kDns, name, &names);
  }
  for (const std::string& name : email_addresses) {
    if (!der::IsAscii(name)) return NotIa5(name);
    der::AppendElement(kEmail, name, &names);
  }
  for (const IpAddress& ip : ip_addresses) {
    der::AppendElement(kIp, ip.bytes(), &names);
  }
  for (const std::string& name : uris) {
    if (!der::IsAscii(name)) return NotIa5(name);
    der::AppendElement(kUri, name, &names);
  }
  return der::Element(CBS_ASN1_SEQUENCE, names);
}

}  // namespace signet::pki
