#ifndef SIGNET_TOOLS_APISERVER_TRUST_BUNDLE_STRATEGY_H_
#define SIGNET_TOOLS_APISERVER_TRUST_BUNDLE_STRATEGY_H_

#include "core/api/certificates.pb.h"
#include "tools/apiserver/field_error.h"

// What must be true of ClusterTrustBundles (SPEC D-20), metadata included.
// Pure.
namespace signet::apiserver {

FieldErrors ValidateTrustBundleCreate(const api::ClusterTrustBundle& bundle);
// Contents that are not changed are not judged again.
FieldErrors ValidateTrustBundleUpdate(const api::ClusterTrustBundle& stored,
                                      const api::ClusterTrustBundle& updated);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_TRUST_BUNDLE_STRATEGY_H_
