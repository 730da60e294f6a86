#include "core/pki/private_key.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/secret.h"
#include "core/pki/boringssl_error.h"
#include "core/pki/der.h"
#include "core/pki/oid.h"
#include "core/pki/pem.h"
#include "core/pki/signature_algorithm.h"
#include "openssl/base.h"
#include "openssl/bn.h"
#include "openssl/bytestring.h"
#include "openssl/digest.h"
#include "openssl/ec_key.h"
#include "openssl/evp.h"
#include "openssl/mem.h"
#include "openssl/rsa.h"

namespace signet::pki {
namespace {

constexpr absl::string_view kNull("\x05\x00", 2);
constexpr int kMinRsaBits = 1024;  // Go's limit.
// Ours: the time of a verification grows with the square of it.
constexpr int kMaxRsaBits = 8192;

absl::Status Invalid(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

// What a SignatureAlgorithm is to BoringSSL.
struct Scheme {
  KeyType key_type;
  const EVP_MD* digest;  // Null for Ed25519, which hashes by itself.
  bool pss = false;
  bool verify_only = false;
};

Scheme SchemeOf(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::kRsaSha1:
      return {KeyType::kRsa, EVP_sha1(), false, true};
    case SignatureAlgorithm::kRsaSha256:
      return {KeyType::kRsa, EVP_sha256()};
    case SignatureAlgorithm::kRsaSha384:
      return {KeyType::kRsa, EVP_sha384()};
    case SignatureAlgorithm::kRsaSha512:
      return {KeyType::kRsa, EVP_sha512()};
    case SignatureAlgorithm::kRsaPssSha256:
      return {KeyType::kRsa, EVP_sha256(), true, true};
    case SignatureAlgorithm::kRsaPssSha384:
      return {KeyType::kRsa, EVP_sha384(), true, true};
    case SignatureAlgorithm::kRsaPssSha512:
      return {KeyType::kRsa, EVP_sha512(), true, true};
    case SignatureAlgorithm::kEcdsaSha1:
      return {KeyType::kEcdsa, EVP_sha1(), false, true};
    case SignatureAlgorithm::kEcdsaSha256:
      return {KeyType::kEcdsa, EVP_sha256()};
    case SignatureAlgorithm::kEcdsaSha384:
      return {KeyType::kEcdsa, EVP_sha384()};
    case SignatureAlgorithm::kEcdsaSha512:
      return {KeyType::kEcdsa, EVP_sha512()};
    case SignatureAlgorithm::kEd25519:
      return {KeyType::kEd25519, nullptr};
  }
  return {KeyType::kEcdsa, EVP_sha256()};
}

// The words of Go's signaturePublicKeyAlgoMismatchError.
absl::Status KeyMismatch(KeyType wanted, KeyType have) {
  const auto algorithm = [](KeyType type) -> absl::string_view {
    switch (type) {
      case KeyType::kRsa:
        return "RSA";
      case KeyType::kEcdsa:
        return "ECDSA";
      case KeyType::kEd25519:
        return "Ed25519";
    }
    return "";
  };
  const auto go_type = [](KeyType type) -> absl::string_view {
    switch (type) {
      case KeyType::kRsa:
        return "*rsa.PublicKey";
      case KeyType::kEcdsa:
        return "*ecdsa.PublicKey";
      case KeyType::kEd25519:
        return "ed25519.PublicKey";
    }
    return "";
  };
  return Invalid(
      absl::StrCat("x509: signature algorithm specifies an ", algorithm(wanted),
                   " public key, but have public key of type ", go_type(have)));
}

absl::Status VerificationFailure(KeyType type) {
  ClearBoringSslErrors();
  switch (type) {
    case KeyType::kRsa:
      return Invalid("crypto/rsa: verification error");
    case KeyType::kEcdsa:
      return Invalid("x509: ECDSA verification failure");
    case KeyType::kEd25519:
      return Invalid("x509: Ed25519 verification failure");
  }
  return Invalid("verification failure");
}

struct Curve {
  const Oid* oid;
  const EVP_PKEY_ALG* (*algorithm)();
};
constexpr Curve kCurves[] = {
    {&oid::kP256, EVP_pkey_ec_p256},
    {&oid::kP384, EVP_pkey_ec_p384},
    {&oid::kP521, EVP_pkey_ec_p521},
    {&oid::kP224, EVP_pkey_ec_p224},
};

absl::Status CheckRsaSize(int bits) {
  if (bits < kMinRsaBits) {
    return Invalid(
        absl::StrCat("crypto/rsa: ", bits,
                     "-bit keys are insecure (see "
                     "https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)"));
  }
  if (bits > kMaxRsaBits) {
    return Invalid(absl::StrCat("RSA key of ", bits, " bits is longer than ",
                                kMaxRsaBits));
  }
  return absl::OkStatus();
}

// CanonicalRsaKey rewrites RSAPublicKey ::= SEQUENCE {
//   modulus         INTEGER,
//   publicExponent  INTEGER }
absl::StatusOr<std::string> CanonicalRsaKey(absl::string_view der) {
  CBS in = der::Cbs(der);
  CBS key, modulus;
  int64_t exponent;
  if (!CBS_get_asn1(&in, &key, CBS_ASN1_SEQUENCE)) {
    return Invalid("x509: invalid RSA public key");
  }
  if (!CBS_get_asn1(&key, &modulus, CBS_ASN1_INTEGER) ||
      !CBS_is_valid_asn1_integer(&modulus, nullptr)) {
    return Invalid("x509: invalid RSA modulus");
  }
  if (!CBS_get_asn1_int64(&key, &exponent)) {
    return Invalid("x509: invalid RSA public exponent");
  }
  // BoringSSL has its own demands on the two; this one is Go's.
  if (exponent > std::numeric_limits<int32_t>::max()) {
    return Invalid("crypto/rsa: public exponent too large");
  }
  bssl::ScopedCBB cbb;
  CBB sequence;
  if (!CBB_init(cbb.get(), der.size()) ||
      !CBB_add_asn1(cbb.get(), &sequence, CBS_ASN1_SEQUENCE) ||
      !der::AddElement(&sequence, CBS_ASN1_INTEGER, der::View(modulus)) ||
      !CBB_add_asn1_int64(&sequence, exponent)) {
    return der::BuildError();
  }
  return der::Finish(cbb.get());
}

std::string EncodeSpki(absl::string_view algorithm,
                       absl::string_view parameters,
                       absl::string_view key_bits) {
  const size_t identifier_size =
      der::ElementSize(algorithm.size()) + parameters.size();
  const size_t body_size =
      der::ElementSize(identifier_size) + der::ElementSize(1 + key_bits.size());
  std::string spki;
  spki.reserve(der::ElementSize(body_size));
  der::AppendHeader(CBS_ASN1_SEQUENCE, body_size, &spki);
  der::AppendHeader(CBS_ASN1_SEQUENCE, identifier_size, &spki);
  der::AppendElement(CBS_ASN1_OBJECT, algorithm, &spki);
  absl::StrAppend(&spki, parameters);
  der::AppendHeader(CBS_ASN1_BITSTRING, 1 + key_bits.size(), &spki);
  spki.push_back('\0');  // No unused bits.
  absl::StrAppend(&spki, key_bits);
  return spki;
}

// Marshalled runs one of BoringSSL's encoders on `key`.
template <typename Encode>
absl::StatusOr<Secret> Marshalled(Encode encode) {
  bssl::ScopedCBB cbb;
  // Large enough for RSA-8192, so that the buffer never moves.
  if (!CBB_init(cbb.get(), 8192) || !encode(cbb.get()) ||
      !CBB_flush(cbb.get())) {
    return BoringSslError(absl::StatusCode::kInternal, "encoding the key");
  }
  Secret der(absl::string_view(
      reinterpret_cast<const char*>(CBB_data(cbb.get())), CBB_len(cbb.get())));
  OPENSSL_cleanse(CBB_data(cbb.get()), CBB_len(cbb.get()));
  return der;
}

// ParsePkcs8 and the two below return null for what does not parse, with the
// reason in BoringSSL's queue.
bssl::UniquePtr<EVP_PKEY> ParsePkcs8(absl::string_view der) {
  const EVP_PKEY_ALG* const algorithms[] = {
      EVP_pkey_rsa(),     EVP_pkey_ec_p256(), EVP_pkey_ec_p384(),
      EVP_pkey_ec_p521(), EVP_pkey_ec_p224(), EVP_pkey_ed25519()};
  return bssl::UniquePtr<EVP_PKEY>(EVP_PKEY_from_private_key_info(
      reinterpret_cast<const uint8_t*>(der.data()), der.size(), algorithms,
      std::size(algorithms)));
}

bssl::UniquePtr<EVP_PKEY> ParseSec1(absl::string_view der) {
  CBS in = der::Cbs(der);
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_parse_private_key(&in, nullptr));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!ec || CBS_len(&in) != 0 || !key ||
      !EVP_PKEY_set1_EC_KEY(key.get(), ec.get())) {
    return nullptr;
  }
  return key;
}

