#ifndef SIGNET_CORE_PKI_NAME_PARSER_H_
#define SIGNET_CORE_PKI_NAME_PARSER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/pki/name.h"

namespace signet::pki {

// What becomes of an attribute whose value is not a string.
enum class NonStrings {
  kRefuse,  // As Go does in a certificate.
  kKeep,    // As Go does in a request: it stands in `names` alone, as "#" and
            // its DER in hexadecimal; no field is set by it.
};

// ParseName is DistinguishedName::Parse for either.
absl::StatusOr<DistinguishedName> ParseName(absl::string_view der,
                                            NonStrings non_strings);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_NAME_PARSER_H_
