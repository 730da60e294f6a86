// The signer under load while something breaks: it is killed, its CA is
// replaced, the API server or its store goes away. No approved request is lost,
// none gets two certificates, and no certificate is missing from the audit log.

#include <signal.h>

#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/status_matchers.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "boost/json/object.hpp"
#include "boost/json/parse.hpp"
#include "boost/json/value.hpp"
#include "boost/system/error_code.hpp"
#include "core/api/certificates.pb.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/testing/csr_builder.h"
#include "core/testing/test_ca.h"
#include "e2e/e2e_test.h"
#include "e2e/native_provider.h"
#include "e2e/process.h"
#include "e2e/testbed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::e2e {
namespace {

using ::absl_testing::IsOk;
using ::signet::api::CertificateSigningRequest;

using ProcessOr = absl::StatusOr<std::unique_ptr<Process>>;

absl::Time Now() { return absl::Clock::GetRealClock().TimeNow(); }
void Sleep(absl::Duration time) { absl::Clock::GetRealClock().Sleep(time); }

class SignerFaultsTest : public E2eTest {
 protected:
  bool native() { return cluster().name() == "native"; }
  std::string audit_file() { return testbed().directory() + "/audit.log"; }

  // Signs with the cluster's CA, or with that of `ca_directory`. It always
  // leads: what elects it is another test's.
  ProcessOr StartSigner(std::vector<std::string> flags = {},
                        const std::string& ca_directory = "") {
    ABSL_ASSIGN_OR_RETURN(const std::string program,
                          Runfile("signer_service/signet-signer"));
    std::vector<std::string> argv = {
        program,
        "--kubeconfig=" + cluster().SignerKubeconfig(),
        "--health-address=127.0.0.1:0",
        "--leader-elect=false",
        "--audit-log-file=" + audit_file(),
        "--cluster-signing-cert-file=" + (ca_directory.empty()
                                              ? cluster().CaCertificateFile()
                                              : ca_directory + "/ca.crt"),
        "--cluster-signing-key-file=" + (ca_directory.empty()
                                             ? cluster().CaKeyFile()
                                             : ca_directory + "/ca.key")};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return Process::Start(
        {.name = "signet-signer",
         .argv = argv,
         .environment = {},
         .log_path = testbed().directory() + "/signet-signer.log"});
  }

