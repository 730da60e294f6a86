#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/private_key.h"
#include "core/pki/trust_bundle.h"

namespace {

const signet::pki::PrivateKey& Key() {
  static const auto* const key =
      new auto(*signet::pki::PrivateKey::FromPem(  // RFC 8410, 10.3.
          "-----BEGIN PRIVATE KEY-----\n"
          "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
          "-----END PRIVATE KEY-----\n"));
  return *key;
}

}  // namespace

// A certificate that is read is read from its PEM as the same; what it says can
// be issued again and then says the same; and the chain verification takes it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace signet::pki;  // NOLINT
  const absl::string_view der(reinterpret_cast<const char*>(data), size);
  const auto certificate = Certificate::Parse(der);
  if (!certificate.ok()) {
    CHECK(!certificate.status().message().empty());
    return 0;
  }
  CHECK_EQ(certificate->der(), der);
  const auto pem = ParseCertificatesPem(certificate->ToPem());
  CHECK_OK(pem);
  CHECK_EQ(pem->front().der(), der);
  (void)certificate->CheckSignatureFrom(*certificate);

  TbsCertificate tbs;
  tbs.serial_number = certificate->serial_number();
  tbs.subject = certificate->subject();
  tbs.validity = certificate->validity();
  tbs.spki_der = Key().public_key().spki_der();
  tbs.usages = certificate->usages();
  tbs.subject_alt_names = certificate->subject_alt_names();
  tbs.is_ca = certificate->is_ca();
  if (tbs.is_ca) tbs.max_path_len = certificate->max_path_len();
  tbs.subject_key_id = certificate->subject_key_id();
  const auto issued = CertificateAuthority::SelfSign(tbs, Key());
  if (issued.ok()) {  // Not if the serial number or a year has no room.
    const auto again = Certificate::Parse(*issued);
    CHECK_OK(again);
    CHECK_OK(again->CheckSignatureFrom(*again));
    CHECK_EQ(again->serial_number(), certificate->serial_number());
    CHECK(again->validity() == certificate->validity());
    CHECK(again->usages() == certificate->usages());
    CHECK_EQ(again->is_ca(), certificate->is_ca());
    CHECK_EQ(again->subject_key_id(), certificate->subject_key_id());
    CHECK(again->subject_alt_names().dns_names ==
          certificate->subject_alt_names().dns_names);
  }

  const auto bundle = TrustBundle::FromPem(certificate->ToPem());
  if (bundle.ok()) {
    (void)bundle->Verify(
        {*certificate, *certificate},
        {.now = certificate->validity().not_before, .dns_name = "a.example"});
  }
  return 0;
}
