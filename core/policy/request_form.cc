#include "core/policy/request_form.h"

#include <string>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/oid.h"
#include "core/policy/decision.h"

namespace signet::policy {
namespace {

// BasicConstraints of no CA: the DEFAULT left out, and written out.
constexpr absl::string_view kNoCa = absl::string_view("\x30\x00", 2);
constexpr absl::string_view kNoCaWritten =
    absl::string_view("\x30\x03\x01\x01\x00", 5);

bool IsDnsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' &&
         label.back() != '-' && absl::c_all_of(label, [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

std::string Requests(const pki::RequestedExtension& extension) {
  if (extension.oid == pki::oid::kBasicConstraints.dotted()) {
    return "the request asks for basic constraints";
  }
  return absl::StrCat("the request asks for the extension ", extension.oid);
}

std::string LeafExtensionFault(const pki::RequestedExtension& extension) {
  if (extension.oid == pki::oid::kSubjectAltName.dotted() ||
      extension.oid == pki::oid::kExtendedKeyUsage.dotted() ||
      extension.oid == pki::oid::kSubjectKeyId.dotted()) {
    return "";
  }
  if (extension.oid == pki::oid::kBasicConstraints.dotted()) {
    if (extension.value_der == kNoCa || extension.value_der == kNoCaWritten) {
      return "";
    }
    return "the request asks for a CA's basic constraints";
  }
  if (extension.oid == pki::oid::kKeyUsage.dotted()) {
    const absl::StatusOr<pki::KeyUsage> usage =
        pki::ParseKeyUsage(extension.value_der);
    if (usage.ok() && (*usage & (pki::kCertSign | pki::kCrlSign)) == 0) {
      return "";
    }
    return "the request asks for a CA's key usages";
  }
  return Requests(extension);
}

}  // namespace

bool IsDnsSubdomain(absl::string_view name) {
  return name.size() <= 253 &&
         absl::c_all_of(absl::StrSplit(name, '.'), IsDnsLabel);
}

absl::string_view NodeNameOf(const pki::CertificateRequest& request) {
  absl::string_view name = request.subject().common_name;
  return absl::ConsumePrefix(&name, kNodeUserPrefix) ? name : "";
}

std::string NodeSubjectFault(const pki::CertificateRequest& request) {
  int common_names = 0;
  int organizations = 0;
  for (const auto& [type, value] : request.subject().names) {
    if (type == pki::oid::kCommonName.dotted()) {
      ++common_names;
    } else if (type == pki::oid::kOrganization.dotted()) {
      ++organizations;
    } else {
      return absl::StrCat("the subject has the attribute ", type,
                          ", which no node's has");
    }
  }
  if (common_names != 1) {
    return absl::StrCat("the subject has ", common_names, " common names");
  }
  if (organizations != 1) {
    return absl::StrCat("the subject has ", organizations, " organizations");
  }
  const absl::string_view name = NodeNameOf(request);
  if (!IsDnsSubdomain(name)) {
    return absl::StrCat("no Node can have the name ", Quoted(name));
  }
  return "";
}

std::string NodeExtensionsFault(const pki::CertificateRequest& request) {
  for (const pki::RequestedExtension& extension : request.extensions()) {
    if (extension.oid != pki::oid::kSubjectAltName.dotted()) {
      return Requests(extension);
    }
  }
  return "";
}

std::string LeafExtensionsFault(const pki::CertificateRequest& request) {
  for (const pki::RequestedExtension& extension : request.extensions()) {
    std::string fault = LeafExtensionFault(extension);
    if (!fault.empty()) return fault;
  }
  return "";
}

}  // namespace signet::policy