bssl::UniquePtr<EVP_PKEY> ParsePkcs1(absl::string_view der) {
  bssl::UniquePtr<RSA> rsa(RSA_private_key_from_bytes(
      reinterpret_cast<const uint8_t*>(der.data()), der.size()));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!rsa || !key || !EVP_PKEY_set1_RSA(key.get(), rsa.get())) return nullptr;
  return key;
}

}  // namespace

struct PublicKey::Rep {
  bssl::UniquePtr<EVP_PKEY> key;
  std::string spki;
  absl::string_view bits;  // Within `spki`.
  KeyType type;
  int size;
};

PublicKey::PublicKey(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

// SubjectPublicKeyInfo ::= SEQUENCE {
//   algorithm         AlgorithmIdentifier,
//   subjectPublicKey  BIT STRING }
//
// As Go does, this reads what it knows and writes it anew: what follows the
// last known element of a SEQUENCE isn't part of the key and doesn't reach a
// certificate. For all but odd encodings the result is the input.
absl::StatusOr<PublicKey> PublicKey::FromSpki(absl::string_view spki_der) {
  CBS in = der::Cbs(spki_der);
  CBS spki, algorithm;
  absl::string_view algorithm_oid;
  if (!CBS_get_asn1(&in, &spki, CBS_ASN1_SEQUENCE)) {
    return Invalid("x509: malformed spki");
  }
  if (CBS_len(&in) != 0) return Invalid("x509: trailing data after spki");
  if (!CBS_get_asn1(&spki, &algorithm, CBS_ASN1_SEQUENCE) ||
      !der::GetOid(&algorithm, &algorithm_oid)) {
    return Invalid("x509: malformed public key algorithm identifier");
  }
  CBS parameters;
  CBS_init(&parameters, nullptr, 0);
  if (CBS_len(&algorithm) != 0 &&
      !CBS_get_any_asn1_element(&algorithm, &parameters, nullptr, nullptr)) {
    return Invalid("x509: malformed parameters");
  }
  der::Bits bits;
  if (!der::GetBits(&spki, &bits)) {
    return Invalid("x509: malformed subjectPublicKey");
  }
  std::string key_bits = bits.RightAligned();

  auto rep = std::make_shared<Rep>();
  const EVP_PKEY_ALG* evp_algorithm = nullptr;
  if (algorithm_oid == oid::kEcPublicKey.contents()) {
    CBS curve_element = parameters;
    absl::string_view curve_oid;
    if (!der::GetOid(&curve_element, &curve_oid)) {
      return Invalid("x509: invalid ECDSA parameters");
    }
    for (const Curve& curve : kCurves) {
      if (curve.oid->contents() == curve_oid) evp_algorithm = curve.algorithm();
    }
    if (evp_algorithm == nullptr) {
      return Invalid("x509: unsupported elliptic curve");
    }
    if (!key_bits.starts_with('\x04')) {
      return Invalid("ecdsa: invalid uncompressed public key");
    }
    rep->type = KeyType::kEcdsa;
  } else if (algorithm_oid == oid::kRsaEncryption.contents()) {
    if (der::View(parameters) != kNull) {
      return Invalid("x509: RSA key missing NULL parameters");
    }
    ABSL_ASSIGN_OR_RETURN(key_bits, CanonicalRsaKey(key_bits));
    evp_algorithm = EVP_pkey_rsa();
    rep->type = KeyType::kRsa;
  } else if (algorithm_oid == oid::kEd25519.contents()) {
    if (CBS_len(&parameters) != 0) {
      return Invalid("x509: Ed25519 key encoded with illegal parameters");
    }
    if (key_bits.size() != 32) {
      return Invalid("x509: wrong Ed25519 public key size");
    }
    evp_algorithm = EVP_pkey_ed25519();
    rep->type = KeyType::kEd25519;
  } else {
    return absl::UnimplementedError("x509: unknown public key algorithm");
  }

  rep->spki = EncodeSpki(algorithm_oid, der::View(parameters), key_bits);
  rep->bits =
      absl::string_view(rep->spki).substr(rep->spki.size() - key_bits.size());
  rep->key.reset(EVP_PKEY_from_subject_public_key_info(
      reinterpret_cast<const uint8_t*>(rep->spki.data()), rep->spki.size(),
      &evp_algorithm, 1));
  if (!rep->key) {
    return BoringSslError(absl::StatusCode::kInvalidArgument,
                          rep->type == KeyType::kRsa
                              ? "x509: invalid RSA public key"
                              : "x509: invalid public key");
  }
  rep->size = EVP_PKEY_bits(rep->key.get());
  if (rep->type == KeyType::kEd25519) rep->size = 256;
  if (rep->type == KeyType::kRsa) ABSL_RETURN_IF_ERROR(CheckRsaSize(rep->size));
  return PublicKey(std::move(rep));
}

KeyType PublicKey::type() const { return rep_->type; }
int PublicKey::bits() const { return rep_->size; }
const std::string& PublicKey::spki_der() const { return rep_->spki; }
absl::string_view PublicKey::key_bits() const { return rep_->bits; }
EVP_PKEY* PublicKey::evp() const { return rep_->key.get(); }

absl::Status PublicKey::Verify(SignatureAlgorithm algorithm,
                               absl::string_view message,
                               absl::string_view signature) const {
  const Scheme scheme = SchemeOf(algorithm);
  if (scheme.key_type != type()) return KeyMismatch(scheme.key_type, type());
  bssl::ScopedEVP_MD_CTX ctx;
  EVP_PKEY_CTX* pkey_ctx;
  if (!EVP_DigestVerifyInit(ctx.get(), &pkey_ctx, scheme.digest, nullptr,
                            evp()) ||
      (scheme.pss &&
       (!EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING) ||
        !EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, RSA_PSS_SALTLEN_DIGEST)))) {
    return BoringSslError(absl::StatusCode::kInternal, "verifying");
  }
  if (EVP_DigestVerify(
          ctx.get(), reinterpret_cast<const uint8_t*>(signature.data()),
          signature.size(), reinterpret_cast<const uint8_t*>(message.data()),
          message.size()) != 1) {
    return VerificationFailure(type());
  }
  return absl::OkStatus();
}

