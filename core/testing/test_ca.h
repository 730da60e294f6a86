#ifndef SIGNET_CORE_TESTING_TEST_CA_H_
#define SIGNET_CORE_TESTING_TEST_CA_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/http/tls_identity.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/key_usage.h"
#include "core/pki/private_key.h"
#include "core/pki/trust_bundle.h"
#include "core/pki/validity.h"

// Certificates for tests, made while they run. Nothing here fails: what cannot
// be made ends the test program.
namespace signet::testing {

// From an hour ago until in a day, by the real clock: what a real handshake
// accepts.
pki::Validity ValidNow();
// From two days ago until yesterday.
pki::Validity Expired();

// A certificate with its key, as PEM and ready for TLS.
struct TestIdentity {
  std::string certificate_pem;  // Leaf first, then the chain up to the root.
  std::string key_pem;
  std::shared_ptr<const http::TlsIdentity> tls;

  const pki::Certificate& certificate() const { return tls->chain.front(); }
};

// What a certificate is to say.
struct TestSubject {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // "127.0.0.1"
  pki::Validity validity = ValidNow();
  pki::KeyAlgorithm key_algorithm = pki::KeyAlgorithm::kEcdsaP256;
};

// TestCa is a CA with a new key of its own. Copyable.
class TestCa {
 public:
  explicit TestCa(
      absl::string_view common_name = "test-ca",
      pki::Validity validity = ValidNow(),
      pki::KeyAlgorithm key_algorithm = pki::KeyAlgorithm::kEcdsaP256);

  // A CA that this one has certified. What it issues carries the chain.
  TestCa Intermediate(absl::string_view common_name) const;

  // For server auth; for 127.0.0.1, ::1 and localhost unless SANs are given.
  TestIdentity Server(TestSubject subject = {}) const;
  // For client auth.
  TestIdentity Client(TestSubject subject = {}) const;
  TestIdentity Client(absl::string_view common_name,
                      std::vector<std::string> organizations = {}) const;

  const pki::CertificateAuthority& authority() const { return authority_; }
  const pki::Validity& validity() const { return authority_.validity(); }
  const pki::PrivateKey& key() const { return *key_; }
  std::string key_pem() const;
  std::string certificate_pem() const;    // This CA's own certificate alone.
  pki::TrustBundle trust_bundle() const;  // Trusts this CA alone.
  std::shared_ptr<http::TrustSource> trust() const;

 private:
  TestCa(absl::string_view common_name, const pki::Validity& validity,
         std::shared_ptr<const pki::PrivateKey> key);
  TestIdentity Issue(TestSubject subject, pki::ExtendedKeyUsage usage) const;

  pki::CertificateAuthority authority_;
  std::shared_ptr<const pki::PrivateKey> key_;
  std::string chain_pem_;  // From this CA up, without the root; may be empty.
};

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_TEST_CA_H_