  // Creates and approves `count` requests, by four clients at once.
  absl::Status Approve(const std::string& prefix, int count) {
    const std::string request =
        testing::MakeRequestPem({.common_name = "somebody"});
    std::vector<std::thread> threads;
    std::vector<absl::Status> results(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        const auto csrs = testbed().admin().Api<CertificateSigningRequest>();
        for (int i = t; i < count; i += 4) {
          CertificateSigningRequest csr;
          csr.mutable_metadata()->set_name(absl::StrCat(prefix, i));
          csr.mutable_spec()->set_request(request);
          csr.mutable_spec()->set_signer_name(
              "kubernetes.io/kube-apiserver-client");
          csr.mutable_spec()->add_usages("client auth");
          auto created = csrs->Create(csr);
          if (created.ok()) {
            auto& condition = *created->mutable_status()->add_conditions();
            condition.set_type("Approved");
            condition.set_status("True");
            condition.set_reason("Test");
            created = csrs->UpdateSubresource("approval", *created);
          }
          results[static_cast<size_t>(t)].Update(created.status());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const absl::Status& result : results) ABSL_RETURN_IF_ERROR(result);
    return absl::OkStatus();
  }

  // The certificates of the requests named so, by name; an error unless all
  // have one and none has failed.
  absl::StatusOr<std::map<std::string, pki::Certificate>> Issued(
      const std::string& prefix, size_t count) {
    ABSL_ASSIGN_OR_RETURN(
        const auto list,
        testbed().admin().Api<CertificateSigningRequest>()->List({}));
    std::map<std::string, pki::Certificate> result;
    for (const CertificateSigningRequest& csr : list.items) {
      if (csr.metadata().name().rfind(prefix, 0) != 0) continue;
      if (csr.status().conditions_size() != 1) {
        return absl::InternalError(csr.metadata().name() + " has failed");
      }
      if (csr.status().certificate().empty()) continue;
      ABSL_ASSIGN_OR_RETURN(
          const std::vector<pki::Certificate> certificates,
          pki::ParseCertificatesPem(csr.status().certificate()));
      if (certificates.size() != 1) {
        return absl::InternalError(csr.metadata().name() + " has several");
      }
      result.emplace(csr.metadata().name(), certificates.front());
    }
    if (result.size() != count) {
      return absl::DeadlineExceededError(
          absl::StrCat(result.size(), " of ", count, " are issued"));
    }
    return result;
  }

  // Waits until all are issued, and checks them against the audit log.
  std::map<std::string, pki::Certificate> ExpectAllIssued(
      const std::string& prefix, int count) {
    std::map<std::string, pki::Certificate> issued;
    EXPECT_THAT(Eventually(absl::Minutes(2),
                           [&]() -> absl::Status {
                             ABSL_ASSIGN_OR_RETURN(
                                 issued,
                                 Issued(prefix, static_cast<size_t>(count)));
                             return absl::OkStatus();
                           }),
                IsOk());
    const std::map<std::string, std::string> log = AuditLog();
    std::set<std::string> serial_numbers;
    int missing = 0;
    for (const auto& [name, certificate] : issued) {
      serial_numbers.insert(certificate.serial_number());
      const auto record = log.find(Fingerprint(certificate));
      if (record == log.end() || record->second != name) ++missing;
    }
    EXPECT_EQ(missing, 0) << "certificates are not in the audit log";
    EXPECT_EQ(serial_numbers.size(), issued.size());
    std::cout << issued.size() << " of " << count << " issued, " << log.size()
              << " certificates in the audit log, " << missing
              << " missing there\n";
    return issued;
  }

  // Which request each certificate of the audit log was made for, by
  // fingerprint. Every line must be whole, but for one that a crash cut.
  std::map<std::string, std::string> AuditLog() {
    std::map<std::string, std::string> result;
    const std::string text = ReadFile(audit_file()).value_or("");
    for (const absl::string_view line :
         absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      boost::system::error_code error;
      const boost::json::value value =
          boost::json::parse(std::string(line), error);
      if (error) {
        ++cut_lines_;
        continue;
      }
      const boost::json::object& record = value.as_object();
      if (record.at("event").as_string() != "issued") continue;
      result[std::string(record.at("sha256").as_string())] =
          std::string(record.at("csrName").as_string());
    }
    return result;
  }

  size_t AuditLines() {
    std::ifstream file(audit_file());
    size_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines;
  }
  // Waits until so many certificates are recorded.
  absl::Status AwaitAuditLines(size_t lines) {
    const absl::Time end = Now() + absl::Minutes(1);
    while (AuditLines() < lines) {
      if (Now() > end) return absl::DeadlineExceededError("no more lines");
      Sleep(absl::Milliseconds(10));
    }
    return absl::OkStatus();
  }

  // A number out of the signer's metrics; 0 if it is not there.
  double Metric(Process& signer, absl::string_view name) {
    const absl::StatusOr<int> port = HealthPort(signer);
    const absl::StatusOr<std::string> metrics =
        port.ok() ? HttpGet(*port, "/metrics") : port.status();
    EXPECT_THAT(metrics.status(), IsOk());
    if (!metrics.ok()) return 0;
    for (const absl::string_view line : absl::StrSplit(*metrics, '\n')) {
      const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
      double value = 0;
      if (words.size() == 2 && words[0] == name &&
          absl::SimpleAtod(words[1], &value)) {
        return value;
      }
    }
    return 0;
  }
  // How often the signer tried to sign, each by one request at most.
  double Tries(Process& signer) {
    return Metric(signer, "signet_reconcile_duration_seconds_count");
  }
  // Requests per second during `time`.
  double Rate(Process& signer, absl::Duration time) {
    const double before = Tries(signer);
    Sleep(time);
    return (Tries(signer) - before) / absl::ToDoubleSeconds(time);
  }

  int cut_lines_ = 0;
};

TEST_F(SignerFaultsTest, KilledThreeTimesItIssuesEachRequestOnce) {
  const int count = native() ? 2000 : 300;
  ASSERT_THAT(Approve("kill-", count), IsOk());
  for (int kill = 1; kill <= 3; ++kill) {
    ProcessOr signer = StartSigner();
    ASSERT_THAT(signer.status(), IsOk());
    ASSERT_THAT(AwaitAuditLines(static_cast<size_t>(count * kill / 5)), IsOk());
    (*signer)->Kill();
    const auto partly = Issued("kill-", static_cast<size_t>(count));
    EXPECT_FALSE(partly.ok()) << "it was done before it was killed";
    std::cout << "killed: " << partly.status().message() << "\n";
  }
  const ProcessOr signer = StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  ExpectAllIssued("kill-", count);
  EXPECT_LE(cut_lines_, 3);
}

TEST_F(SignerFaultsTest, C20ItsCaIsReplacedUnderLoad) {
  const std::string directory = testbed().directory() + "/ca";
  ASSERT_THAT(MakeDirectory(directory), IsOk());
  const testing::TestCa first("rotating ca"), second("rotating ca");
  const auto install = [&directory](const testing::TestCa& ca) -> absl::Status {
    ABSL_RETURN_IF_ERROR(WriteFile(directory + "/ca.key", ca.key_pem()));
    return WriteFile(directory + "/ca.crt", ca.certificate_pem());
  };
  ASSERT_THAT(install(first), IsOk());
  // 300 requests take 15 s: the files are looked at every five.
  const ProcessOr signer =
      StartSigner({"--kube-api-qps=20", "--kube-api-burst=1"}, directory);
  ASSERT_THAT(signer.status(), IsOk());
  std::thread load([&] { EXPECT_THAT(Approve("rotate-", 300), IsOk()); });
  EXPECT_THAT(AwaitAuditLines(60), IsOk());
  EXPECT_THAT(install(second), IsOk());
  load.join();
  const auto issued = ExpectAllIssued("rotate-", 300);
  int by_first = 0, by_second = 0;
  for (const auto& [name, certificate] : issued) {
    SCOPED_TRACE(name);
    const pki::Certificate& a = first.authority().certificate();
    const pki::Certificate& b = second.authority().certificate();
    const bool is_second = certificate.authority_key_id() == b.subject_key_id();
    ASSERT_TRUE(is_second ||
                certificate.authority_key_id() == a.subject_key_id());
    EXPECT_THAT(certificate.CheckSignatureFrom(is_second ? b : a), IsOk());
    ++(is_second ? by_second : by_first);
  }
  std::cout << by_first << " by the old CA, " << by_second << " by the new\n";
  EXPECT_GT(by_first, 0);
  EXPECT_GT(by_second, 0);
}

TEST_F(SignerFaultsTest, TheApiServerIsKilledAndStartedAgain) {
  const int count = native() ? 1000 : 300;
  ASSERT_THAT(Approve("outage-", count), IsOk());
  ProcessOr signer = StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  ASSERT_THAT(AwaitAuditLines(50), IsOk());
  ASSERT_THAT(cluster().KillApiServer(), IsOk());
  Sleep(absl::Seconds(2));
  const double rate = Rate(**signer, absl::Seconds(8));
  std::cout << "during the outage " << rate << " requests per second\n";
  EXPECT_LE(rate, 2);
  ASSERT_THAT(cluster().StartApiServer(), IsOk());
  const absl::Time back = Now();
  ExpectAllIssued("outage-", count);
  std::cout << "all were issued " << Now() - back << " after it was back\n";
  EXPECT_TRUE((*signer)->Running());
}

TEST_F(SignerFaultsTest, EtcdIsPausedForTenSeconds) {
  const auto* const provider = dynamic_cast<NativeProvider*>(&cluster());
  if (provider == nullptr) GTEST_SKIP() << "the embedded server has no etcd";
  pid_t etcd = 0;
  std::ifstream(provider->StateDirectory() + "/etcd.pid") >> etcd;
  ASSERT_GT(etcd, 1);
  ASSERT_THAT(Approve("etcd-", 1000), IsOk());
  ProcessOr signer = StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  ASSERT_THAT(AwaitAuditLines(50), IsOk());
  ASSERT_EQ(kill(etcd, SIGSTOP), 0);
  const double rate = Rate(**signer, absl::Seconds(10));
  ASSERT_EQ(kill(etcd, SIGCONT), 0);
  std::cout << "while etcd slept " << rate << " requests per second\n";
  EXPECT_LE(rate, 2);
  ExpectAllIssued("etcd-", 1000);
  EXPECT_TRUE((*signer)->Running());
}

// The API server's own fairness: no request of this user's is let in.
constexpr absl::string_view kStorm =
    R"(apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {name: storm}
spec:
  type: Limited
  limited:
    nominalConcurrencyShares: 0
    lendablePercent: 0
    borrowingLimitPercent: 0
    limitResponse: {type: Reject}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: storm}
spec:
  priorityLevelConfiguration: {name: storm}
  matchingPrecedence: 50
  rules:
  - subjects:
    - {kind: User, user: {name: signet-signer}}
    resourceRules:
    - {verbs: ["*"], apiGroups: ["*"], resources: ["*"],
       clusterScope: true, namespaces: ["*"]}
)";

