#include "core/testing/test_ca.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/secret.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/trust_bundle.h"
#include "core/pki/validity.h"
#include "openssl/rand.h"

namespace signet::testing {
namespace {

template <class T>
T Get(absl::StatusOr<T> value) {
  CHECK_OK(value.status());
  return *std::move(value);
}

// Certificates hold whole seconds.
pki::Validity Around(absl::Duration from, absl::Duration to) {
  const absl::Time now =
      absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()));
  return {now + from, now + to};
}

std::string RandomSerial() {
  uint8_t bytes[16];
  RAND_bytes(bytes, sizeof bytes);
  bytes[0] |= 1;  // Not zero.
  return std::string(reinterpret_cast<const char*>(bytes), sizeof bytes);
}

std::shared_ptr<const pki::PrivateKey> NewKey(pki::KeyAlgorithm algorithm) {
  return std::make_shared<const pki::PrivateKey>(
      Get(pki::PrivateKey::Generate(algorithm)));
}

std::string KeyPem(const pki::PrivateKey& key) {
  return std::string(Get(key.ToPem(pki::PrivateKey::Format::kPkcs8)).Reveal());
}

pki::TbsCertificate CaCertificate(absl::string_view common_name,
                                  const pki::Validity& validity,
                                  const pki::PrivateKey& key) {
  pki::TbsCertificate tbs;
  tbs.serial_number = RandomSerial();
  tbs.subject.common_name = std::string(common_name);
  tbs.validity = validity;
  tbs.spki_der = key.public_key().spki_der();
  tbs.usages.key_usage =
      pki::kDigitalSignature | pki::kKeyEncipherment | pki::kCertSign;
  tbs.is_ca = true;
  tbs.subject_key_id = pki::KeyId(key.public_key());
  return tbs;
}

pki::CertificateAuthority SelfSigned(
    absl::string_view common_name, const pki::Validity& validity,
    const std::shared_ptr<const pki::PrivateKey>& key) {
  const std::string der = Get(pki::CertificateAuthority::SelfSign(
      CaCertificate(common_name, validity, *key), *key));
  return Get(pki::CertificateAuthority::Create(
      Get(pki::Certificate::Parse(der)), key));
}

}  // namespace

pki::Validity ValidNow() { return Around(-absl::Hours(1), absl::Hours(24)); }
pki::Validity Expired() { return Around(-absl::Hours(48), -absl::Hours(24)); }

TestCa::TestCa(absl::string_view common_name, pki::Validity validity,
               pki::KeyAlgorithm key_algorithm)
    : TestCa(common_name, validity, NewKey(key_algorithm)) {}

TestCa::TestCa(absl::string_view common_name, const pki::Validity& validity,
               std::shared_ptr<const pki::PrivateKey> key)
    : authority_(SelfSigned(common_name, validity, key)),
      key_(std::move(key)) {}

TestCa TestCa::Intermediate(absl::string_view common_name) const {
  std::shared_ptr<const pki::PrivateKey> key =
      NewKey(pki::KeyAlgorithm::kEcdsaP256);
  const pki::Certificate certificate = Get(pki::Certificate::Parse(
      Get(authority_.Issue(CaCertificate(common_name, validity(), *key)))));
  TestCa ca = *this;
  ca.chain_pem_ = absl::StrCat(certificate.ToPem(), chain_pem_);
  ca.authority_ = Get(pki::CertificateAuthority::Create(certificate, key));
  ca.key_ = std::move(key);
  return ca;
}

TestIdentity TestCa::Server(TestSubject subject) const {
  if (subject.dns_names.empty() && subject.ip_addresses.empty()) {
    subject.dns_names = {"localhost"};
    subject.ip_addresses = {"127.0.0.1", "::1"};
  }
  return Issue(std::move(subject), pki::ExtendedKeyUsage::kServerAuth);
}

TestIdentity TestCa::Client(TestSubject subject) const {
  return Issue(std::move(subject), pki::ExtendedKeyUsage::kClientAuth);
}

TestIdentity TestCa::Client(absl::string_view common_name,
                            std::vector<std::string> organizations) const {
  TestSubject subject;
  subject.common_name = std::string(common_name);
  subject.organizations = std::move(organizations);
  return Client(std::move(subject));
}

TestIdentity TestCa::Issue(TestSubject subject,
                           pki::ExtendedKeyUsage usage) const {
  const pki::PrivateKey key =
      Get(pki::PrivateKey::Generate(subject.key_algorithm));
  pki::TbsCertificate tbs;
  tbs.serial_number = RandomSerial();
  tbs.subject.common_name = std::move(subject.common_name);
  tbs.subject.organization = std::move(subject.organizations);
  tbs.validity = subject.validity;
  tbs.spki_der = key.public_key().spki_der();
  tbs.usages.key_usage = pki::kDigitalSignature;
  tbs.usages.extended = {usage};
  tbs.subject_alt_names.dns_names = std::move(subject.dns_names);
  for (const std::string& address : subject.ip_addresses) {
    tbs.subject_alt_names.ip_addresses.push_back(
        Get(pki::IpAddress::Parse(address)));
  }
  TestIdentity identity;
  identity.certificate_pem = absl::StrCat(
      pki::EncodePem("CERTIFICATE", Get(authority_.Issue(tbs))), chain_pem_);
  identity.key_pem = KeyPem(key);
  identity.tls = Get(
      http::TlsIdentity::FromPem(identity.certificate_pem, identity.key_pem));
  return identity;
}

std::string TestCa::key_pem() const { return KeyPem(*key_); }

std::string TestCa::certificate_pem() const {
  return authority_.certificate().ToPem();
}

pki::TrustBundle TestCa::trust_bundle() const {
  return Get(pki::TrustBundle::FromPem(certificate_pem()));
}

std::shared_ptr<http::TrustSource> TestCa::trust() const {
  return std::make_shared<http::FixedTrust>(trust_bundle());
}

}  // namespace signet::testing
