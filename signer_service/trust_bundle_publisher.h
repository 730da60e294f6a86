#ifndef SIGNET_SIGNER_SERVICE_TRUST_BUNDLE_PUBLISHER_H_
#define SIGNET_SIGNER_SERVICE_TRUST_BUNDLE_PUBLISHER_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/base/file_system.h"
#include "core/k8s/resource_api.h"
#include "signer_service/signer_config.h"
#include "signer_service/signer_set.h"

namespace signet::signer {

// TrustBundlePublisher puts the CA of each signer where those look who have to
// trust it: into ConfigMaps and ClusterTrustBundles. It is the uppermost
// certificate of the CA's chain, and those of certificatesFile. What was edited
// is put right, what was removed is made again (SPEC C-30, C-31). Thread-safe.
class TrustBundlePublisher {
 public:
  // References must outlive the publisher. `signers` must serve all of
  // `bundles`.
  TrustBundlePublisher(
      std::vector<TrustBundleConfig> bundles, const SignerSet& signers,
      FileSystem& files, k8s::ResourceApi<api::ConfigMap>& config_maps,
      k8s::ResourceApi<api::ClusterTrustBundle>& cluster_trust_bundles);

  // Looks at all, and writes what differs. Goes on after an error; returns the
  // first, and tells each in the log once. A server without ClusterTrustBundles
  // is no error: the log says once that they are not published. Call it every
  // minute or so.
  absl::Status RunOnce();

 private:
  // The PEM to publish.
  absl::StatusOr<std::string> BundleOf(const TrustBundleConfig& bundle);
  absl::Status PublishConfigMap(const TrustBundleConfig& bundle,
                                const std::string& namespace_name,
                                const std::string& pem);
  absl::Status PublishClusterTrustBundle(const std::string& signer_name,
                                         const std::string& pem)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Tells it, unless it is what was told of `what` before.
  void Tell(const std::string& what, const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::vector<TrustBundleConfig> bundles_;
  const SignerSet& signers_;
  FileSystem& files_;
  k8s::ResourceApi<api::ConfigMap>& config_maps_;
  k8s::ResourceApi<api::ClusterTrustBundle>& cluster_trust_bundles_;
  absl::Mutex mutex_;  // One RunOnce at a time.
  absl::flat_hash_map<std::string, std::string> told_ ABSL_GUARDED_BY(mutex_);
};

// The name of the ClusterTrustBundle with this content: the signer's, with a
// colon for its slash, and 24 hexadecimal digits of the content's SHA-256
// (SPEC C-31, D-20).
std::string ClusterTrustBundleName(absl::string_view signer_name,
                                   absl::string_view pem);

}  // namespace signet::signer

#endif  // SIGNET_SIGNER_SERVICE_TRUST_BUNDLE_PUBLISHER_H_
