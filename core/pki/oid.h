#ifndef SIGNET_CORE_PKI_OID_H_
#define SIGNET_CORE_PKI_OID_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace signet::pki {

// Oid is an OBJECT IDENTIFIER known at compile time. It is written once, in
// dotted form; the compiler makes the DER contents of it. Compare what was
// parsed by `contents() ==`.
class Oid {
 public:
  consteval explicit Oid(absl::string_view dotted) : dotted_(dotted) {
    size_t pos = 0;
    uint64_t first = NextArc(pos);
    Append(first * 40 + NextArc(pos));
    while (pos < dotted.size()) Append(NextArc(pos));
  }

  // The contents octets, without tag and length.
  constexpr absl::string_view contents() const { return {bytes_, size_}; }
  constexpr absl::string_view dotted() const { return dotted_; }

 private:
  consteval uint64_t NextArc(size_t& pos) {
    uint64_t arc = 0;
    while (pos < dotted_.size() && dotted_[pos] != '.') {
      if (dotted_[pos] < '0' || dotted_[pos] > '9') throw "not a digit";
      arc = arc * 10 + static_cast<uint64_t>(dotted_[pos++] - '0');
    }
    if (pos < dotted_.size()) ++pos;  // The dot.
    return arc;
  }
  consteval void Append(uint64_t arc) {
    int groups = 1;
    while (groups < 5 && arc >> (7 * groups) != 0) ++groups;
    while (groups-- > 0) {
      const uint64_t more = groups > 0 ? 0x80 : 0;
      // Past the end of bytes_ this does not compile.
      bytes_[size_++] =
          static_cast<char>(((arc >> (7 * groups)) & 0x7f) | more);
    }
  }

  absl::string_view dotted_;
  char bytes_[16] = {};
  size_t size_ = 0;
};

namespace oid {

// Attributes of a Name (RFC 5280, A.1). SPEC C-16 gives their order.
inline constexpr Oid kCommonName("2.5.4.3");
inline constexpr Oid kSerialNumber("2.5.4.5");
inline constexpr Oid kCountry("2.5.4.6");
inline constexpr Oid kLocality("2.5.4.7");
inline constexpr Oid kProvince("2.5.4.8");
inline constexpr Oid kStreetAddress("2.5.4.9");
inline constexpr Oid kOrganization("2.5.4.10");
inline constexpr Oid kOrganizationalUnit("2.5.4.11");
inline constexpr Oid kPostalCode("2.5.4.17");

// Extensions (RFC 5280, 4.2) and the attribute that asks for them (RFC 2985).
inline constexpr Oid kSubjectKeyId("2.5.29.14");
inline constexpr Oid kKeyUsage("2.5.29.15");
inline constexpr Oid kSubjectAltName("2.5.29.17");
inline constexpr Oid kBasicConstraints("2.5.29.19");
inline constexpr Oid kNameConstraints("2.5.29.30");
inline constexpr Oid kCrlDistributionPoints("2.5.29.31");
inline constexpr Oid kCertificatePolicies("2.5.29.32");
inline constexpr Oid kPolicyMappings("2.5.29.33");
inline constexpr Oid kAuthorityKeyId("2.5.29.35");
inline constexpr Oid kPolicyConstraints("2.5.29.36");
inline constexpr Oid kExtendedKeyUsage("2.5.29.37");
inline constexpr Oid kInhibitAnyPolicy("2.5.29.54");
inline constexpr Oid kAuthorityInfoAccess("1.3.6.1.5.5.7.1.1");
inline constexpr Oid kExtensionRequest("1.2.840.113549.1.9.14");

// Purposes in an ExtKeyUsage (RFC 5280, 4.2.1.12).
inline constexpr Oid kAnyExtendedKeyUsage("2.5.29.37.0");
inline constexpr Oid kServerAuth("1.3.6.1.5.5.7.3.1");
inline constexpr Oid kClientAuth("1.3.6.1.5.5.7.3.2");
inline constexpr Oid kCodeSigning("1.3.6.1.5.5.7.3.3");
inline constexpr Oid kEmailProtection("1.3.6.1.5.5.7.3.4");
inline constexpr Oid kIpsecEndSystem("1.3.6.1.5.5.7.3.5");
inline constexpr Oid kIpsecTunnel("1.3.6.1.5.5.7.3.6");
inline constexpr Oid kIpsecUser("1.3.6.1.5.5.7.3.7");
inline constexpr Oid kTimeStamping("1.3.6.1.5.5.7.3.8");
inline constexpr Oid kOcspSigning("1.3.6.1.5.5.7.3.9");
inline constexpr Oid kMicrosoftServerGatedCrypto("1.3.6.1.4.1.311.10.3.3");
inline constexpr Oid kNetscapeServerGatedCrypto("2.16.840.1.113730.4.1");

// Public keys.
inline constexpr Oid kRsaEncryption("1.2.840.113549.1.1.1");
inline constexpr Oid kEcPublicKey("1.2.840.10045.2.1");
inline constexpr Oid kEd25519("1.3.101.112");  // Also the signature.
inline constexpr Oid kP224("1.3.132.0.33");
inline constexpr Oid kP256("1.2.840.10045.3.1.7");
inline constexpr Oid kP384("1.3.132.0.34");
inline constexpr Oid kP521("1.3.132.0.35");

// Signatures and what their parameters name.
inline constexpr Oid kMd5WithRsa("1.2.840.113549.1.1.4");
inline constexpr Oid kSha1WithRsa("1.2.840.113549.1.1.5");
inline constexpr Oid kIsoSha1WithRsa("1.3.14.3.2.29");
inline constexpr Oid kRsaPss("1.2.840.113549.1.1.10");
inline constexpr Oid kSha256WithRsa("1.2.840.113549.1.1.11");
inline constexpr Oid kSha384WithRsa("1.2.840.113549.1.1.12");
inline constexpr Oid kSha512WithRsa("1.2.840.113549.1.1.13");
inline constexpr Oid kEcdsaWithSha1("1.2.840.10045.4.1");
inline constexpr Oid kEcdsaWithSha256("1.2.840.10045.4.3.2");
inline constexpr Oid kEcdsaWithSha384("1.2.840.10045.4.3.3");
inline constexpr Oid kEcdsaWithSha512("1.2.840.10045.4.3.4");
inline constexpr Oid kMgf1("1.2.840.113549.1.1.8");
inline constexpr Oid kSha256("2.16.840.1.101.3.4.2.1");
inline constexpr Oid kSha384("2.16.840.1.101.3.4.2.2");
inline constexpr Oid kSha512("2.16.840.1.101.3.4.2.3");

}  // namespace oid

// OidToDotted turns contents octets into dotted form. The contents must have
// come from der.h's GetOid, which checks them.
std::string OidToDotted(absl::string_view contents);

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_OID_H_
