#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"

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

// An accepted request says the same when it is built anew from what was read
// (which is what the signer does with it), and is read from PEM as from DER.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using signet::pki::CertificateRequest;
  const absl::string_view der(reinterpret_cast<const char*>(data), size);
  const auto request = CertificateRequest::Parse(der);
  if (!request.ok()) {
    CHECK(!request.status().message().empty());
    return 0;
  }
  CHECK_EQ(request->der(), der);
  CHECK(der.find(request->raw_subject()) != der.npos);
  (void)request->VerifySignature();

  const auto from_pem = CertificateRequest::ParsePem(
      signet::pki::EncodePem("CERTIFICATE REQUEST", der));
  CHECK_OK(from_pem);
  CHECK_EQ(from_pem->der(), der);

  const auto key =
      signet::pki::PublicKey::FromSpki(request->public_key().spki_der());
  CHECK_OK(key);
  CHECK(*key == request->public_key());

  const auto built = CertificateRequest::Build(
      request->subject(), request->subject_alt_names(), Key());
  CHECK_OK(built);
  const auto again = CertificateRequest::Parse(*built);
  CHECK_OK(again);
  CHECK_OK(again->VerifySignature());
  CHECK_EQ(again->subject().common_name, request->subject().common_name);
  CHECK(again->subject().Encode() == request->subject().Encode());
  const auto& sans = request->subject_alt_names();
  const auto& sans_again = again->subject_alt_names();
  CHECK(sans_again.dns_names == sans.dns_names);
  CHECK(sans_again.email_addresses == sans.email_addresses);
  CHECK(sans_again.ip_addresses == sans.ip_addresses);
  CHECK_EQ(sans_again.uris.size(), sans.uris.size());
  return 0;
}