absl::StatusOr<PrivateKey> PrivateKey::FromPem(absl::string_view pem) {
  ABSL_ASSIGN_OR_RETURN(std::vector<PemBlock> blocks, ParsePem(pem));
  const absl::Cleanup wipe = [&blocks] {
    for (PemBlock& block : blocks) Wipe(block.der);
  };
  // As client-go's keyutil: the first key that parses counts. If there is none,
  // the first failure is the one to tell.
  absl::Status failure = Invalid(
      "data does not contain a valid RSA, ECDSA or Ed25519 private key");
  bool failed = false;
  for (const PemBlock& block : blocks) {
    bssl::UniquePtr<EVP_PKEY> key;
    absl::Status status;
    if (block.type == "ENCRYPTED PRIVATE KEY" ||
        (block.type.ends_with("PRIVATE KEY") && !block.headers.empty())) {
      status =
          absl::UnimplementedError("encrypted private keys cannot be read");
    } else if (block.type == "EC PRIVATE KEY") {
      key = ParseSec1(block.der);
    } else if (block.type == "RSA PRIVATE KEY") {
      key = ParsePkcs1(block.der);
    } else if (block.type == "PRIVATE KEY" ||
               block.type == "Ed25519 PRIVATE KEY") {  // SPEC E-15.
      key = ParsePkcs8(block.der);
    } else {
      continue;
    }
    if (key) {
      absl::StatusOr<PrivateKey> private_key = FromEvp(std::move(key));
      if (private_key.ok()) return private_key;
      status = private_key.status();
    } else if (status.ok()) {
      status = BoringSslError(absl::StatusCode::kInvalidArgument,
                              absl::StrCat("malformed ", block.type));
    }
    if (!failed) failure = std::move(status);
    failed = true;
  }
  return failure;
}

