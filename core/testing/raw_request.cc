#include "core/testing/raw_request.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "core/pki/pem.h"
#include "core/testing/csr_builder.h"
#include "openssl/base.h"
#include "openssl/bn.h"
#include "openssl/bytestring.h"
#include "openssl/digest.h"
#include "openssl/ec.h"
#include "openssl/ec_key.h"
#include "openssl/evp.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/rsa.h"

namespace signet::testing {
namespace {

constexpr absl::string_view kSubjectAltName = "2.5.29.17";
constexpr absl::string_view kExtensionRequest = "1.2.840.113549.1.9.14";
constexpr CBS_ASN1_TAG kAttributes =
    CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;

// Tests may stop dead where memory runs out.
void Must(int ok) { CHECK(ok); }

void AddBytes(CBB* out, absl::string_view bytes) {
  Must(CBB_add_bytes(out, reinterpret_cast<const uint8_t*>(bytes.data()),
                     bytes.size()));
}

void AddOid(CBB* out, absl::string_view dotted) {
  CBB oid;
  Must(CBB_add_asn1(out, &oid, CBS_ASN1_OBJECT));
  Must(CBB_add_asn1_oid_from_text(&oid, dotted.data(), dotted.size()));
  Must(CBB_flush(out));
}

std::string Finish(CBB* cbb) {
  uint8_t* bytes = nullptr;
  size_t size = 0;
  Must(CBB_finish(cbb, &bytes, &size));
  std::string result(reinterpret_cast<const char*>(bytes), size);
  OPENSSL_free(bytes);
  return result;
}

EVP_PKEY* MakeKey(RawKey kind) {
  EVP_PKEY* const key = EVP_PKEY_new();
  if (kind == RawKey::kRsa1024) {
    RSA* const rsa = RSA_new();
    const bssl::UniquePtr<BIGNUM> e(BN_new());
    Must(BN_set_word(e.get(), RSA_F4));
    Must(RSA_generate_key_ex(rsa, 1024, e.get(), nullptr));
    Must(EVP_PKEY_assign_RSA(key, rsa));
  } else {
    EC_KEY* const ec = EC_KEY_new_by_curve_name(NID_secp224r1);
    Must(EC_KEY_generate_key(ec));
    Must(EVP_PKEY_assign_EC_KEY(key, ec));
  }
  return key;
}

// Made once for each process, and never freed.
EVP_PKEY* KeyFor(RawKey kind) {
  if (kind == RawKey::kP256) return TestKey().evp();
  if (kind == RawKey::kRsa1024) {
    static EVP_PKEY* const rsa = MakeKey(kind);
    return rsa;
  }
  static EVP_PKEY* const p224 = MakeKey(kind);
  return p224;
}

void AddSubject(CBB* out, const std::vector<RawAttribute>& attributes) {
  CBB subject;
  Must(CBB_add_asn1(out, &subject, CBS_ASN1_SEQUENCE));
  for (const RawAttribute& attribute : attributes) {
    CBB set, sequence, value;
    Must(CBB_add_asn1(&subject, &set, CBS_ASN1_SET));
    Must(CBB_add_asn1(&set, &sequence, CBS_ASN1_SEQUENCE));
    AddOid(&sequence, attribute.oid);
    Must(CBB_add_asn1(&sequence, &value, attribute.tag));
    AddBytes(&value, attribute.value);
    Must(CBB_flush(&subject));
  }
  Must(CBB_flush(out));
}

void AddExtensions(CBB* out, const std::vector<RawExtension>& extensions) {
  CBB attribute, values, list;
  Must(CBB_add_asn1(out, &attribute, CBS_ASN1_SEQUENCE));
  AddOid(&attribute, kExtensionRequest);
  Must(CBB_add_asn1(&attribute, &values, CBS_ASN1_SET));
  Must(CBB_add_asn1(&values, &list, CBS_ASN1_SEQUENCE));
  for (const RawExtension& extension : extensions) {
    CBB sequence, value;
    Must(CBB_add_asn1(&list, &sequence, CBS_ASN1_SEQUENCE));
    AddOid(&sequence, extension.oid);
    if (extension.critical) Must(CBB_add_asn1_bool(&sequence, 1));
    Must(CBB_add_asn1(&sequence, &value, CBS_ASN1_OCTETSTRING));
    AddBytes(&value, extension.value);
    Must(CBB_flush(&list));
  }
  Must(CBB_flush(out));
}

void AddSignatureAlgorithm(CBB* out, RawKey key, bool sha1) {
  const bool rsa = key == RawKey::kRsa1024;
  CBB sequence, null;
  Must(CBB_add_asn1(out, &sequence, CBS_ASN1_SEQUENCE));
  if (rsa) {
    AddOid(&sequence, sha1 ? "1.2.840.113549.1.1.5" : "1.2.840.113549.1.1.11");
    Must(CBB_add_asn1(&sequence, &null, CBS_ASN1_NULL));
  } else {
    AddOid(&sequence, sha1 ? "1.2.840.10045.4.1" : "1.2.840.10045.4.3.2");
  }
  Must(CBB_flush(out));
}

std::string Sign(EVP_PKEY* key, bool sha1, absl::string_view message) {
  bssl::ScopedEVP_MD_CTX ctx;
  std::string signature(static_cast<size_t>(EVP_PKEY_size(key)), '\0');
  size_t size = signature.size();
  Must(EVP_DigestSignInit(ctx.get(), nullptr, sha1 ? EVP_sha1() : EVP_sha256(),
                          nullptr, key));
  Must(EVP_DigestSign(ctx.get(), reinterpret_cast<uint8_t*>(signature.data()),
                      &size, reinterpret_cast<const uint8_t*>(message.data()),
                      message.size()));
  signature.resize(size);
  return signature;
}

}  // namespace

std::string EncodeRawNames(const std::vector<RawName>& names) {
  bssl::ScopedCBB cbb;
  CBB list;
  Must(CBB_init(cbb.get(), 64));
  Must(CBB_add_asn1(cbb.get(), &list, CBS_ASN1_SEQUENCE));
  for (const RawName& name : names) {
    CBB value;
    Must(CBB_add_asn1(&list, &value, name.tag));
    AddBytes(&value, name.value);
    Must(CBB_flush(&list));
  }
  return Finish(cbb.get());
}

std::string MakeRawRequestPem(const RawRequest& request) {
  EVP_PKEY* const key = KeyFor(request.key);
  std::vector<RawExtension> extensions;
  if (!request.names.empty()) {
    extensions.push_back(
        {std::string(kSubjectAltName), EncodeRawNames(request.names)});
  }
  extensions.insert(extensions.end(), request.extensions.begin(),
                    request.extensions.end());

  bssl::ScopedCBB info_cbb;
  CBB info, attributes;
  Must(CBB_init(info_cbb.get(), 512));
  Must(CBB_add_asn1(info_cbb.get(), &info, CBS_ASN1_SEQUENCE));
  Must(CBB_add_asn1_uint64(&info, 0));
  AddSubject(&info, request.subject);
  Must(EVP_marshal_public_key(&info, key));
  Must(CBB_add_asn1(&info, &attributes, kAttributes));
  if (!extensions.empty()) AddExtensions(&attributes, extensions);
  const std::string signed_part = Finish(info_cbb.get());

  bssl::ScopedCBB cbb;
  CBB sequence, bits;
  Must(CBB_init(cbb.get(), 1024));
  Must(CBB_add_asn1(cbb.get(), &sequence, CBS_ASN1_SEQUENCE));
  AddBytes(&sequence, signed_part);
  AddSignatureAlgorithm(&sequence, request.key, request.sha1);
  Must(CBB_add_asn1(&sequence, &bits, CBS_ASN1_BITSTRING));
  Must(CBB_add_u8(&bits, 0));
  AddBytes(&bits, Sign(key, request.sha1, signed_part));
  return pki::EncodePem("CERTIFICATE REQUEST", Finish(cbb.get()));
}

}  // namespace signet::testing
