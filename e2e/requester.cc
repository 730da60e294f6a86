#include "e2e/requester.h"

#include <string>
#include <utility>

#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/resource.h"
#include "core/http/message.h"
#include "core/k8s/api_client.h"

namespace signet::e2e {

absl::StatusOr<api::CertificateSigningRequest> CreateAs(
    k8s::ApiClient& admin, const Requester& requester,
    const api::CertificateSigningRequest& csr) {
  const api::ResourceInfo& info =
      api::Resource<api::CertificateSigningRequest>::kInfo;
  http::Request request;
  request.method = "POST";
  request.target = absl::StrCat(info.GroupPath(), "/", info.plural);
  request.headers.Set("Content-Type", "application/json");
  request.headers.Set("Accept", "application/json");
  request.headers.Set("Impersonate-User", requester.username);
  for (const std::string& group : requester.groups) {
    request.headers.Add("Impersonate-Group", group);
  }
  if (!requester.uid.empty()) {
    request.headers.Set("Impersonate-Uid", requester.uid);
  }
  for (const auto& [key, value] : requester.extra) {
    request.headers.Add("Impersonate-Extra-" + key, value);
  }
  request.body =
      api::EncodeJson(csr, {info.ApiVersion(), std::string(info.kind)});
  ABSL_ASSIGN_OR_RETURN(const http::Response response,
                        admin.Do(std::move(request)));
  api::CertificateSigningRequest created;
  ABSL_RETURN_IF_ERROR(api::DecodeJson(response.body, &created, nullptr));
  return created;
}

}  // namespace signet::e2e