absl::StatusOr<PrivateKey> PrivateKey::FromEvp(bssl::UniquePtr<EVP_PKEY> key) {
  if (!key || !EVP_PKEY_has_private(key.get())) {
    return Invalid("not a private key");
  }
  bssl::ScopedCBB cbb;
  if (!CBB_init(cbb.get(), 1024) ||
      !EVP_marshal_public_key(cbb.get(), key.get())) {
    return BoringSslError(absl::StatusCode::kInvalidArgument,
                          "unsupported private key");
  }
  ABSL_ASSIGN_OR_RETURN(const std::string spki, der::Finish(cbb.get()));
  ABSL_ASSIGN_OR_RETURN(PublicKey public_key, PublicKey::FromSpki(spki));
  switch (public_key.type()) {
    case KeyType::kRsa:
      if (!RSA_check_key(EVP_PKEY_get0_RSA(key.get()))) {
        return BoringSslError(absl::StatusCode::kInvalidArgument,
                              "inconsistent RSA key");
      }
      break;
    case KeyType::kEcdsa: {
      EC_KEY* const ec = EVP_PKEY_get0_EC_KEY(key.get());
      if (!EC_KEY_check_key(ec)) {
        return BoringSslError(absl::StatusCode::kInvalidArgument,
                              "inconsistent EC key");
      }
      // Whatever it was read from, it is written with its public half.
      EC_KEY_set_enc_flags(ec, 0);
      EC_KEY_set_conv_form(ec, POINT_CONVERSION_UNCOMPRESSED);
      break;
    }
    case KeyType::kEd25519:
      break;  // The public half is computed, never read.
  }
  return PrivateKey(std::shared_ptr<EVP_PKEY>(std::move(key)),
                    std::move(public_key));
}

