#ifndef SIGNET_CORE_POLICY_SIGNER_NAMES_H_
#define SIGNET_CORE_POLICY_SIGNER_NAMES_H_

#include <array>

#include "absl/strings/string_view.h"

// The signer names that Kubernetes itself defines (SPEC C-3).
namespace signet::policy {

inline constexpr absl::string_view kKubeApiserverClient =
    "kubernetes.io/kube-apiserver-client";
inline constexpr absl::string_view kKubeApiserverClientKubelet =
    "kubernetes.io/kube-apiserver-client-kubelet";
inline constexpr absl::string_view kKubeletServing =
    "kubernetes.io/kubelet-serving";
inline constexpr absl::string_view kLegacyUnknown =
    "kubernetes.io/legacy-unknown";

// The four that a cluster's signer serves. The set is closed (SPEC C-1).
inline constexpr std::array<absl::string_view, 4> kClusterSignerNames = {
    kKubeApiserverClient, kKubeApiserverClientKubelet, kKubeletServing,
    kLegacyUnknown};

}  // namespace signet::policy

#endif  // SIGNET_CORE_POLICY_SIGNER_NAMES_H_
