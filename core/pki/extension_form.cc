#include "core/pki/extension_form.h"

#include <cstddef>
#include <cstdint>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/pki/der.h"
#include "core/pki/ip_address.h"
#include "core/pki/oid.h"
#include "core/pki/uri.h"
#include "openssl/bytestring.h"

namespace signet::pki {
namespace {

constexpr CBS_ASN1_TAG Context(unsigned number) {
  return CBS_ASN1_CONTEXT_SPECIFIC | number;
}
constexpr CBS_ASN1_TAG Explicit(unsigned number) {
  return Context(number) | CBS_ASN1_CONSTRUCTED;
}

absl::Status Fail(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("x509: ", what));
}

// IsMask tells whether `mask` is ones followed by zeros.
bool IsMask(absl::string_view mask) {
  const size_t ones = mask.find_first_not_of('\xff');
  if (ones == mask.npos) return true;
  const auto last = static_cast<uint8_t>(mask[ones]);
  const auto inverse = static_cast<uint8_t>(~last);
  return (inverse & (inverse + 1)) == 0 &&
         absl::c_all_of(mask.substr(ones + 1), [](char c) { return c == 0; });
}

absl::Status CheckIpConstraint(absl::string_view value) {
  if (value.size() != 8 && value.size() != 32) {
    return Fail(
        absl::StrCat("IP constraint contained value of length ", value.size()));
  }
  const absl::string_view mask = value.substr(value.size() / 2);
  if (!IsMask(mask)) {
    return Fail(absl::StrCat("IP constraint contained invalid mask ",
                             absl::BytesToHexString(mask)));
  }
  return absl::OkStatus();
}

absl::Status CheckConstraint(CBS_ASN1_TAG tag, absl::string_view value) {
  if (tag == Context(7)) return CheckIpConstraint(value);
  if (tag != Context(1) && tag != Context(2) && tag != Context(6)) {
    return absl::OkStatus();  // A kind that Go does not handle.
  }
  if (!der::IsAscii(value)) {
    return Fail("invalid constraint value: not an IA5String");
  }
  const bool mailbox =
      tag == Context(1) && value.find('@') != absl::string_view::npos;
  if ((tag == Context(6) && IpAddress::Parse(value).ok()) ||
      (!mailbox && !IsDomainName(value, /*constraint=*/true))) {
    return Fail(absl::StrCat("failed to parse name constraint \"",
                             absl::CHexEscape(value), "\""));
  }
  return absl::OkStatus();
}

// GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree
// GeneralSubtree ::= SEQUENCE { base GeneralName, ... }
absl::Status CheckSubtrees(CBS subtrees) {
  while (CBS_len(&subtrees) > 0) {
    CBS subtree, base;
    CBS_ASN1_TAG tag;
    if (!CBS_get_asn1(&subtrees, &subtree, CBS_ASN1_SEQUENCE) ||
        !der::GetAny(&subtree, &base, &tag)) {
      return Fail("invalid NameConstraints extension");
    }
    ABSL_RETURN_IF_ERROR(CheckConstraint(tag, der::View(base)));
  }
  return absl::OkStatus();
}

// NameConstraints ::= SEQUENCE {
//   permittedSubtrees [0] GeneralSubtrees OPTIONAL,
//   excludedSubtrees  [1] GeneralSubtrees OPTIONAL }
absl::Status CheckNameConstraints(CBS in) {
  CBS body, permitted = der::Cbs(""), excluded = der::Cbs("");
  if (!CBS_get_asn1(&in, &body, CBS_ASN1_SEQUENCE) || CBS_len(&in) != 0 ||
      !CBS_get_optional_asn1(&body, &permitted, nullptr, Explicit(0)) ||
      !CBS_get_optional_asn1(&body, &excluded, nullptr, Explicit(1)) ||
      CBS_len(&body) != 0) {
    return Fail("invalid NameConstraints extension");
  }
  if (CBS_len(&permitted) == 0 && CBS_len(&excluded) == 0) {
    return Fail("empty name constraints extension");
  }
  ABSL_RETURN_IF_ERROR(CheckSubtrees(permitted));
  return CheckSubtrees(excluded);
}

// CRLDistributionPoints ::= SEQUENCE SIZE (1..MAX) OF DistributionPoint
// DistributionPoint ::= SEQUENCE {
//   distributionPoint [0] DistributionPointName OPTIONAL, ... }
// DistributionPointName ::= CHOICE { fullName [0] GeneralNames, ... }
absl::Status CheckDistributionPoints(CBS in) {
  CBS points;
  if (!CBS_get_asn1(&in, &points, CBS_ASN1_SEQUENCE)) {
    return Fail("invalid CRL distribution points");
  }
  while (CBS_len(&points) > 0) {
    CBS point, name, full_name, uri;
    int present;
    if (!CBS_get_asn1(&points, &point, CBS_ASN1_SEQUENCE) ||
        !CBS_get_optional_asn1(&point, &name, &present, Explicit(0)) ||
        (present && !CBS_get_asn1(&name, &full_name, Explicit(0)))) {
      return Fail("invalid CRL distribution point");
    }
    while (present && CBS_peek_asn1_tag(&full_name, Context(6))) {
      if (!CBS_get_asn1(&full_name, &uri, Context(6))) {
        return Fail("invalid CRL distribution point");
      }
    }
  }
  return absl::OkStatus();
}

// PolicyConstraints ::= SEQUENCE {
//   requireExplicitPolicy [0] INTEGER OPTIONAL,
//   inhibitPolicyMapping  [1] INTEGER OPTIONAL }
absl::Status CheckPolicyConstraints(CBS in) {
  CBS body;
  bool ok = CBS_get_asn1(&in, &body, CBS_ASN1_SEQUENCE);
  for (const unsigned number : {0u, 1u}) {
    int64_t value;
    ok = ok && (!CBS_peek_asn1_tag(&body, Context(number)) ||
                CBS_get_asn1_int64_with_tag(&body, &value, Context(number)));
  }
  return ok ? absl::OkStatus() : Fail("invalid policy constraints extension");
}

// certificatePolicies ::= SEQUENCE SIZE (1..MAX) OF PolicyInformation
// PolicyInformation ::= SEQUENCE { policyIdentifier OBJECT IDENTIFIER, ... }
absl::Status CheckPolicies(CBS in) {
  const absl::Status invalid = Fail("invalid certificate policies");
  CBS policies;
  absl::flat_hash_set<absl::string_view> seen;
  if (!CBS_get_asn1(&in, &policies, CBS_ASN1_SEQUENCE)) return invalid;
  while (CBS_len(&policies) > 0) {
    CBS policy, id;
    if (!CBS_get_asn1(&policies, &policy, CBS_ASN1_SEQUENCE) ||
        !CBS_get_asn1(&policy, &id, CBS_ASN1_OBJECT) ||
        !CBS_is_valid_asn1_oid(&id) || !seen.insert(der::View(id)).second) {
      return invalid;
    }
  }
  return absl::OkStatus();
}

// PolicyMappings ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE {
//   issuerDomainPolicy   OBJECT IDENTIFIER,
//   subjectDomainPolicy  OBJECT IDENTIFIER }
absl::Status CheckPolicyMappings(CBS in) {
  const absl::Status invalid = Fail("invalid policy mappings extension");
  CBS mappings;
  if (!CBS_get_asn1(&in, &mappings, CBS_ASN1_SEQUENCE)) return invalid;
  while (CBS_len(&mappings) > 0) {
    CBS mapping, issuer, subject;
    if (!CBS_get_asn1(&mappings, &mapping, CBS_ASN1_SEQUENCE) ||
        !CBS_get_asn1(&mapping, &issuer, CBS_ASN1_OBJECT) ||
        !CBS_get_asn1(&mapping, &subject, CBS_ASN1_OBJECT)) {
      return invalid;
    }
  }
  return absl::OkStatus();
}

// AuthorityInfoAccessSyntax ::= SEQUENCE SIZE (1..MAX) OF AccessDescription
// AccessDescription ::= SEQUENCE {
//   accessMethod    OBJECT IDENTIFIER,
//   accessLocation  GeneralName }
absl::Status CheckAuthorityInfoAccess(CBS in) {
  const absl::Status invalid = Fail("invalid authority info access");
  CBS descriptions;
  if (!CBS_get_asn1(&in, &descriptions, CBS_ASN1_SEQUENCE)) return invalid;
  while (CBS_len(&descriptions) > 0) {
    CBS description, uri;
    absl::string_view method;
    if (!CBS_get_asn1(&descriptions, &description, CBS_ASN1_SEQUENCE) ||
        !der::GetOid(&description, &method) ||
        (CBS_peek_asn1_tag(&description, Context(6)) &&
         !CBS_get_asn1(&description, &uri, Context(6)))) {
      return invalid;
    }
  }
  return absl::OkStatus();
}

absl::Status CheckInhibitAnyPolicy(CBS in) {
  int64_t value;
  if (!CBS_get_asn1_int64(&in, &value)) {
    return Fail("invalid inhibit any policy extension");
  }
  return absl::OkStatus();
}

constexpr struct {
  const Oid* oid;
  absl::Status (*check)(CBS);
} kChecks[] = {
    {&oid::kNameConstraints, CheckNameConstraints},
    {&oid::kCrlDistributionPoints, CheckDistributionPoints},
    {&oid::kCertificatePolicies, CheckPolicies},
    {&oid::kPolicyMappings, CheckPolicyMappings},
    {&oid::kPolicyConstraints, CheckPolicyConstraints},
    {&oid::kInhibitAnyPolicy, CheckInhibitAnyPolicy},
    {&oid::kAuthorityInfoAccess, CheckAuthorityInfoAccess},
};

}  // namespace

absl::Status CheckExtensionForm(absl::string_view type, bool critical,
                                absl::string_view value) {
  if (type == oid::kAuthorityInfoAccess.contents() && critical) {
    return Fail("authority info access incorrectly marked critical");
  }
  for (const auto& [oid, check] : kChecks) {
    if (oid->contents() == type) return check(der::Cbs(value));
  }
  return absl::OkStatus();
}

}  // namespace signet::pki