absl::StatusOr<PrivateKey> PrivateKey::Generate(KeyAlgorithm algorithm) {
  bssl::UniquePtr<EVP_PKEY> key;
  const auto generate = [&key](const EVP_PKEY_ALG* alg) {
    key.reset(EVP_PKEY_generate_from_alg(alg));
  };
  const auto generate_rsa = [&key](int bits) {
    bssl::UniquePtr<RSA> rsa(RSA_new());
    bssl::UniquePtr<BIGNUM> e(BN_new());
    key.reset(EVP_PKEY_new());
    if (!rsa || !e || !key || !BN_set_word(e.get(), RSA_F4) ||
        !RSA_generate_key_ex(rsa.get(), bits, e.get(), nullptr) ||
        !EVP_PKEY_set1_RSA(key.get(), rsa.get())) {
      key.reset();
    }
  };
  switch (algorithm) {
    case KeyAlgorithm::kEcdsaP256:
      generate(EVP_pkey_ec_p256());
      break;
    case KeyAlgorithm::kEcdsaP384:
      generate(EVP_pkey_ec_p384());
      break;
    case KeyAlgorithm::kEcdsaP521:
      generate(EVP_pkey_ec_p521());
      break;
    case KeyAlgorithm::kRsa2048:
      generate_rsa(2048);
      break;
    case KeyAlgorithm::kRsa3072:
      generate_rsa(3072);
      break;
    case KeyAlgorithm::kRsa4096:
      generate_rsa(4096);
      break;
    case KeyAlgorithm::kEd25519:
      generate(EVP_pkey_ed25519());
      break;
  }
  if (!key) {
    return BoringSslError(absl::StatusCode::kInternal, "making a key");
  }
  return FromEvp(std::move(key));
}

