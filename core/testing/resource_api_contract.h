#ifndef SIGNET_CORE_TESTING_RESOURCE_API_CONTRACT_H_
#define SIGNET_CORE_TESTING_RESOURCE_API_CONTRACT_H_

#include "absl/strings/string_view.h"
#include "core/api/certificates.pb.h"
#include "core/api/coordination.pb.h"
#include "core/k8s/resource_api.h"

namespace signet::testing {

// ExpectResourceApiContract checks, with gtest's expectations, that a server
// and its client do what core/k8s/resource_api.h and part D of the SPEC say.
// The fake, and the client with an API server, are both held to it. Objects are
// called `prefix`…, are alone with such names and are deleted in the end; the
// leases live in the namespace `namespace_name`, which must exist. The caller
// of `csrs` may approve for, and sign for, the signer example.com/contract.
void ExpectResourceApiContract(
    k8s::ResourceApi<api::CertificateSigningRequest>& csrs,
    k8s::ResourceApi<api::Lease>& leases, absl::string_view prefix,
    absl::string_view namespace_name);

}  // namespace signet::testing

#endif  // SIGNET_CORE_TESTING_RESOURCE_API_CONTRACT_H_
