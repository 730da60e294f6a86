#ifndef SIGNET_CORE_TESTING_RAW_REQUEST_H_
#define SIGNET_CORE_TESTING_RAW_REQUEST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "openssl/bytestring.h"

// Certificate requests that CertificateRequest::Build would not make: what an
// attacker may send. They are signed by their own key, whatever they say.
namespace signet::testing {

// Tags of a GeneralName (RFC 5280, 4.2.1.6).
inline constexpr CBS_ASN1_TAG kEmailName = CBS_ASN1_CONTEXT_SPECIFIC | 1;
inline constexpr CBS_ASN1_TAG kDnsName = CBS_ASN1_CONTEXT_SPECIFIC | 2;
inline constexpr CBS_ASN1_TAG kUriName = CBS_ASN1_CONTEXT_SPECIFIC | 6;
inline constexpr CBS_ASN1_TAG kIpName = CBS_ASN1_CONTEXT_SPECIFIC | 7;

struct RawName {
  CBS_ASN1_TAG tag = kDnsName;
  std::string value;  // Bytes, as they are.
};

struct RawAttribute {
  std::string oid;  // Dotted.
  std::string value;
  CBS_ASN1_TAG tag = CBS_ASN1_UTF8STRING;
};

struct RawExtension {
  std::string oid;
  std::string value;
  bool critical = false;
};

enum class RawKey {
  kP256,  // TestKey.
  kP224,
  kRsa1024,
};

struct RawRequest {
  // Each in a SET of its own.
  std::vector<RawAttribute> subject = {{"2.5.4.10", "system:nodes"},
                                       {"2.5.4.3", "system:node:node-a"}};
  // Subject alternative names; no extension if empty.
  std::vector<RawName> names;
  std::vector<RawExtension> extensions;  // After the names.
  RawKey key = RawKey::kP256;
  bool sha1 = false;
};

std::string MakeRawRequestPem(const RawRequest& request);

// The value of a SubjectAltName extension.
std::string EncodeRawNames(const std::vector<RawName>& names);

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_RAW_REQUEST_H_