TEST_F(SignerFaultsTest, TheApiServerAnswers429) {
  if (!native()) GTEST_SKIP() << "the embedded server has no fairness";
  const absl::StatusOr<std::string> kubectl = cluster().Binary("kubectl");
  ASSERT_THAT(kubectl.status(), IsOk());
  const auto storm = [&](const std::string& verb) {
    const absl::StatusOr<CommandResult> result =
        RunCommand({*kubectl, "--kubeconfig", cluster().AdminKubeconfig(), verb,
                    "-f", "-"},
                   {}, kStorm);
    ASSERT_THAT(result.status(), IsOk());
    ASSERT_EQ(result->exit_code, 0) << result->err;
  };
  ASSERT_THAT(Approve("storm-", 50), IsOk());
  ProcessOr signer = StartSigner();
  ASSERT_THAT(signer.status(), IsOk());
  ASSERT_THAT(AwaitAuditLines(50), IsOk());
  storm("apply");
  // It takes the server a while to heed it.
  Sleep(absl::Seconds(5));
  ASSERT_THAT(Approve("more-", 600), IsOk());
  ASSERT_GT(
      Metric(**signer, "signet_reconcile_errors_total{code=\"UNAVAILABLE\"}"),
      0);
  const double rate = Rate(**signer, absl::Seconds(8));
  EXPECT_FALSE(Issued("more-", 600).ok());
  std::cout << "during the storm " << rate << " requests per second\n";
  // A few get in; each opens the gate for the five workers, until the first of
  // them has to wait for Retry-After, a second.
  EXPECT_LE(rate, 5);
  storm("delete");
  ExpectAllIssued("more-", 600);
  ExpectAllIssued("storm-", 50);
  EXPECT_TRUE((*signer)->Running());
}

TEST_F(SignerFaultsTest, ActiveReplicasShareTheRequests) {
  std::vector<std::unique_ptr<Process>> replicas;
  for (const char* index : {"0", "1", "2"}) {
    ProcessOr replica =
        StartSigner({"--shards=3", absl::StrCat("--shard-index=", index)});
    ASSERT_THAT(replica.status(), IsOk());
    replicas.push_back(*std::move(replica));
  }
  ASSERT_THAT(Approve("shard-", 150), IsOk());
  ExpectAllIssued("shard-", 150);
  // None was signed by two.
  EXPECT_EQ(AuditLog().size(), 150u);
}

}  // namespace
}  // namespace signet::e2e
