#include "signer_service/trust_bundle_publisher.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/api/certificates.pb.h"
#include "core/api/core.pb.h"
#include "core/base/file_system.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/sha256.h"
#include "signer_service/signer_config.h"
#include "signer_service/signer_set.h"

namespace signet::signer {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr size_t kHashDigits = 24;
constexpr char kDescription[] = "kubernetes.io/description";
// Marks what is ours to remove.
constexpr char kManagedBy[] = "app.kubernetes.io/managed-by";
constexpr char kUs[] = "signet-signer";

// Where trust in `ca` begins.
const pki::Certificate& Anchor(const pki::CertificateAuthority& ca) {
  return ca.parents().empty() ? ca.certificate() : ca.parents().back();
}

std::string Description(absl::string_view signer_name) {
  return absl::StrCat("The CA certificates of the signer ", signer_name,
                      ", published by signet-signer.");
}

}  // namespace

std::string ClusterTrustBundleName(absl::string_view signer_name,
                                   absl::string_view pem) {
  return absl::StrCat(absl::StrReplaceAll(signer_name, {{"/", ":"}}), ":",
                      pki::Sha256Hex(pem).substr(0, kHashDigits));
}

TrustBundlePublisher::TrustBundlePublisher(
    std::vector<TrustBundleConfig> bundles, const SignerSet& signers,
    FileSystem& files, k8s::ResourceApi<api::ConfigMap>& config_maps,
    k8s::ResourceApi<api::ClusterTrustBundle>& cluster_trust_bundles)
    : bundles_(std::move(bundles)),
      signers_(signers),
      files_(files),
      config_maps_(config_maps),
      cluster_trust_bundles_(cluster_trust_bundles) {}

absl::Status TrustBundlePublisher::RunOnce() {
  absl::MutexLock lock(mutex_);
  absl::Status first;
  const auto account = [&](const std::string& what, const absl::Status& status)
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                             Tell(what, status);
                             first.Update(status);
                           };
  for (const TrustBundleConfig& bundle : bundles_) {
    const absl::StatusOr<std::string> pem = BundleOf(bundle);
    account(absl::StrCat("trust bundle of ", bundle.signer_name), pem.status());
    if (!pem.ok()) continue;  // What is published stays.
    if (!bundle.config_map.empty()) {
      for (const std::string& name : bundle.namespaces) {
        account(absl::StrCat("ConfigMap ", name, "/", bundle.config_map),
                PublishConfigMap(bundle, name, *pem));
      }
    }
    if (bundle.cluster_trust_bundle) {
      account(absl::StrCat("ClusterTrustBundle of ", bundle.signer_name),
              PublishClusterTrustBundle(bundle.signer_name, *pem));
    }
  }
  return first;
}

absl::StatusOr<std::string> TrustBundlePublisher::BundleOf(
    const TrustBundleConfig& bundle) {
  const Signer* const signer = signers_.Find(bundle.signer_name);
  if (signer == nullptr) {
    return absl::InternalError(
        absl::StrCat("signer ", bundle.signer_name, " is not served"));
  }
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateAuthority ca,
                        signer->ca().Current());
  std::vector<pki::Certificate> certificates = {Anchor(ca)};
  if (!bundle.certificates_file.empty()) {
    ABSL_ASSIGN_OR_RETURN(const std::string text,
                          files_.Read(bundle.certificates_file, kMaxFileBytes));
    ABSL_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> more,
                          pki::ParseCertificatesPem(text),
                          _ << bundle.certificates_file);
    certificates.insert(certificates.end(), more.begin(), more.end());
  }
  absl::flat_hash_set<std::string> seen;  // SPEC D-20: none twice, CAs only.
  std::string pem;
  for (const pki::Certificate& certificate : certificates) {
    if (!certificate.is_ca()) {
      return absl::InvalidArgumentError(
          absl::StrCat(bundle.certificates_file, ": the certificate of \"",
                       certificate.subject().ToString(), "\" is no CA's"));
    }
    if (seen.insert(certificate.der()).second) {
      absl::StrAppend(&pem, certificate.ToPem());
    }
  }
  return pem;
}

