// The certificates that our signer issues are those of kube-controller-manager:
// both sign the same requests on the same API server with the same CA, one
// after the other, and the results are compared field by field (SPEC C-1 to
// C-17). Then three other libraries are asked what they think of ours.

#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/base/go_duration.h"
#include "core/k8s/reflector.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/pki/validity.h"
#include "core/sys/boring_rng.h"
#include "core/testing/csr_builder.h"
#include "e2e/certificate_verifiers.h"
#include "e2e/e2e_test.h"
#include "e2e/etcd.h"
#include "e2e/native_provider.h"
#include "e2e/openssl.h"
#include "e2e/process.h"
#include "e2e/signer_parity_cases.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "openssl/bytestring.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::signet::api::CertificateSigningRequest;
using Outcome = ParityCase::Outcome;

// A CA to sign with, and what both signers are told of it.
struct SigningSetup {
  std::string name;
  std::string certificate_file;
  std::string key_file;
  absl::Duration duration = absl::Hours(8760);
};

std::string Hex(const CBS& bytes) {
  return absl::BytesToHexString(
      {reinterpret_cast<const char*>(CBS_data(&bytes)), CBS_len(&bytes)});
}

// The fields of a TBSCertificate by name, each as DER in hexadecimal; without
// serial number and validity, which may differ.
using Fields = std::vector<std::pair<std::string, std::string>>;
absl::StatusOr<Fields> TbsFields(const pki::Certificate& certificate) {
  const absl::string_view raw = certificate.raw_tbs();
  CBS outer, tbs;
  CBS_init(&outer, reinterpret_cast<const uint8_t*>(raw.data()), raw.size());
  if (!CBS_get_asn1(&outer, &tbs, CBS_ASN1_SEQUENCE)) {
    return absl::InvalidArgumentError("no TBSCertificate");
  }
  Fields fields;
  for (const absl::string_view name :
       {"version", "serial number", "signature algorithm", "issuer", "validity",
        "subject", "subject public key", "extensions"}) {
    CBS element;
    CBS_ASN1_TAG tag;
    size_t header = 0;
    if (!CBS_get_any_asn1_element(&tbs, &element, &tag, &header)) {
      if (name == "extensions") break;
      return absl::InvalidArgumentError(absl::StrCat("no ", name));
    }
    if (name == "serial number" || name == "validity") continue;
    fields.push_back({std::string(name), Hex(element)});
  }
  fields.push_back({"rest", Hex(tbs)});
  for (const auto& [oid, critical] : certificate.extensions()) {
    fields.push_back({absl::StrCat("extension ", oid),
                      critical ? "critical" : "not critical"});
  }
  fields.push_back(
      {"outer signature algorithm",
       absl::StrCat(static_cast<int>(certificate.signature_algorithm()))});
  return fields;
}

// What became of a request, without what may differ.
std::string Conditions(const CertificateSigningRequest& csr) {
  std::string result;
  for (const auto& condition : csr.status().conditions()) {
    absl::StrAppend(&result, condition.type(), "=", condition.status(), " ",
                    condition.reason(), ": ", condition.message(),
                    condition.has_last_update_time() ? "; at a time\n" : "\n");
  }
  return result;
}

// IssueTimes watches when requests get their certificates.
class IssueTimes {
 public:
  explicit IssueTimes(k8s::ResourceApi<CertificateSigningRequest>& csrs)
      : reflector_(csrs, absl::Clock::GetRealClock(), rng_,
                   k8s::ReflectorOptions(), Handler()),
        thread_([this] { reflector_.Run(); }) {}
  ~IssueTimes() {
    reflector_.Stop();
    thread_.join();
  }

  // When `name` was first seen with its certificate.
  absl::Time Of(const std::string& name) {
    absl::MutexLock lock(mutex_);
    const auto found = times_.find(name);
    return found == times_.end() ? absl::InfinitePast() : found->second;
  }

