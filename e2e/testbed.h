#ifndef SIGNET_E2E_TESTBED_H_
#define SIGNET_E2E_TESTBED_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/http/transport.h"
#include "core/k8s/api_client.h"
#include "core/pki/certificate.h"
#include "e2e/cluster_provider.h"
#include "e2e/process.h"

namespace signet::e2e {

// The group that deploy/rbac/nodes.yaml lets join and that a bootstrap token
// gives its bearer.
inline constexpr absl::string_view kBootstrapGroup =
    "system:bootstrappers:kubeadm:default-node-token";

// Connection is a client of the API server with the identity of one kubeconfig.
class Connection {
 public:
  static absl::StatusOr<std::unique_ptr<Connection>> Open(
      const std::string& kubeconfig);
  k8s::ApiClient& client() { return *client_; }

 private:
  Connection() = default;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<k8s::ApiClient> client_;
};

// AgentFiles is where one node's agent keeps what it has.
struct AgentFiles {
  std::string node;
  std::string bootstrap_kubeconfig;
  std::string bootstrap_user;  // "system:bootstrap:<token id>"
  std::string kubeconfig;      // Written by the agent.
  std::string cert_dir;
  std::string CurrentPem() const;  // <cert_dir>/kubelet-client-current.pem
};

// The bootstrap token of a node that joins.
struct TokenOptions {
  absl::Time expires = absl::InfiniteFuture();
  std::string group = std::string(kBootstrapGroup);  // Empty: none.
};

// How replicas of a service elect the one that works.
enum class Election {
  // In 6 s: a service that was killed is not waited for as long as usual.
  kQuick,
  // As the program has it, in 15 s: the API server may be away for ten.
  kDefault,
};

struct SignerOptions {
  // Empty: the cluster's CA.
  std::string ca_certificate_file;
  std::string ca_key_file;
  Election election = Election::kQuick;
  std::string name = "signet-signer";  // Of its log.
  absl::Duration duration;             // Zero: the cluster's.
};

struct ApproverOptions {
  std::string kubeconfig;  // Empty: the approver's own.
  Election election = Election::kQuick;
  std::string name = "signet-approver";  // Of its log.
  std::vector<std::string> flags;        // Further ones.
};

// Testbed is one test's use of a cluster: a folder, an administrator's client,
// and our programs, started with the flags a user would give. Not thread-safe.
class Testbed {
 public:
  // `cluster` has been started and must outlive the testbed; `directory` is
  // made if it is missing.
  static absl::StatusOr<std::unique_ptr<Testbed>> Create(
      ClusterProvider& cluster, const std::string& directory);

  ClusterProvider& cluster() { return cluster_; }
  const std::string& directory() const { return directory_; }
  k8s::ApiClient& admin() { return admin_->client(); }

  // Where a node's agent is to keep its files, with a kubeconfig of a fresh
  // bootstrap token.
  absl::StatusOr<AgentFiles> MakeAgentFiles(absl::string_view node,
                                            const TokenOptions& token = {});

  // Our programs, with their logs in this folder. Launch returns at once,
  // Start when the service says that it is ready to work.
  absl::StatusOr<std::unique_ptr<Process>> LaunchApprover(
      const ApproverOptions& options = {});
  absl::StatusOr<std::unique_ptr<Process>> LaunchSigner(
      const SignerOptions& options = {});
  absl::StatusOr<std::unique_ptr<Process>> StartApprover(
      const ApproverOptions& options = {});
  absl::StatusOr<std::unique_ptr<Process>> StartSigner(
      const SignerOptions& options = {});
  // The agent is under way; it may have no certificate yet.
  absl::StatusOr<std::unique_ptr<Process>> StartAgent(const AgentFiles& files);

  // The requests of one user, oldest first.
  absl::StatusOr<std::vector<api::CertificateSigningRequest>> RequestsOf(
      absl::string_view username);

  // WaitForRequest returns the first request of `username` for which `wanted`
  // holds. kDeadlineExceeded, saying what there is instead, after `timeout`.
  absl::StatusOr<api::CertificateSigningRequest> WaitForRequest(
      absl::string_view username, absl::Duration timeout,
      const std::function<bool(const api::CertificateSigningRequest&)>& wanted);

  // Writes the cluster's requests and nodes, and the end of every log in the
  // folder, for someone who has to understand a failure.
  void Describe(std::ostream& out);

 private:
  // Starts a program of ours, by its path in the source tree.
  absl::StatusOr<std::unique_ptr<Process>> Launch(
      const std::string& name, absl::string_view program,
      const std::vector<std::string>& flags);
  Testbed(ClusterProvider& cluster, std::string directory)
      : cluster_(cluster), directory_(std::move(directory)) {}

  ClusterProvider& cluster_;
  const std::string directory_;
  std::unique_ptr<Connection> admin_;
};

// ---- reading what there is

// The fingerprint of the certificate with which a request was made, as the API
// server recorded it (SPEC D-1), 64 hexadecimal digits; "" if there was none.
std::string CredentialId(const api::CertificateSigningRequest& csr);
// SHA-256 of the certificate's DER, 64 hexadecimal digits.
std::string Fingerprint(const pki::Certificate& certificate);
// The first certificate of a PEM file, or of a PEM text.
absl::StatusOr<pki::Certificate> CertificateInFile(const std::string& path);
absl::StatusOr<pki::Certificate> CertificateIn(absl::string_view pem);

// The port on which a program of ours serves its health, once its log says so.
absl::StatusOr<int> HealthPort(Process& process);
// Waits until a service's /readyz is 200, and returns the service.
absl::StatusOr<std::unique_ptr<Process>> WaitUntilReady(
    absl::StatusOr<std::unique_ptr<Process>> process);
// The body of GET http://127.0.0.1:port/path. kUnavailable if the answer is
// not 200.
absl::StatusOr<std::string> HttpGet(int port, const std::string& path);

// A whole small file, and back.
absl::StatusOr<std::string> ReadFile(const std::string& path);
absl::Status WriteFile(const std::string& path, absl::string_view text);
// A folder for its owner alone; nothing if it exists.
absl::Status MakeDirectory(const std::string& path);

}  // namespace signet::e2e

#endif  // SIGNET_E2E_TESTBED_H_
