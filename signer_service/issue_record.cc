#include "signer_service/issue_record.h"

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"
#include "core/pki/subject_alt_name.h"

namespace signet::signer {
namespace {

std::string Utc(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string Sha256(const pki::Certificate& certificate) {
  const std::array<uint8_t, 32> hash = certificate.Sha256();
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(hash.data()), hash.size()));
}

boost::json::object SansObject(const pki::SubjectAltNames& sans) {
  boost::json::object result;
  const auto add = [&result](const char* kind, const auto& values,
                             const auto& text) {
    if (values.empty()) return;
    boost::json::array array;
    for (const auto& value : values) array.push_back(text(value).c_str());
    result[kind] = std::move(array);
  };
  const auto same = [](const std::string& text) { return text; };
  add("dns", sans.dns_names, same);
  add("email", sans.email_addresses, same);
  add("ip", sans.ip_addresses,
      [](const pki::IpAddress& ip) { return ip.ToString(); });
  add("uri", sans.uris, same);
  return result;
}

}  // namespace

boost::json::object IssuedRecord(const api::CertificateSigningRequest& csr,
                                 const pki::Certificate& certificate,
                                 absl::Time now) {
  return {
      {"time", Utc(now)},
      {"event", "issued"},
      {"csrName", csr.metadata().name()},
      {"csrUid", csr.metadata().uid()},
      {"requester", csr.spec().username()},
      {"signerName", csr.spec().signer_name()},
      {"serialNumber", pki::SerialToHex(certificate.serial_number())},
      {"issuer", certificate.issuer().ToString()},
      {"subject", certificate.subject().ToString()},
      {"subjectAltNames", SansObject(certificate.subject_alt_names())},
      {"notBefore", Utc(certificate.validity().not_before)},
      {"notAfter", Utc(certificate.validity().not_after)},
      {"sha256", Sha256(certificate)},
  };
}

boost::json::object RefusedRecord(const api::CertificateSigningRequest& csr,
                                  const pki::Certificate& certificate,
                                  const absl::Status& why, absl::Time now) {
  return {
      {"time", Utc(now)},
      {"event", "refused"},
      {"csrName", csr.metadata().name()},
      {"csrUid", csr.metadata().uid()},
      {"serialNumber", pki::SerialToHex(certificate.serial_number())},
      {"sha256", Sha256(certificate)},
      {"code", absl::StatusCodeToString(why.code())},
      {"why", std::string(why.message())},
  };
}

}  // namespace signet::signer
