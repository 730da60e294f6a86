#ifndef SIGNET_CORE_PKI_NAME_H_
#define SIGNET_CORE_PKI_NAME_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::pki {

// DistinguishedName is an X.501 Name reduced to the attributes Go's pkix.Name
// knows (Kubernetes and cfssl see no more of a subject than these).
struct DistinguishedName {
  std::vector<std::string> country;
  std::vector<std::string> province;
  std::vector<std::string> locality;
  std::vector<std::string> street_address;
  std::vector<std::string> postal_code;
  std::vector<std::string> organization;
  std::vector<std::string> organizational_unit;
  std::string common_name;    // The last one wins, as in Go.
  std::string serial_number;  // Likewise.
  // Every attribute in order, known or not: (dotted OID, value).
  std::vector<std::pair<std::string, std::string>> names;

  // Parses a DER Name. Accepts the string types Go does (UTF8, Printable, IA5,
  // Teletex, BMP, Numeric...) and converts to UTF-8.
  static absl::StatusOr<DistinguishedName> Parse(absl::string_view der);

  // ParseOfRequest reads the Name in a certificate request, where Go also takes
  // values that are not strings. Such a value sets no field; it stands in
  // `names` alone, as "#" and its DER in hexadecimal.
  static absl::StatusOr<DistinguishedName> ParseOfRequest(
      absl::string_view der);

  // Encode rebuilds the Name as Go's pkix.Name does (SPEC C-16): order C, ST,
  // L, street, postalCode, O, OU, CN, serialNumber; repeated values in one SET,
  // DER-sorted; PrintableString where the alphabet allows, else UTF8String.
  // `names` is ignored. kInvalidArgument for values that are not UTF-8. An
  // empty name gives an empty SEQUENCE.
  absl::StatusOr<std::string> Encode() const;

  // RFC 2253 text, as Go's pkix.Name.String(): "CN=x,O=y".
  std::string ToString() const;
  bool empty() const;
};

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_NAME_H_
