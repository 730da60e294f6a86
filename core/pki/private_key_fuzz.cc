#include <cstddef>
#include <cstdint>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "core/pki/private_key.h"

// A key that is read is written in both forms, is read from them as the same,
// and signs what its public half verifies.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace signet::pki;  // NOLINT
  const absl::string_view pem(reinterpret_cast<const char*>(data), size);
  (void)PublicKey::FromSpki(pem);
  const auto key = PrivateKey::FromPem(pem);
  if (!key.ok()) {
    CHECK(!key.status().message().empty());
    return 0;
  }
  for (const auto format :
       {PrivateKey::Format::kTraditional, PrivateKey::Format::kPkcs8}) {
    const auto written = key->ToPem(format);
    CHECK_OK(written);
    const auto again = PrivateKey::FromPem(written->Reveal());
    CHECK_OK(again);
    CHECK(again->public_key() == key->public_key());
  }
  const SignatureAlgorithm algorithm =
      IssuerSignatureAlgorithm(key->public_key());
  const auto signature = key->Sign(algorithm, pem);
  CHECK_OK(signature);
  CHECK_OK(key->public_key().Verify(algorithm, pem, *signature));
  return 0;
}