absl::StatusOr<Secret> PrivateKey::ToPem(Format format) const {
  const bool traditional = format == Format::kTraditional;
  absl::string_view type = "PRIVATE KEY";
  absl::StatusOr<Secret> der = absl::InternalError("");
  if (traditional && public_key_.type() == KeyType::kEcdsa) {
    type = "EC PRIVATE KEY";
    der = Marshalled([this](CBB* out) {
      return EC_KEY_marshal_private_key(out, EVP_PKEY_get0_EC_KEY(evp()), 0);
    });
  } else if (traditional && public_key_.type() == KeyType::kRsa) {
    type = "RSA PRIVATE KEY";
    der = Marshalled([this](CBB* out) {
      return RSA_marshal_private_key(out, EVP_PKEY_get0_RSA(evp()));
    });
  } else {
    der = Marshalled(
        [this](CBB* out) { return EVP_marshal_private_key(out, evp()); });
  }
  ABSL_RETURN_IF_ERROR(der.status());
  return Secret::FromString(EncodePem(type, der->Reveal()));
}

absl::StatusOr<std::string> PrivateKey::Sign(SignatureAlgorithm algorithm,
                                             absl::string_view message) const {
  const Scheme scheme = SchemeOf(algorithm);
  if (scheme.key_type != public_key_.type()) {
    return KeyMismatch(scheme.key_type, public_key_.type());
  }
  if (scheme.verify_only) {
    return Invalid(absl::StrCat("nothing is signed with ",
                                SignatureAlgorithmName(algorithm)));
  }
  bssl::ScopedEVP_MD_CTX ctx;
  std::string signature(static_cast<size_t>(EVP_PKEY_size(evp())), '\0');
  size_t size = signature.size();
  if (!EVP_DigestSignInit(ctx.get(), nullptr, scheme.digest, nullptr, evp()) ||
      !EVP_DigestSign(ctx.get(), reinterpret_cast<uint8_t*>(signature.data()),
                      &size, reinterpret_cast<const uint8_t*>(message.data()),
                      message.size())) {
    return BoringSslError(absl::StatusCode::kInternal, "signing");
  }
  signature.resize(size);
  return signature;
}

SignatureAlgorithm RequestSignatureAlgorithm(const PublicKey& key) {
  if (key.type() != KeyType::kRsa) return IssuerSignatureAlgorithm(key);
  if (key.bits() >= 4096) return SignatureAlgorithm::kRsaSha512;
  if (key.bits() >= 3072) return SignatureAlgorithm::kRsaSha384;
  return SignatureAlgorithm::kRsaSha256;
}

SignatureAlgorithm IssuerSignatureAlgorithm(const PublicKey& key) {
  switch (key.type()) {
    case KeyType::kRsa:
      return SignatureAlgorithm::kRsaSha256;
    case KeyType::kEd25519:
      return SignatureAlgorithm::kEd25519;
    case KeyType::kEcdsa:
      if (key.bits() > 384) return SignatureAlgorithm::kEcdsaSha512;
      if (key.bits() > 256) return SignatureAlgorithm::kEcdsaSha384;
      return SignatureAlgorithm::kEcdsaSha256;
  }
  return SignatureAlgorithm::kEcdsaSha256;
}

}  // namespace signet::pki
