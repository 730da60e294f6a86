#include "cli/cfssl/certinfo.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/cfssl/go_json.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/signature_algorithm.h"
#include "core/pki/subject_alt_name.h"

namespace signet::cli::cfssl {
namespace {

// The members of an object, in order: a name and encoded JSON.
using Members = std::vector<std::pair<std::string, std::string>>;

std::string Object(const Members& members, absl::string_view indent) {
  if (members.empty()) return "{}";
  return absl::StrCat(
      "{\n",
      absl::StrJoin(members, ",\n",
                    [indent](std::string* out, const auto& member) {
                      absl::StrAppend(out, indent, "  \"", member.first,
                                      "\": ", member.second);
                    }),
      "\n", indent, "}");
}

std::string List(const std::vector<std::string>& texts,
                 absl::string_view indent) {
  return absl::StrCat(
      "[\n",
      absl::StrJoin(texts, ",\n",
                    [indent](std::string* out, const std::string& text) {
                      absl::StrAppend(out, indent, "  ", GoJsonString(text));
                    }),
      "\n", indent, "]");
}

std::string NameInfo(const pki::DistinguishedName& name) {
  Members members;
  const auto add = [&members](absl::string_view key, const std::string& text) {
    if (!text.empty()) members.emplace_back(key, GoJsonString(text));
  };
  add("common_name", name.common_name);
  add("serial_number", name.serial_number);
  add("country", absl::StrJoin(name.country, ","));
  add("organization", absl::StrJoin(name.organization, ","));
  add("organizational_unit", absl::StrJoin(name.organizational_unit, ","));
  add("locality", absl::StrJoin(name.locality, ","));
  add("province", absl::StrJoin(name.province, ","));
  add("street_address", absl::StrJoin(name.street_address, ","));
  add("postal_code", absl::StrJoin(name.postal_code, ","));
  std::vector<std::string> values;
  for (const auto& [type, value] : name.names) values.push_back(value);
  if (!values.empty()) members.emplace_back("names", List(values, "    "));
  return Object(members, "  ");
}

// cfssl shows names and addresses, nothing else.
void AddSans(const pki::SubjectAltNames& sans, Members* members) {
  std::vector<std::string> texts = sans.dns_names;
  for (const pki::IpAddress& ip : sans.ip_addresses) {
    texts.push_back(ip.ToString());
  }
  if (!texts.empty()) members->emplace_back("sans", List(texts, "  "));
}

// "SHA256WithRSA", "ECDSAWithSHA256": not what Go calls them.
std::string AlgorithmName(pki::SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case pki::SignatureAlgorithm::kRsaPssSha256:
    case pki::SignatureAlgorithm::kRsaPssSha384:
    case pki::SignatureAlgorithm::kRsaPssSha512:
      return "Unknown Signature";
    default:
      break;
  }
  std::string name(pki::SignatureAlgorithmName(algorithm));
  const size_t dash = name.find('-');
  if (dash == std::string::npos) return name;
  return absl::StrCat(name.substr(0, dash), "With", name.substr(dash + 1));
}

std::string Time(absl::Time time) {
  return absl::FormatTime("\"%Y-%m-%dT%H:%M:%SZ\"", time, absl::UTCTimeZone());
}

std::string KeyId(absl::string_view id) {
  return absl::StrCat("\"",
                      absl::StrJoin(id, ":",
                                    [](std::string* out, char byte) {
                                      absl::StrAppendFormat(
                                          out, "%02X",
                                          static_cast<unsigned char>(byte));
                                    }),
                      "\"");
}

}  // namespace

std::string CertificateInfo(const pki::Certificate& certificate) {
  Members members;
  members.emplace_back("subject", NameInfo(certificate.subject()));
  members.emplace_back("issuer", NameInfo(certificate.issuer()));
  members.emplace_back(
      "serial_number",
      GoJsonString(pki::SerialToDecimal(certificate.serial_number())));
  AddSans(certificate.subject_alt_names(), &members);
  members.emplace_back("not_before", Time(certificate.validity().not_before));
  members.emplace_back("not_after", Time(certificate.validity().not_after));
  members.emplace_back(
      "sigalg", GoJsonString(AlgorithmName(certificate.signature_algorithm())));
  members.emplace_back("authority_key_id",
                       KeyId(certificate.authority_key_id()));
  members.emplace_back("subject_key_id", KeyId(certificate.subject_key_id()));
  members.emplace_back("pem", GoJsonString(certificate.ToPem()));
  return Object(members, "");
}

std::string RequestInfo(const pki::CertificateRequest& request) {
  Members members;
  members.emplace_back("subject", NameInfo(request.subject()));
  AddSans(request.subject_alt_names(), &members);
  members.emplace_back(
      "sigalg", GoJsonString(AlgorithmName(request.signature_algorithm())));
  members.emplace_back("pem", GoJsonString(pki::EncodePem("CERTIFICATE REQUEST",
                                                          request.der())));
  return Object(members, "");
}

}  // namespace signet::cli::cfssl
