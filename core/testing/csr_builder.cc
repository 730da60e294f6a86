#include "core/testing/csr_builder.h"

#include <string>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "core/api/certificates.pb.h"
#include "core/pki/certificate_request.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"

namespace signet::testing {

const pki::PrivateKey& TestKey() {
  static const pki::PrivateKey* const key = [] {
    absl::StatusOr<pki::PrivateKey> made =
        pki::PrivateKey::Generate(pki::KeyAlgorithm::kEcdsaP256);
    CHECK_OK(made.status());
    return new pki::PrivateKey(*std::move(made));
  }();
  return *key;
}

std::string MakeRequestPem(const pki::DistinguishedName& subject,
                           const pki::SubjectAltNames& sans) {
  const absl::StatusOr<std::string> der =
      pki::CertificateRequest::Build(subject, sans, TestKey());
  CHECK_OK(der.status());
  return pki::EncodePem("CERTIFICATE REQUEST", *der);
}

std::string SpoilSignature(const std::string& request_pem) {
  const absl::StatusOr<pki::PemBlock> block = pki::ParseFirstPem(request_pem);
  CHECK_OK(block.status());
  std::string der = block->der;
  der.back() ^= 1;  // The last bit of the signature's last number.
  return pki::EncodePem(block->type, der);
}

api::CertificateSigningRequest MakeCsr(const CsrFields& fields) {
  api::CertificateSigningRequest csr;
  csr.mutable_metadata()->set_name(fields.name);
  csr.mutable_metadata()->set_uid("uid-of-" + fields.name);
  api::CertificateSigningRequestSpec& spec = *csr.mutable_spec();
  spec.set_request(fields.request_pem
                       ? *fields.request_pem
                       : MakeRequestPem(fields.subject, fields.sans));
  spec.set_signer_name(fields.signer_name);
  spec.set_username(fields.username);
  spec.mutable_usages()->Assign(fields.usages.begin(), fields.usages.end());
  spec.mutable_groups()->Assign(fields.groups.begin(), fields.groups.end());
  if (fields.expiration_seconds) {
    spec.set_expiration_seconds(*fields.expiration_seconds);
  }
  for (const std::string& type : fields.conditions) {
    api::CertificateSigningRequestCondition& condition =
        *csr.mutable_status()->add_conditions();
    condition.set_type(type);
    condition.set_status("True");
  }
  return csr;
}

}  // namespace signet::testing
