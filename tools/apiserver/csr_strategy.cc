#include "tools/apiserver/csr_strategy.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"
#include "openssl/bytestring.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/metadata_validation.h"

namespace signet::apiserver {
namespace {

using Csr = api::CertificateSigningRequest;
using Condition = api::CertificateSigningRequestCondition;

constexpr absl::string_view kApproved = "Approved";
constexpr absl::string_view kDenied = "Denied";
constexpr absl::string_view kFailed = "Failed";
constexpr absl::string_view kLegacyUnknown = "kubernetes.io/legacy-unknown";
constexpr absl::string_view kConditions = "status.conditions";
constexpr int kMinExpirationSeconds = 600;

// Bad things that are tolerated because the stored object has them already, or
// that the path of an update allows.
struct Allowed {
  bool approval_conditions = false;
  bool certificate = false;
  bool legacy_signer_name = false;
  bool duplicate_condition_types = false;
  bool empty_condition_type = false;
  bool arbitrary_certificate = false;
  bool duplicate_usages = false;
  bool unknown_usages = false;
};

std::vector<const Condition*> Find(const Csr& csr, absl::string_view type) {
  std::vector<const Condition*> found;
  for (const Condition& condition : csr.status().conditions()) {
    if (condition.type() == type) found.push_back(&condition);
  }
  return found;
}

bool Has(const Csr& csr, absl::string_view type) {
  return !Find(csr, type).empty();
}

// Two API times are the same if their seconds are: no more goes over the wire.
bool SameTime(const api::Time& a, const api::Time& b) {
  return a.seconds() == b.seconds();
}

bool SameCondition(const Condition& a, const Condition& b) {
  return a.type() == b.type() && a.status() == b.status() &&
         a.reason() == b.reason() && a.message() == b.message() &&
         SameTime(a.last_update_time(), b.last_update_time()) &&
         SameTime(a.last_transition_time(), b.last_transition_time());
}

// ---- status.certificate (SPEC D-9)

// Parses one or more certificates in a row, as Go's x509.ParseCertificates.
absl::StatusOr<int> CountCertificates(absl::string_view der) {
  CBS rest;
  CBS_init(&rest, reinterpret_cast<const uint8_t*>(der.data()), der.size());
  int count = 0;
  while (CBS_len(&rest) > 0) {
    const uint8_t* start = CBS_data(&rest);
    CBS element;
    if (!CBS_get_any_asn1_element(&rest, &element, nullptr, nullptr)) {
      return absl::InvalidArgumentError("x509: malformed certificate");
    }
    const absl::string_view one(reinterpret_cast<const char*>(start),
                                CBS_len(&element));
    const absl::StatusOr<pki::Certificate> parsed =
        pki::Certificate::Parse(one);
    if (!parsed.ok()) return parsed.status();
    ++count;
  }
  return count;
}

// Returns what is wrong with it, or "".
std::string CheckCertificate(absl::string_view pem) {
  if (pem.empty()) return "";
  const absl::StatusOr<std::vector<pki::PemBlock>> blocks = pki::ParsePem(pem);
  if (!blocks.ok()) return std::string(blocks.status().message());
  for (const pki::PemBlock& block : *blocks) {
    if (block.type != "CERTIFICATE") {
      return absl::StrCat("only CERTIFICATE PEM blocks are allowed, found ",
                          GoQuote(block.type));
    }
    if (!block.headers.empty()) return "no PEM block headers are permitted";
    const absl::StatusOr<int> count = CountCertificates(block.der);
    if (!count.ok()) return std::string(count.status().message());
    if (*count == 0) {
      return "found CERTIFICATE PEM block containing 0 certificates";
    }
  }
  if (blocks->empty()) return "must contain at least one CERTIFICATE PEM block";
  return "";
}

// ---- spec

bool HasUnknownUsage(const Csr& csr) {
  return std::any_of(
      csr.spec().usages().begin(), csr.spec().usages().end(),
      [](const std::string& usage) { return !pki::IsKnownUsage(usage); });
}

bool HasDuplicateUsage(const Csr& csr) {
  std::set<std::string> seen;
  return !std::all_of(
      csr.spec().usages().begin(), csr.spec().usages().end(),
      [&seen](const std::string& usage) { return seen.insert(usage).second; });
}

bool HasDuplicateConditionType(const Csr& csr) {
  std::set<std::string> seen;
  for (const Condition& condition : csr.status().conditions()) {
    if (!seen.insert(condition.type()).second) return true;
  }
  return false;
}

// The request must parse and prove that its maker holds the key (SPEC D-4,
// D-5).
absl::Status CheckRequest(absl::string_view pem) {
  const absl::StatusOr<pki::CertificateRequest> request =
      pki::CertificateRequest::ParsePem(pem);
  if (!request.ok()) return request.status();
  return request->VerifySignature();
}

void AppendUsageErrors(const Csr& csr, const Allowed& allowed,
                       FieldErrors& errors) {
  constexpr absl::string_view kUsages = "spec.usages";
  const auto& usages = csr.spec().usages();
  if (usages.empty()) errors.push_back(Required(kUsages));
  if (!allowed.unknown_usages) {
    for (int i = 0; i < usages.size(); ++i) {
      if (pki::IsKnownUsage(usages[i])) continue;
      errors.push_back(NotSupported(
          Index(kUsages, i), BadValue::Json(usages[i]), pki::KnownUsages()));
    }
  }
  if (!allowed.duplicate_usages) {
    std::set<std::string> seen;
    for (int i = 0; i < usages.size(); ++i) {
      if (!seen.insert(usages[i]).second) {
        errors.push_back(
            Duplicate(Index(kUsages, i), BadValue::Json(usages[i])));
      }
    }
  }
}

// ---- status.conditions (SPEC D-11)

void AppendConditionErrors(const Csr& csr, const Allowed& allowed,
                           FieldErrors& errors) {
  static constexpr absl::string_view kTrueOnly[] = {"True"};
  static constexpr absl::string_view kAnyStatus[] = {"False", "True",
                                                     "Unknown"};
  std::set<std::string> seen;
  for (int i = 0; i < csr.status().conditions_size(); ++i) {
    const Condition& condition = csr.status().conditions(i);
    const std::string field = Index(kConditions, i);
    const std::string type_field = absl::StrCat(field, ".type");
    if (condition.type().empty() && !allowed.empty_condition_type) {
      errors.push_back(Required(type_field));
    }
    const bool true_only = condition.type() == kApproved ||
                           condition.type() == kDenied ||
                           condition.type() == kFailed;
    const absl::Span<const absl::string_view> supported =
        true_only ? absl::MakeConstSpan(kTrueOnly)
                  : absl::MakeConstSpan(kAnyStatus);
    const std::string status_field = absl::StrCat(field, ".status");
    if (condition.status().empty()) {
      errors.push_back(Required(status_field));
    } else if (std::find(supported.begin(), supported.end(),
                         condition.status()) == supported.end()) {
      errors.push_back(NotSupported(
          status_field, BadValue::Json(condition.status()), supported));
    }
    const bool repeated = !seen.insert(condition.type()).second;
    if (repeated && !allowed.duplicate_condition_types) {
      errors.push_back(Duplicate(type_field, BadValue::Json(condition.type())));
    }
  }
}

// At most one of Approved and Denied. The generated validation of Kubernetes
// 1.36 and later, which says so only when the membership changes.
void AppendExclusionError(const Csr& stored, const Csr& csr,
                          FieldErrors& errors) {
  const bool both = Has(csr, kApproved) && Has(csr, kDenied);
  const bool changed = Has(csr, kApproved) != Has(stored, kApproved) ||
                       Has(csr, kDenied) != Has(stored, kDenied);
  if (!both || !changed) return;
  errors.push_back(Invalid(
      kConditions,
      BadValue::String("{conditions[{\"type\": \"Approved\"}], "
                       "conditions[{\"type\": \"Denied\"}]}"),
      "must specify at most one of: `conditions[{\"type\": \"Approved\"}]`, "
      "`conditions[{\"type\": \"Denied\"}]`"));
}

// ---- the whole, in the order of SPEC D-8b

FieldErrors ValidateCsr(const Csr& csr, const Allowed& allowed) {
  FieldErrors errors = ValidateObjectMeta(csr.metadata(), /*namespaced=*/false,
                                          NameRule::kPathSegment);
  const api::CertificateSigningRequestSpec& spec = csr.spec();
  if (const absl::Status status = CheckRequest(spec.request()); !status.ok()) {
    errors.push_back(Invalid(
        "spec.request",
        spec.has_request() ? BadValue::Bytes(spec.request()) : BadValue::Null(),
        status.message()));
  }
  AppendUsageErrors(csr, allowed, errors);
  if (spec.signer_name() == kLegacyUnknown) {
    if (!allowed.legacy_signer_name) {
      errors.push_back(
          Invalid("spec.signerName", BadValue::String(spec.signer_name()),
                  "the legacy signerName is not allowed via this API version"));
    }
  } else {
    FieldErrors more =
        ValidateSignerName("spec.signerName", spec.signer_name());
    errors.insert(errors.end(), more.begin(), more.end());
  }
  if (spec.has_expiration_seconds() &&
      spec.expiration_seconds() < kMinExpirationSeconds) {
    errors.push_back(Invalid("spec.expirationSeconds",
                             BadValue::Number(spec.expiration_seconds()),
                             "may not specify a duration less than 600 seconds "
                             "(10 minutes)"));
  }
  AppendConditionErrors(csr, allowed, errors);
  if (!allowed.arbitrary_certificate) {
    const std::string text = CheckCertificate(csr.status().certificate());
    if (!text.empty()) {
      errors.push_back(Invalid("status.certificate",
                               BadValue::String("<certificate data>"), text));
    }
  }
  return errors;
}

Allowed AllowedFor(CsrPath path, const Csr& stored, const Csr& csr) {
  Allowed allowed;
  allowed.approval_conditions = path == CsrPath::kApproval;
  allowed.certificate = path == CsrPath::kStatus;
  allowed.legacy_signer_name = stored.spec().signer_name() == kLegacyUnknown;
  allowed.duplicate_condition_types = HasDuplicateConditionType(stored);
  allowed.empty_condition_type = Has(stored, "");
  allowed.arbitrary_certificate =
      stored.status().certificate() == csr.status().certificate() ||
      !CheckCertificate(stored.status().certificate()).empty();
  allowed.duplicate_usages = HasDuplicateUsage(stored);
  allowed.unknown_usages = HasUnknownUsage(stored);
  return allowed;
}

// ---- preparing

// Keeps the stored Approved and Denied conditions on the way through /status,
// unless some were added or removed: then validation says so (SPEC D-12).
void PreserveConditions(const Csr& stored, absl::string_view type, Csr& csr) {
  const std::vector<const Condition*> old = Find(stored, type);
  std::vector<Condition*> updated;
  for (Condition& condition : *csr.mutable_status()->mutable_conditions()) {
    if (condition.type() == type) updated.push_back(&condition);
  }
  if (old.size() != updated.size()) return;
  for (size_t i = 0; i < old.size(); ++i) *updated[i] = *old[i];
}

// SPEC D-13.
void FillConditionTimes(const Csr& stored, absl::Time now, Csr& csr) {
  const api::Time now_time = api::FromAbslTime(now);
  for (Condition& condition : *csr.mutable_status()->mutable_conditions()) {
    if (api::IsZero(condition.last_update_time())) {
      *condition.mutable_last_update_time() = now_time;
    }
    if (!api::IsZero(condition.last_transition_time())) continue;
    *condition.mutable_last_transition_time() = now_time;
    for (const Condition& old : stored.status().conditions()) {
      if (old.type() == condition.type() &&
          old.status() == condition.status() &&
          !api::IsZero(old.last_transition_time())) {
        *condition.mutable_last_transition_time() = old.last_transition_time();
        break;
      }
    }
  }
}

}  // namespace

void PrepareCsrForCreate(const User& user, Csr& csr) {
  api::CertificateSigningRequestSpec& spec = *csr.mutable_spec();
  spec.clear_username();
  spec.clear_uid();
  spec.clear_groups();
  spec.clear_extra();
  if (!user.name.empty()) spec.set_username(user.name);
  if (!user.uid.empty()) spec.set_uid(user.uid);
  for (const std::string& group : user.groups) spec.add_groups(group);
  for (const auto& [key, values] : user.extra) {
    api::ExtraValue& extra = (*spec.mutable_extra())[key];
    for (const std::string& value : values) extra.add_items(value);
  }
  csr.mutable_status()->Clear();
}

FieldErrors ValidateCsrCreate(const Csr& csr) {
  FieldErrors errors = ValidateCsr(csr, Allowed());
  if (!errors.empty()) return errors;
  return ValidateCommonCreate(csr.metadata());
}

void PrepareCsrForUpdate(CsrPath path, const Csr& stored, absl::Time now,
                         Csr& csr) {
  *csr.mutable_spec() = stored.spec();
  switch (path) {
    case CsrPath::kMain:
      *csr.mutable_status() = stored.status();
      return;
    case CsrPath::kStatus:
      PreserveConditions(stored, kApproved, csr);
      PreserveConditions(stored, kDenied, csr);
      FillConditionTimes(stored, now, csr);
      return;
    case CsrPath::kApproval: {
      FillConditionTimes(stored, now, csr);
      api::CertificateSigningRequestStatus status = stored.status();
      *status.mutable_conditions() = csr.status().conditions();
      *csr.mutable_status() = std::move(status);
      return;
    }
  }
}

FieldErrors ValidateCsrUpdate(CsrPath path, const Csr& stored, const Csr& csr) {
  const Allowed allowed = AllowedFor(path, stored, csr);
  FieldErrors errors = ValidateCommonUpdate(csr.metadata(), stored.metadata(),
                                            /*namespaced=*/false);
  FieldErrors more = ValidateCsr(csr, allowed);
  errors.insert(errors.end(), more.begin(), more.end());

  for (const absl::string_view type : {kApproved, kDenied, kFailed}) {
    if (Find(csr, type).size() < Find(stored, type).size()) {
      errors.push_back(Forbidden(
          kConditions, absl::StrCat("updates may not remove a condition of "
                                    "type ",
                                    GoQuote(type))));
    }
  }
  if (!allowed.approval_conditions) {
    for (const absl::string_view type : {kApproved, kDenied}) {
      const std::vector<const Condition*> old = Find(stored, type);
      const std::vector<const Condition*> updated = Find(csr, type);
      if (updated.size() > old.size()) {
        errors.push_back(
            Forbidden(kConditions,
                      absl::StrCat("updates may not add a condition of type ",
                                   GoQuote(type))));
      } else if (updated.size() == old.size() &&
                 !std::equal(updated.begin(), updated.end(), old.begin(),
                             [](const Condition* a, const Condition* b) {
                               return SameCondition(*a, *b);
                             })) {
        errors.push_back(Forbidden(
            kConditions, absl::StrCat("updates may not modify a condition of "
                                      "type ",
                                      GoQuote(type))));
      }
    }
  }
  if (csr.status().certificate() != stored.status().certificate()) {
    if (!allowed.certificate) {
      errors.push_back(Forbidden("status.certificate",
                                 "updates may not set certificate content"));
    } else if (!stored.status().certificate().empty()) {
      errors.push_back(
          Forbidden("status.certificate",
                    "updates may not modify existing certificate content"));
    }
  }
  FieldErrors metadata =
      ValidateObjectMetaUpdate(csr.metadata(), stored.metadata());
  errors.insert(errors.end(), metadata.begin(), metadata.end());
  AppendExclusionError(stored, csr, errors);
  return errors;
}

}  // namespace signet::apiserver
