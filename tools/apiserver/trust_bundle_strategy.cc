#include "tools/apiserver/trust_bundle_strategy.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate.h"
#include "core/pki/pem.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/metadata_validation.h"

namespace signet::apiserver {
namespace {

using Bundle = api::ClusterTrustBundle;

constexpr absl::string_view kField = "spec.trustBundle";
constexpr size_t kMaxBytes = 1 << 20;

std::vector<std::string> CheckBundleName(absl::string_view signer_name,
                                         absl::string_view name, bool prefix) {
  if (signer_name.empty()) {
    if (absl::StrContains(name, ':')) {
      return {
          R"(ClusterTrustBundle without signer name must not have ":" in its )"
          "name"};
    }
    return CheckName(NameRule::kDnsSubdomain, name, prefix);
  }
  const std::string required =
      absl::StrCat(absl::StrReplaceAll(signer_name, {{"/", ":"}}), ":");
  if (!absl::ConsumePrefix(&name, required)) {
    return {absl::StrCat("ClusterTrustBundle for signerName ", signer_name,
                         " must be named with prefix ", required)};
  }
  return CheckName(NameRule::kDnsSubdomain, name, prefix);
}

FieldError Bad(absl::string_view detail) {
  return Invalid(kField, BadValue::String("<value omitted>"), detail);
}

FieldErrors CheckContents(absl::string_view pem) {
  if (pem.size() > kMaxBytes) return {TooLong(kField, kMaxBytes)};
  pki::PemLimits limits;
  limits.max_blocks = kMaxBytes;  // As many as fit.
  const absl::StatusOr<std::vector<pki::PemBlock>> blocks =
      pki::ParsePem(pem, limits);
  if (!blocks.ok()) return {Bad(blocks.status().message())};
  FieldErrors errors;
  std::map<std::string, std::vector<size_t>> places;
  for (size_t i = 0; i < blocks->size(); ++i) {
    const pki::PemBlock& block = (*blocks)[i];
    const std::string entry = absl::StrCat("entry ", i);
    if (block.type != "CERTIFICATE") {
      errors.push_back(
          Bad(absl::StrCat(entry, " has bad block type: ", block.type)));
      continue;
    }
    if (!block.headers.empty()) {
      errors.push_back(Bad(absl::StrCat(entry, " has PEM block headers")));
      continue;
    }
    const absl::StatusOr<pki::Certificate> certificate =
        pki::Certificate::Parse(block.der);
    if (!certificate.ok()) {
      errors.push_back(Bad(absl::StrCat(entry, " does not parse as X.509")));
      continue;
    }
    if (!certificate->is_ca()) {
      errors.push_back(
          Bad(absl::StrCat(entry, " does not have the CA bit set")));
      continue;
    }
    places[block.der].push_back(i);
  }
  if (!errors.empty()) return errors;
  if (places.empty()) {
    errors.push_back(Bad("at least one trust anchor must be provided"));
  }
  for (const auto& [der, indices] : places) {
    if (indices.size() > 1) {
      errors.push_back(Bad(absl::StrCat("duplicate trust anchor (indices [",
                                        absl::StrJoin(indices, " "), "])")));
    }
  }
  return errors;
}

void Append(FieldErrors more, FieldErrors& errors) {
  errors.insert(errors.end(), more.begin(), more.end());
}

FieldErrors Validate(const Bundle& bundle, bool contents) {
  const std::string& signer = bundle.spec().signer_name();
  FieldErrors errors =
      ValidateObjectMeta(bundle.metadata(), /*namespaced=*/false,
                         [&signer](absl::string_view name, bool prefix) {
                           return CheckBundleName(signer, name, prefix);
                         });
  if (!signer.empty()) {
    Append(ValidateSignerName("spec.signerName", signer), errors);
  }
  if (contents) Append(CheckContents(bundle.spec().trust_bundle()), errors);
  return errors;
}

}  // namespace

FieldErrors ValidateTrustBundleCreate(const Bundle& bundle) {
  FieldErrors errors = Validate(bundle, /*contents=*/true);
  if (errors.empty()) errors = ValidateCommonCreate(bundle.metadata());
  return errors;
}

FieldErrors ValidateTrustBundleUpdate(const Bundle& stored,
                                      const Bundle& updated) {
  FieldErrors errors = ValidateCommonUpdate(
      updated.metadata(), stored.metadata(), /*namespaced=*/false);
  Append(Validate(updated, updated.spec().trust_bundle() !=
                               stored.spec().trust_bundle()),
         errors);
  Append(ValidateObjectMetaUpdate(updated.metadata(), stored.metadata()),
         errors);
  if (updated.spec().signer_name() != stored.spec().signer_name()) {
    errors.push_back(Invalid("spec.signerName",
                             BadValue::String(updated.spec().signer_name()),
                             "field is immutable"));
  }
  return errors;
}

}  // namespace signet::apiserver
