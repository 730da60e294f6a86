#ifndef SIGNET_TOOLS_APISERVER_CLUSTER_PKI_H_
#define SIGNET_TOOLS_APISERVER_CLUSTER_PKI_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/base/secret.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/private_key.h"

namespace signet::apiserver {

// A certificate with its key, both PEM.
struct KeyPair {
  std::string certificate_pem;
  Secret key_pem;
};

// ClusterPki is the CA of a cluster of the embedded server: it signs the
// server's certificate and those of its users, as kubeadm's CA does. For tests
// and demos: its key is an ordinary file.
class ClusterPki {
 public:
  // A new CA, valid for ten years from a little before `now`. `keys` and `rng`
  // must outlive the object.
  static absl::StatusOr<ClusterPki> Create(pki::KeyGenerator& keys, Rng& rng,
                                           absl::Time now);
  // A CA from its files. kInvalidArgument if they do not fit each other.
  static absl::StatusOr<ClusterPki> Load(absl::string_view certificate_pem,
                                         absl::string_view key_pem,
                                         pki::KeyGenerator& keys, Rng& rng);

  // For server auth: DNS names and IP addresses, told apart by their form.
  absl::StatusOr<KeyPair> IssueServer(const std::vector<std::string>& hosts,
                                      absl::Time now) const;
  // For client auth: the user's name and groups.
  absl::StatusOr<KeyPair> IssueClient(absl::string_view user,
                                      const std::vector<std::string>& groups,
                                      absl::Time now) const;

  const pki::CertificateAuthority& authority() const { return authority_; }
  std::string certificate_pem() const;
  absl::StatusOr<Secret> key_pem() const;

 private:
  ClusterPki(pki::CertificateAuthority authority,
             std::shared_ptr<const pki::PrivateKey> key,
             pki::KeyGenerator& keys, Rng& rng);
  absl::StatusOr<KeyPair> Issue(pki::TbsCertificate tbs, absl::Time now) const;

  pki::CertificateAuthority authority_;
  std::shared_ptr<const pki::PrivateKey> key_;
  pki::KeyGenerator* keys_;
  Rng* rng_;
};

// RenderKubeconfig writes a kubeconfig of one cluster, user and context, all
// inline. Of `client` and `token` one may be empty.
std::string RenderKubeconfig(absl::string_view server, absl::string_view ca_pem,
                             absl::string_view user, const KeyPair* client,
                             absl::string_view token);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_CLUSTER_PKI_H_
