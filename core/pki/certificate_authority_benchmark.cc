#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/pki/ip_address.h"
#include "core/pki/key_usage.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/pki/validity.h"
#include "openssl/base.h"
#include "openssl/digest.h"
#include "openssl/evp.h"

// What a certificate costs: a PEM request in, a PEM certificate out, next to
// its floor, the two raw operations of BoringSSL without which there is none.
// The request's key is P-256; the names of the benchmarks are the CA's keys.

namespace signet::pki {
namespace {

constexpr absl::Time kStart = absl::FromUnixSeconds(1767323045);

// One CA and one node's serving request, with which each iteration starts.
class Fixture {
 public:
  explicit Fixture(KeyAlgorithm algorithm) {
    ca_key_ = std::make_shared<PrivateKey>(*PrivateKey::Generate(algorithm));
    TbsCertificate tbs;
    tbs.serial_number = "\x01";
    tbs.subject.common_name = "kubernetes";
    tbs.validity = {kStart, kStart + absl::Hours(24 * 365)};
    tbs.usages.key_usage = kCertSign;
    tbs.is_ca = true;
    tbs.subject_key_id = KeyId(ca_key_->public_key());
    const auto certificate = CertificateAuthority::SelfSign(tbs, *ca_key_);
    CHECK_OK(certificate);
    authority_ =
        std::make_unique<CertificateAuthority>(*CertificateAuthority::Create(
            *Certificate::Parse(*certificate), ca_key_));
    DistinguishedName subject;
    subject.common_name = "system:node:node-17";
    subject.organization = {"system:nodes"};
    SubjectAltNames sans;
    sans.dns_names = {"node-17", "node-17.cluster.example"};
    sans.ip_addresses = {*IpAddress::Parse("10.0.0.17")};
    const auto request = CertificateRequest::Build(
        subject, sans, *PrivateKey::Generate(KeyAlgorithm::kEcdsaP256));
    CHECK_OK(request);
    request_pem_ = EncodePem("CERTIFICATE REQUEST", *request);
    request_ = std::make_unique<CertificateRequest>(
        *CertificateRequest::Parse(*request));
  }

  absl::StatusOr<std::string> Issue() const {
    const auto request = CertificateRequest::ParsePem(request_pem_);
    if (!request.ok()) return request.status();
    const absl::Status signature = request->VerifySignature();
    if (!signature.ok()) return signature;
    const auto der = authority_->Issue(Tbs(*request));
    if (!der.ok()) return der.status();
    return EncodePem("CERTIFICATE", *der);
  }

  TbsCertificate Tbs(const CertificateRequest& request) const {
    TbsCertificate tbs;
    tbs.serial_number = std::string(16, '\x42');
    tbs.subject = request.subject();
    tbs.validity = {kStart, kStart + absl::Hours(1)};
    tbs.spki_der = request.public_key().spki_der();
    tbs.usages = {kDigitalSignature, {ExtendedKeyUsage::kServerAuth}};
    tbs.subject_alt_names = request.subject_alt_names();
    return tbs;
  }

  const CertificateAuthority& authority() const { return *authority_; }
  const CertificateRequest& request() const { return *request_; }
  const PrivateKey& ca_key() const { return *ca_key_; }
  const std::string& request_pem() const { return request_pem_; }

 private:
  std::shared_ptr<PrivateKey> ca_key_;
  std::unique_ptr<CertificateAuthority> authority_;
  std::string request_pem_;
  std::unique_ptr<CertificateRequest> request_;
};

void BM_Issue(benchmark::State& state, KeyAlgorithm algorithm) {
  const Fixture fixture(algorithm);
  for (auto _ : state) {
    auto pem = fixture.Issue();
    CHECK_OK(pem);
    benchmark::DoNotOptimize(pem);
  }
}

const uint8_t* Bytes(absl::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

// Verify the request's signature and sign as many bytes as a TBS has.
void BM_Floor(benchmark::State& state, KeyAlgorithm algorithm) {
  const Fixture fixture(algorithm);
  const std::string tbs =
      *fixture.authority().EncodeTbs(fixture.Tbs(fixture.request()));
  const PrivateKey key = *PrivateKey::Generate(KeyAlgorithm::kEcdsaP256);
  const std::string message(fixture.request().der().size(), 'x');
  const std::string signed_message =
      *key.Sign(SignatureAlgorithm::kEcdsaSha256, message);
  EVP_PKEY* const ca = fixture.ca_key().evp();
  const EVP_MD* const digest =
      EVP_PKEY_id(ca) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  uint8_t signature[512];
  for (auto _ : state) {
    bssl::ScopedEVP_MD_CTX verify;
    CHECK_EQ(EVP_DigestVerifyInit(verify.get(), nullptr, EVP_sha256(), nullptr,
                                  key.public_key().evp()),
             1);
    CHECK_EQ(
        EVP_DigestVerify(verify.get(), Bytes(signed_message),
                         signed_message.size(), Bytes(message), message.size()),
        1);
    bssl::ScopedEVP_MD_CTX sign;
    size_t size = sizeof signature;
    CHECK_EQ(EVP_DigestSignInit(sign.get(), nullptr, digest, nullptr, ca), 1);
    CHECK_EQ(
        EVP_DigestSign(sign.get(), signature, &size, Bytes(tbs), tbs.size()),
        1);
    benchmark::DoNotOptimize(signature);
  }
}

void BM_ParseRequest(benchmark::State& state) {
  const Fixture fixture(KeyAlgorithm::kEcdsaP256);
  for (auto _ : state) {
    auto request = CertificateRequest::ParsePem(fixture.request_pem());
    CHECK_OK(request);
    benchmark::DoNotOptimize(request);
  }
}

void BM_EncodeTbs(benchmark::State& state) {
  const Fixture fixture(KeyAlgorithm::kEcdsaP256);
  for (auto _ : state) {
    auto tbs = fixture.authority().EncodeTbs(fixture.Tbs(fixture.request()));
    CHECK_OK(tbs);
    benchmark::DoNotOptimize(tbs);
  }
}

void BM_ParseCertificate(benchmark::State& state) {
  const Fixture fixture(KeyAlgorithm::kEcdsaP256);
  const std::string der =
      *fixture.authority().Issue(fixture.Tbs(fixture.request()));
  for (auto _ : state) {
    auto certificate = Certificate::Parse(der);
    CHECK_OK(certificate);
    benchmark::DoNotOptimize(certificate);
  }
}

void BM_EncodePem(benchmark::State& state) {
  const std::string der(600, 'x');
  for (auto _ : state) {
    std::string pem = EncodePem("CERTIFICATE", der);
    benchmark::DoNotOptimize(pem);
  }
}

BENCHMARK_CAPTURE(BM_Floor, p256, KeyAlgorithm::kEcdsaP256);
BENCHMARK_CAPTURE(BM_Issue, p256, KeyAlgorithm::kEcdsaP256);
BENCHMARK_CAPTURE(BM_Floor, rsa2048, KeyAlgorithm::kRsa2048);
BENCHMARK_CAPTURE(BM_Issue, rsa2048, KeyAlgorithm::kRsa2048);
BENCHMARK_CAPTURE(BM_Floor, ed25519, KeyAlgorithm::kEd25519);
BENCHMARK_CAPTURE(BM_Issue, ed25519, KeyAlgorithm::kEd25519);
BENCHMARK(BM_ParseRequest);
BENCHMARK(BM_EncodeTbs);
BENCHMARK(BM_ParseCertificate);
BENCHMARK(BM_EncodePem);

}  // namespace
}  // namespace signet::pki
