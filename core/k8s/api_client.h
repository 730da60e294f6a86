#ifndef SIGNET_CORE_K8S_API_CLIENT_H_
#define SIGNET_CORE_K8S_API_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/codec.h"
#include "core/http/transport.h"
#include "core/k8s/kubeconfig.h"
#include "core/k8s/resource_api.h"

namespace signet::k8s {

struct ApiClientOptions {
  absl::Duration request_timeout = absl::Seconds(30);
  // Protobuf by default, JSON accepted in answers; true: JSON both ways.
  bool json = false;
};

// ApiClient speaks Kubernetes' REST API over a Transport. It does not retry:
// that is the caller's (kUnavailable says so). Thread-safe.
class ApiClient {
 public:
  // `transport` must outlive the client; `token` may be null.
  ApiClient(http::Transport& transport, std::shared_ptr<TokenSource> token,
            ApiClientOptions options = {});

  // The typed client of a kind T with a Resource<T>. The ApiClient must outlive
  // it. Defined in the .cc for every kind of core/api/resource.h.
  template <class T>
  std::unique_ptr<ResourceApi<T>> Api();

  // A request on any path; the answer as it came if 2xx, else
  // StatusFromResponse. Adds authorization, and accept unless it is there.
  absl::StatusOr<http::Response> Do(http::Request request);
  absl::StatusOr<http::StreamResponse> Open(http::Request request);

  const ApiClientOptions& options() const { return options_; }

 private:
  absl::Status Prepare(http::Request& request);

  http::Transport& transport_;
  std::shared_ptr<TokenSource> token_;
  ApiClientOptions options_;
};

}  // namespace signet::k8s

#endif  // SIGNET_CORE_K8S_API_CLIENT_H_