 private:
  k8s::ReflectorHandler<CertificateSigningRequest> Handler() {
    k8s::ReflectorHandler<CertificateSigningRequest> handler;
    handler.on_upsert = [this](const CertificateSigningRequest& csr) {
      if (csr.status().certificate().empty()) return;
      const absl::Time now = absl::Clock::GetRealClock().TimeNow();
      absl::MutexLock lock(mutex_);
      times_.try_emplace(csr.metadata().name(), now);
    };
    return handler;
  }

  sys::BoringRng rng_;
  absl::Mutex mutex_;
  std::map<std::string, absl::Time> times_ ABSL_GUARDED_BY(mutex_);
  k8s::Reflector<CertificateSigningRequest> reflector_;
  std::thread thread_;
};

// A request as a signer left it.
struct Signed {
  CertificateSigningRequest csr;
  absl::Time approved;  // Just before.
  absl::Time issued;    // Just after.
};

class SignerParityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = TestDirectory();
    ASSERT_THAT(cluster_.Start(directory_), IsOk());
    absl::StatusOr<std::unique_ptr<Testbed>> testbed =
        Testbed::Create(cluster_, directory_);
    ASSERT_THAT(testbed.status(), IsOk());
    testbed_ = *std::move(testbed);
    openssl_.emplace(directory_);
  }
  void TearDown() override {
    if (testbed_ != nullptr) ReportFailure(*testbed_);
  }

  std::unique_ptr<k8s::ResourceApi<CertificateSigningRequest>> Csrs() {
    return testbed_->admin().Api<CertificateSigningRequest>();
  }

  // Makes each case's PKCS #10 message.
  absl::StatusOr<std::vector<std::string>> MakeRequests(
      const std::vector<ParityCase>& cases) {
    std::vector<std::string> result;
    for (const ParityCase& c : cases) {
      if (c.request_pem) {
        result.push_back(*c.request_pem);
        continue;
      }
      ABSL_ASSIGN_OR_RETURN(std::string pem, openssl_->Request(c.request));
      if (c.spoilt) pem = testing::SpoilSignature(pem);
      result.push_back(std::move(pem));
    }
    return result;
  }

  // Creates `c` as an approved request.
  absl::Status Create(const ParityCase& c, const std::string& request,
                      const std::string& name) {
    CertificateSigningRequest csr;
    csr.mutable_metadata()->set_name(name);
    csr.mutable_spec()->set_request(request);
    csr.mutable_spec()->set_signer_name(c.signer_name);
    for (const std::string& usage : c.usages) {
      csr.mutable_spec()->add_usages(usage);
    }
    if (c.expiration_seconds) {
      csr.mutable_spec()->set_expiration_seconds(*c.expiration_seconds);
    }
    const api::Time now =
        api::FromAbslTime(absl::Clock::GetRealClock().TimeNow());
    const auto add_condition = [&csr, now](const std::string& type,
                                           const std::string& status) {
      auto& condition = *csr.mutable_status()->add_conditions();
      condition.set_type(type);
      condition.set_status(status);
      condition.set_reason("ParityTest");
      *condition.mutable_last_update_time() = now;
      *condition.mutable_last_transition_time() = now;
    };
    if (c.stored) {
      csr.mutable_spec()->set_username("parity");
      add_condition("Approved", "True");
      for (const std::string& condition : c.conditions) {
        const std::vector<std::string> parts = absl::StrSplit(condition, '=');
        add_condition(parts[0], parts[1]);
      }
      return StoreInEtcd(cluster_, csr);
    }
    ABSL_ASSIGN_OR_RETURN(csr, Csrs()->Create(csr));
    add_condition("Approved", "True");
    return Csrs()->UpdateSubresource("approval", csr).status();
  }

  absl::StatusOr<std::unique_ptr<Process>> StartTheirs(
      const SigningSetup& setup) {
    ABSL_ASSIGN_OR_RETURN(const std::string program,
                          cluster_.Binary("kube-controller-manager"));
    ABSL_ASSIGN_OR_RETURN(const std::vector<int> ports, FreePorts(1));
    const std::string kubeconfig = cluster_.AdminKubeconfig();
    return Process::Start(
        {.name = "kube-controller-manager",
         .argv = {program, "--kubeconfig=" + kubeconfig,
                  "--authentication-kubeconfig=" + kubeconfig,
                  "--authorization-kubeconfig=" + kubeconfig,
                  "--bind-address=127.0.0.1",
                  absl::StrCat("--secure-port=", ports[0]),
                  absl::StrCat("--cert-dir=", directory_),
                  "--leader-elect=false",
                  "--controllers=certificatesigningrequest-signing-controller",
                  "--kube-api-qps=500", "--kube-api-burst=500",
                  "--cluster-signing-cert-file=" + setup.certificate_file,
                  "--cluster-signing-key-file=" + setup.key_file,
                  "--cluster-signing-duration=" +
                      FormatGoDuration(setup.duration)},
         .environment = {},
         .log_path = absl::StrCat(directory_, "/theirs-", setup.name, ".log")});
  }

  absl::StatusOr<std::unique_ptr<Process>> StartOurs(
      const SigningSetup& setup) {
    ABSL_ASSIGN_OR_RETURN(const std::string program,
                          Runfile("signer_service/signet-signer"));
    return Process::Start(
        {.name = "signet-signer",
         .argv = {program, "--kubeconfig=" + cluster_.SignerKubeconfig(),
                  "--health-address=127.0.0.1:0",
                  "--cluster-signing-cert-file=" + setup.certificate_file,
                  "--cluster-signing-key-file=" + setup.key_file,
                  "--cluster-signing-duration=" +
                      FormatGoDuration(setup.duration)},
         .environment = {},
         .log_path = absl::StrCat(directory_, "/ours-", setup.name, ".log")});
  }

  // Whether a signer has done with `c`: by the object, or by its log.
  static bool IsDone(const ParityCase& c, const CertificateSigningRequest& csr,
                     absl::string_view log) {
    switch (c.outcome) {
      case Outcome::kIssued:
        return !csr.status().certificate().empty();
      case Outcome::kFailed:
        return csr.status().conditions_size() > 1 ||
               !csr.status().certificate().empty();
      case Outcome::kError:
        for (const absl::string_view line : absl::StrSplit(log, '\n')) {
          if (absl::StrContains(line, csr.metadata().name()) &&
              absl::StrContains(line, c.message)) {
            return true;
          }
        }
        return false;
      case Outcome::kIgnored:
        return true;
    }
    return false;
  }

  // Lets one signer work on `cases`; returns the objects as it leaves them.
  absl::StatusOr<std::vector<Signed>> Sign(
      const std::vector<ParityCase>& cases,
      const std::vector<std::string>& requests, const std::string& side,
      absl::StatusOr<std::unique_ptr<Process>> signer) {
    ABSL_RETURN_IF_ERROR(signer.status());
    std::map<std::string, size_t> index;
    std::vector<Signed> result(cases.size());
    const auto watched = Csrs();
    IssueTimes times(*watched);
    for (size_t i = 0; i < cases.size(); ++i) {
      const std::string name = absl::StrFormat("parity-%s-%03d", side, i);
      result[i].approved = absl::Clock::GetRealClock().TimeNow();
      ABSL_RETURN_IF_ERROR(Create(cases[i], requests[i], name))
          << cases[i].title;
      index[name] = i;
    }
    const absl::Status done = Eventually(absl::Seconds(90), [&] {
      ABSL_ASSIGN_OR_RETURN(auto list, Csrs()->List({}));
      const std::string log = (*signer)->Log();
      size_t count = 0;
      std::string missing;
      for (CertificateSigningRequest& csr : list.items) {
        const auto found = index.find(csr.metadata().name());
        if (found == index.end()) continue;
        const ParityCase& c = cases[found->second];
        if (IsDone(c, csr, log)) {
          ++count;
        } else {
          absl::StrAppend(&missing, "\n", csr.metadata().name(), ", ", c.title);
        }
        result[found->second].csr = std::move(csr);
      }
      return count == cases.size()
                 ? absl::OkStatus()
                 : absl::DeadlineExceededError(absl::StrCat(
                       side, " is not done with these requests:", missing));
    });
    if (!done.ok()) return done;
    (*signer)->Terminate();
    for (const auto& [name, i] : index) {
      result[i].issued = times.Of(name);
      ABSL_RETURN_IF_ERROR(Csrs()->Delete("", name));
    }
    return result;
  }

  static void ExpectBackdated(const Signed& request,
                              const pki::Certificate& certificate) {
    const absl::Time issue =
        certificate.validity().not_before + absl::Minutes(5);
    EXPECT_GT(issue, request.approved - absl::Seconds(1));
    EXPECT_LE(issue, request.issued);
  }

  // Compares one certificate with the other.
  void ExpectSame(const Signed& theirs, const Signed& ours,
                  const SigningSetup& setup, const pki::Certificate& ca) {
    const std::string& want_pem = theirs.csr.status().certificate();
    const std::string& got_pem = ours.csr.status().certificate();
    const absl::StatusOr<pki::Certificate> want = CertificateIn(want_pem);
    const absl::StatusOr<pki::Certificate> got = CertificateIn(got_pem);
    ASSERT_THAT(want.status(), IsOk());
    ASSERT_THAT(got.status(), IsOk());
    // SPEC C-17: one block and nothing else.
    EXPECT_EQ(want_pem, want->ToPem());
    EXPECT_EQ(got_pem, got->ToPem());

    const absl::StatusOr<Fields> want_fields = TbsFields(*want);
    const absl::StatusOr<Fields> got_fields = TbsFields(*got);
    ASSERT_THAT(want_fields.status(), IsOk());
    ASSERT_THAT(got_fields.status(), IsOk());
    EXPECT_EQ(*got_fields, *want_fields);

    // SPEC C-6.
    EXPECT_NE(got->serial_number(), want->serial_number());
    EXPECT_GE(got->serial_number().size(), 12u);
    EXPECT_LE(got->serial_number().size(), 17u);

    // SPEC C-7 to C-9. They were issued at different times: each begins five
    // minutes before its issue, in whole seconds, and their lives are the same.
    ExpectBackdated(theirs, *want);
    ExpectBackdated(ours, *got);
    const absl::Duration want_life =
        want->validity().not_after - want->validity().not_before;
    const absl::Duration got_life =
        got->validity().not_after - got->validity().not_before;
    if (want->validity().not_after == ca.validity().not_after) {
      EXPECT_EQ(got->validity().not_after, ca.validity().not_after);
    } else if (setup.duration % absl::Seconds(1) == absl::ZeroDuration()) {
      EXPECT_EQ(got_life, want_life);
    } else {  // Both ends are rounded down.
      EXPECT_LE(absl::AbsDuration(got_life - want_life), absl::Seconds(1));
    }
    EXPECT_THAT(got->CheckSignatureFrom(ca), IsOk());
  }

  // Signs `cases` with both and compares.
  void Compare(const SigningSetup& setup,
               const std::vector<ParityCase>& cases) {
    SCOPED_TRACE(setup.name);
    const absl::StatusOr<pki::Certificate> ca =
        CertificateInFile(setup.certificate_file);
    ASSERT_THAT(ca.status(), IsOk());
    const absl::StatusOr<std::vector<std::string>> requests =
        MakeRequests(cases);
    ASSERT_THAT(requests.status(), IsOk());
    const auto theirs = Sign(cases, *requests, "theirs", StartTheirs(setup));
    ASSERT_THAT(theirs.status(), IsOk());
    const auto ours = Sign(cases, *requests, "ours", StartOurs(setup));
    ASSERT_THAT(ours.status(), IsOk());
    for (size_t i = 0; i < cases.size(); ++i) {
      SCOPED_TRACE(cases[i].title);
      const CertificateSigningRequest& their_csr = (*theirs)[i].csr;
      const CertificateSigningRequest& our_csr = (*ours)[i].csr;
      EXPECT_EQ(Conditions(our_csr), Conditions(their_csr));
      const bool issued = cases[i].outcome == Outcome::kIssued;
      ASSERT_EQ(their_csr.status().certificate().empty(), !issued);
      ASSERT_EQ(our_csr.status().certificate().empty(), !issued);
      if (issued) {
        ExpectSame((*theirs)[i], (*ours)[i], setup, *ca);
        issued_.push_back(our_csr.status().certificate());
        ++compared_;
      } else if (cases[i].outcome == Outcome::kFailed) {
        EXPECT_THAT(
            Conditions(our_csr),
            ::testing::HasSubstr("Failed=True SignerValidationFailure: " +
                                 cases[i].message + "; at a time\n"));
        ++failed_;
      } else {
        ++left_alone_;
      }
    }
  }

  // A CA of our making, with a choice of everything.
  absl::StatusOr<SigningSetup> MakeCa(const std::string& name,
                                      const std::string& key,
                                      const pki::Validity& validity,
                                      bool with_key_id) {
    SigningSetup setup;
    setup.name = name;
    ABSL_ASSIGN_OR_RETURN(setup.key_file, openssl_->KeyFile(key));
    ABSL_ASSIGN_OR_RETURN(const std::string key_pem, ReadFile(setup.key_file));
    ABSL_ASSIGN_OR_RETURN(const pki::PrivateKey private_key,
                          pki::PrivateKey::FromPem(key_pem));
    pki::TbsCertificate tbs;
    tbs.serial_number = "serial";
    tbs.subject.common_name = "parity CA";
    tbs.validity = validity;
    tbs.spki_der = private_key.public_key().spki_der();
    tbs.usages.key_usage = pki::kCertSign | pki::kCrlSign;
    tbs.is_ca = true;
    if (with_key_id) tbs.subject_key_id = pki::KeyId(private_key.public_key());
    ABSL_ASSIGN_OR_RETURN(
        const std::string der,
        pki::CertificateAuthority::SelfSign(tbs, private_key));
    setup.certificate_file = absl::StrCat(directory_, "/", name, ".crt");
    ABSL_RETURN_IF_ERROR(
        WriteFile(setup.certificate_file, pki::EncodePem("CERTIFICATE", der)));
    return setup;
  }

  // SPEC C-2, C-3: what kube-controller-manager issues verifies, for its
  // purpose and for no other, by three libraries.
  void ExpectVerified(const std::string& ca_file) {
    std::vector<std::string> files;
    for (size_t i = 0; i < issued_.size(); ++i) {
      files.push_back(absl::StrCat(directory_, "/issued-", i, ".crt"));
      ASSERT_THAT(WriteFile(files.back(), issued_[i]), IsOk());
    }
    const std::pair<const char*, absl::StatusOr<std::vector<Purposes>>>
        kVerdicts[] = {
            {"openssl", VerifyWithOpenSsl(ca_file, files)},
            {"Go's crypto/x509", VerifyWithGo(directory_, ca_file, files)},
            {"BoringSSL", VerifyWithBoringSsl(ca_file, files)},
        };
    for (const auto& [library, verdicts] : kVerdicts) {
      SCOPED_TRACE(library);
      ASSERT_THAT(verdicts.status(), IsOk());
      ASSERT_EQ(verdicts->size(), issued_.size());
      int right = 0, wrong = 0, purposes = 0;
      for (size_t i = 0; i < issued_.size(); ++i) {
        SCOPED_TRACE(files[i]);
        const absl::StatusOr<pki::Certificate> certificate =
            CertificateIn(issued_[i]);
        ASSERT_THAT(certificate.status(), IsOk());
        const ExpectedPurposes expected = Expected(*certificate);
        const Purposes& verdict = (*verdicts)[i];
        EXPECT_TRUE(verdict.any);
        if (expected.unsure) continue;
        EXPECT_EQ(verdict, expected.purposes);
        ++purposes;
        right += verdict.client + verdict.server;
        wrong += !verdict.client + !verdict.server;
      }
      std::cout << library << " verified " << issued_.size()
                << " certificates, " << purposes
                << " of them for purposes: " << right
                << " times accepted for the right one, " << wrong
                << " times refused for the wrong one\n";
    }
  }

  NativeProvider cluster_;
  std::string directory_;
  std::unique_ptr<Testbed> testbed_;
  std::optional<OpenSsl> openssl_;
  std::vector<std::string> issued_;  // Ours, in PEM.
  int compared_ = 0;
  int failed_ = 0;
  int left_alone_ = 0;
};

