#ifndef SIGNET_TOOLS_APISERVER_ADMISSION_H_
#define SIGNET_TOOLS_APISERVER_ADMISSION_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/user.h"

// What is checked beyond roles and validation: the admission plugins that
// concern nodes and certificates. Refusals are 403 as api_error's. Pure but for
// the authorizer.
namespace signet::apiserver {

// Before validation: what a node may write (NodeRestriction, SPEC B-10).
// `object` is null for deletions; `name` is the request's, or the object's own
// when it is being created.
absl::Status AdmitNode(const Kind& kind, const User& user,
                       absl::string_view verb, absl::string_view namespace_name,
                       absl::string_view name,
                       const google::protobuf::Message* stored,
                       const google::protobuf::Message* object);

// After validation (SPEC C-25): CertificateSubjectRestriction on creation;
// CertificateApproval and CertificateSigning on updates of /approval and
// /status; ClusterTrustBundleAttest.
absl::Status AdmitCreate(const Kind& kind, const Authorizer& authorizer,
                         const User& user,
                         const google::protobuf::Message& object);
absl::Status AdmitUpdate(const Kind& kind, const Authorizer& authorizer,
                         const User& user, absl::string_view subresource,
                         const google::protobuf::Message& stored,
                         const google::protobuf::Message& updated);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_ADMISSION_H_
