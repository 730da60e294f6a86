#ifndef SIGNET_CORE_TESTING_CSR_BUILDER_H_
#define SIGNET_CORE_TESTING_CSR_BUILDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/api/certificates.pb.h"
#include "core/pki/name.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"

namespace signet::testing {

// What a test says of a CertificateSigningRequest. As it stands here it is a
// kubelet's on its first start: node "node-a" asks with a bootstrap token.
struct CsrFields {
  std::string name = "csr-1";
  pki::DistinguishedName subject = {.organization = {"system:nodes"},
                                    .common_name = "system:node:node-a"};
  pki::SubjectAltNames sans;
  std::vector<std::string> usages = {"digital signature", "client auth"};
  std::string signer_name = "kubernetes.io/kube-apiserver-client-kubelet";
  std::string username = "system:bootstrap:abcdef";
  std::vector<std::string> groups = {"system:bootstrappers",
                                     "system:authenticated"};
  std::optional<int32_t> expiration_seconds;
  // Condition types to add, each with status True.
  std::vector<std::string> conditions;
  // In the place of the request made from subject and SANs.
  std::optional<std::string> request_pem;
};

// Makes the object, its request signed by TestKey.
api::CertificateSigningRequest MakeCsr(const CsrFields& fields = {});

// Makes only the PKCS #10 message, in PEM, signed by TestKey.
std::string MakeRequestPem(const pki::DistinguishedName& subject,
                           const pki::SubjectAltNames& sans = {});

// `request_pem` with another signature than its key's.
std::string SpoilSignature(const std::string& request_pem);

// A P-256 key, made once for each process.
const pki::PrivateKey& TestKey();

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_CSR_BUILDER_H_
