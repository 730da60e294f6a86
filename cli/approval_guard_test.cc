#include "cli/approval_guard.h"

#include <string>
#include <vector>

#include "core/api/certificates.pb.h"
#include "core/pki/certificate_template.h"
#include "core/pki/ip_address.h"
#include "core/pki/name.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/subject_alt_name.h"
#include "core/testing/fake_key_generator.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

api::CertificateSigningRequest Csr(const pki::RequestTemplate& request,
                                   const std::vector<std::string>& usages) {
  const pki::PrivateKey key =
      *testing::FakeKeyGenerator::Key(pki::KeyAlgorithm::kEcdsaP256, 1);
  api::CertificateSigningRequest csr;
  csr.mutable_metadata()->set_name("c");
  csr.mutable_spec()->set_username("jane");
  csr.mutable_spec()->set_signer_name("example.com/serving");
  csr.mutable_spec()->set_request(pki::EncodePem(
      "CERTIFICATE REQUEST", *pki::SignRequestTemplate(request, key)));
  for (const std::string& usage : usages) csr.mutable_spec()->add_usages(usage);
  return csr;
}

TEST(ApprovalGuardTest, AnOrdinaryRequestIsNoDanger) {
  pki::RequestTemplate request;
  request.subject.common_name = "system:node:n1";
  request.subject.organization = {"system:nodes"};
  request.subject_alt_names.dns_names = {"kubernetes.example.com",
                                         "my-svc.my-namespace.svc"};
  EXPECT_THAT(DangersOf(Csr(request, {"server auth"}), {"api.example.com"}),
              IsEmpty());
}

TEST(ApprovalGuardTest, EachDangerIsNamed) {
  pki::RequestTemplate masters;
  masters.subject.organization = {"dev", "system:masters"};
  EXPECT_THAT(DangersOf(Csr(masters, {"client auth"}), {}),
              ElementsAre(HasSubstr("system:masters")));
  pki::RequestTemplate ca;
  ca.subject.common_name = "x";
  ca.extensions = {pki::CaRequestExtension(std::nullopt)};
  EXPECT_THAT(DangersOf(Csr(ca, {"cert sign"}), {}),
              ElementsAre(HasSubstr("cert sign"), HasSubstr("to be a CA")));
  EXPECT_THAT(DangersOf(Csr({}, {"any"}), {}),
              ElementsAre(HasSubstr("good for anything")));
  api::CertificateSigningRequest broken;
  broken.mutable_spec()->set_request("junk");
  EXPECT_THAT(DangersOf(broken, {}), ElementsAre(HasSubstr("cannot be read")));
}

TEST(ApprovalGuardTest, NamesOfTheApiServerAreADanger) {
  for (const char* name :
       {"kubernetes", "Kubernetes.Default", "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local", "*.default.svc",
        "*.svc.cluster.local", "API.example.com", "kubernetes.default.svc."}) {
    pki::RequestTemplate request;
    request.subject_alt_names.dns_names = {name};
    EXPECT_THAT(DangersOf(Csr(request, {"server auth"}), {"api.example.com"}),
                SizeIs(1))
        << name;
  }
  pki::RequestTemplate request;
  request.subject_alt_names.ip_addresses = {*pki::IpAddress::Parse("10.0.0.1"),
                                            *pki::IpAddress::Parse("10.0.0.2")};
  EXPECT_THAT(DangersOf(Csr(request, {"server auth"}), {"10.0.0.2"}),
              ElementsAre(HasSubstr("10.0.0.2")));
}

TEST(ApprovalGuardTest, ThePreviewSaysWhoAsksWhomForWhat) {
  pki::RequestTemplate request;
  request.subject.common_name = "x";
  request.subject_alt_names.dns_names = {"a.b"};
  EXPECT_EQ(PreviewOf(Csr(request, {"server auth"})),
            "c: jane asks example.com/serving for subject CN=x, names DNS a.b, "
            "usages server auth");
}

}  // namespace
}  // namespace signet::cli