absl::Status TrustBundlePublisher::PublishConfigMap(
    const TrustBundleConfig& bundle, const std::string& namespace_name,
    const std::string& pem) {
  absl::StatusOr<api::ConfigMap> map =
      config_maps_.Get(namespace_name, bundle.config_map);
  const bool missing = absl::IsNotFound(map.status());
  if (!map.ok() && !missing) return map.status();
  if (missing) {
    map = api::ConfigMap();
    map->mutable_metadata()->set_namespace_(namespace_name);
    map->mutable_metadata()->set_name(bundle.config_map);
    (*map->mutable_metadata()->mutable_labels())[kManagedBy] = kUs;
  }
  std::string& content = (*map->mutable_data())[bundle.config_map_key];
  std::string& description =
      (*map->mutable_metadata()->mutable_annotations())[kDescription];
  if (!missing && content == pem && !description.empty()) {
    return absl::OkStatus();
  }
  content = pem;
  if (description.empty()) description = Description(bundle.signer_name);
  ABSL_RETURN_IF_ERROR(missing ? config_maps_.Create(*map).status()
                               : config_maps_.Update(*map).status());
  LOG(INFO) << (missing ? "made" : "repaired") << " the ConfigMap "
            << namespace_name << "/" << bundle.config_map << " with the CA of "
            << bundle.signer_name;
  return absl::OkStatus();
}

absl::Status TrustBundlePublisher::PublishClusterTrustBundle(
    const std::string& signer_name, const std::string& pem) {
  absl::StatusOr<k8s::ListResult<api::ClusterTrustBundle>> list =
      cluster_trust_bundles_.List({});
  if (absl::IsNotFound(list.status())) {
    // One clear line, and no error.
    Tell("ClusterTrustBundles",
         absl::UnimplementedError(
             "this server has none in certificates.k8s.io/v1 (Kubernetes "
             "1.37); they are not published"));
    return absl::OkStatus();
  }
  ABSL_RETURN_IF_ERROR(list.status());
  const std::string name = ClusterTrustBundleName(signer_name, pem);
  const api::ClusterTrustBundle* found = nullptr;
  for (const api::ClusterTrustBundle& bundle : list->items) {
    if (bundle.metadata().name() == name) found = &bundle;
  }
  if (found == nullptr) {
    api::ClusterTrustBundle bundle;
    bundle.mutable_metadata()->set_name(name);
    (*bundle.mutable_metadata()->mutable_labels())[kManagedBy] = kUs;
    bundle.mutable_spec()->set_signer_name(signer_name);
    bundle.mutable_spec()->set_trust_bundle(pem);
    ABSL_RETURN_IF_ERROR(cluster_trust_bundles_.Create(bundle).status());
    LOG(INFO) << "made the ClusterTrustBundle " << name;
  } else if (found->spec().trust_bundle() != pem) {
    api::ClusterTrustBundle bundle = *found;
    bundle.mutable_spec()->set_trust_bundle(pem);
    ABSL_RETURN_IF_ERROR(cluster_trust_bundles_.Update(bundle).status());
    LOG(INFO) << "repaired the ClusterTrustBundle " << name;
  }
  // Only then our earlier ones; nobody else's.
  for (const api::ClusterTrustBundle& bundle : list->items) {
    const auto& labels = bundle.metadata().labels();
    const auto managed_by = labels.find(kManagedBy);
    if (bundle.spec().signer_name() != signer_name ||
        bundle.metadata().name() == name || managed_by == labels.end() ||
        managed_by->second != kUs) {
      continue;
    }
    const absl::Status removed =
        cluster_trust_bundles_.Delete("", bundle.metadata().name());
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
    LOG(INFO) << "removed the ClusterTrustBundle " << bundle.metadata().name();
  }
  return absl::OkStatus();
}

void TrustBundlePublisher::Tell(const std::string& what,
                                const absl::Status& status) {
  std::string& told = told_[what];
  if (!status.ok() && told != status.message()) {
    LOG(WARNING) << what << ": " << status.message();
  }
  told = std::string(status.message());
}

}  // namespace signet::signer