TEST_F(SignerParityTest, C1ToC17SignsWhatKubeControllerManagerSigns) {
  const SigningSetup setup = {.name = "cluster-ca",
                              .certificate_file = cluster_.CaCertificateFile(),
                              .key_file = cluster_.CaKeyFile()};
  Compare(setup, ParityCases());
  if (HasFatalFailure()) return;
  std::cout << "compared " << compared_ << " certificates field by field, "
            << failed_ << " failures and " << left_alone_
            << " requests that neither signs\n";
  EXPECT_GE(compared_, 150);
  ExpectVerified(setup.certificate_file);
}

TEST_F(SignerParityTest, C9ToC12SignsTheSameWithOtherCasAndDurations) {
  const absl::Time now = absl::Clock::GetRealClock().TimeNow();
  const pki::Validity kLong = {now - absl::Hours(1), now + absl::Hours(100000)};
  std::vector<SigningSetup> setups;
  for (const char* key : {"rsa2048", "rsa4096", "p384", "p521", "ed25519"}) {
    const auto setup = MakeCa(key, key, kLong, true);
    ASSERT_THAT(setup.status(), IsOk());
    setups.push_back(*setup);
  }
  auto setup = MakeCa("without-key-id", "p256", kLong, false);
  ASSERT_THAT(setup.status(), IsOk());
  setups.push_back(*setup);
  setup->name = "three-minutes";  // SPEC C-7, G-4b.
  setup->duration = absl::Minutes(3);
  setups.push_back(*setup);
  setup->name = "a-day-and-a-half-second";
  setup->duration = absl::Hours(24) + absl::Milliseconds(500);
  setups.push_back(*setup);
  // SPEC G-2.
  setup = MakeCa("ends-in-an-hour", "p256",
                 {now - absl::Hours(1), now + absl::Hours(1)}, true);
  ASSERT_THAT(setup.status(), IsOk());
  setups.push_back(*setup);
  setup = MakeCa("not-yet-valid", "p256",  // SPEC C-10: is not looked at.
                 {now + absl::Hours(1), now + absl::Hours(9000)}, true);
  ASSERT_THAT(setup.status(), IsOk());
  setups.push_back(*setup);
  // A subject that neither would write, and that stays as it is (SPEC C-11).
  const auto odd = openssl_->SelfSigned(
      {.subject = "/CN=first/emailAddress=a@b.example/O=a+OU=b/DC=c",
       .extensions = {"basicConstraints=critical,CA:TRUE",
                      "subjectKeyIdentifier=hash"},
       .arguments = {},
       .string_mask = "nombstr"},
      365);
  ASSERT_THAT(odd.status(), IsOk());
  setup->name = "odd-subject";
  setup->certificate_file = directory_ + "/odd-subject.crt";
  ASSERT_THAT(WriteFile(setup->certificate_file, *odd), IsOk());
  setups.push_back(*setup);
  for (const SigningSetup& s : setups) {
    Compare(s, FewParityCases());
    if (HasFatalFailure()) return;
  }
  std::cout << "compared " << compared_ << " certificates of " << setups.size()
            << " CAs and durations field by field\n";

  // SPEC C-10: nothing comes of it, and both say why.
  const std::pair<absl::Duration, const char*> kEnded[] = {
      {absl::Minutes(6), "the signer has expired: NotAfter="},
      {absl::Minutes(2),
       "refusing to sign a certificate that expired in the past: NotAfter="},
  };
  for (const auto& [ago, message] : kEnded) {
    setup = MakeCa(absl::StrCat("ended-", absl::ToInt64Minutes(ago)), "p256",
                   {now - absl::Hours(1), now - ago}, true);
    ASSERT_THAT(setup.status(), IsOk());
    std::vector<ParityCase> cases = FewParityCases();
    for (ParityCase& c : cases) {
      c.outcome = Outcome::kError;
      c.message = message;
    }
    Compare(*setup, cases);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace signet::e2e
