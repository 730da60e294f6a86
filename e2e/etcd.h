#ifndef SIGNET_E2E_ETCD_H_
#define SIGNET_E2E_ETCD_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "e2e/native_provider.h"

// Objects as they lie in a real cluster's etcd, past the API server.
namespace signet::e2e {

// Stores `csr` under its name as kube-apiserver would, without asking it: the
// way to objects that only older servers let in, such as requests to
// kubernetes.io/legacy-unknown. A missing uid and creation time are filled in.
absl::Status StoreInEtcd(const NativeProvider& cluster,
                         api::CertificateSigningRequest csr);

}  // namespace signet::e2e

#endif  // SIGNET_E2E_ETCD_H_
