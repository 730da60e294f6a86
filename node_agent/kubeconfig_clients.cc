#include "node_agent/kubeconfig_clients.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/base/file_system.h"
#include "core/http/beast_transport.h"
#include "core/http/message.h"
#include "core/http/tls_identity.h"
#include "core/http/transport.h"
#include "core/k8s/api_client.h"
#include "core/k8s/http_status.h"
#include "core/k8s/kubeconfig.h"
#include "core/k8s/resource_api.h"
#include "core/rotation/next_step.h"
#include "node_agent/request_clients.h"
#include "node_agent/start_up.h"

namespace signet::node_agent {
namespace {

class Client : public RequestClient {
 public:
  Client(std::unique_ptr<http::Transport> transport,
         std::shared_ptr<k8s::TokenSource> token, std::string credentials)
      : transport_(std::move(transport)),
        client_(*transport_, std::move(token)),
        requests_(client_.Api<api::CertificateSigningRequest>()),
        credentials_(std::move(credentials)) {}

  k8s::ResourceApi<api::CertificateSigningRequest>& requests() override {
    return *requests_;
  }
  const std::string& credentials() const override { return credentials_; }
  absl::Status CheckHealth(absl::Duration timeout) override {
    http::Request request;
    request.target = "/healthz";
    const auto response = transport_->Send(request, timeout);
    if (!response.ok()) return response.status();
    return k8s::StatusFromResponse(*response);
  }
  void Cancel() override { transport_->Shutdown(); }

 private:
  const std::unique_ptr<http::Transport> transport_;
  k8s::ApiClient client_;
  const std::unique_ptr<k8s::ResourceApi<api::CertificateSigningRequest>>
      requests_;
  const std::string credentials_;
};

}  // namespace

KubeconfigRequestClients::KubeconfigRequestClients(
    KubeconfigPaths paths, std::shared_ptr<http::IdentitySource> current,
    FileSystem& files, absl::Clock& clock, TransportFactory new_transport)
    : paths_(std::move(paths)),
      current_(std::move(current)),
      files_(files),
      clock_(clock),
      new_transport_(std::move(new_transport)) {}

absl::StatusOr<std::unique_ptr<RequestClient>>
KubeconfigRequestClients::ForAttempt(rotation::Credentials credentials) {
  const bool falls_back = credentials == rotation::Credentials::kFallback &&
                          !paths_.bootstrap.empty();
  const bool has_current =
      credentials != rotation::Credentials::kBootstrap && !falls_back;
  std::string path = paths_.kubeconfig;
  std::string what =
      has_current ? "the current certificate, kubeconfig" : "kubeconfig";
  if (falls_back) {
    path = paths_.bootstrap;
    what = "bootstrap kubeconfig";
  } else if (!has_current && !paths_.bootstrap.empty()) {
    ABSL_ASSIGN_OR_RETURN(
        const std::optional<std::string> flaw,
        FindKubeconfigFlaw(paths_.kubeconfig, files_, clock_));
    if (flaw.has_value()) {
      path = paths_.bootstrap;
      what = "bootstrap kubeconfig";
    }
  }
  ABSL_ASSIGN_OR_RETURN(const k8s::ClientConfig config,
                        k8s::LoadKubeconfig(files_, path));
  ABSL_ASSIGN_OR_RETURN(
      http::TransportOptions options,
      k8s::MakeTransportOptions(config, files_, clock_,
                                has_current ? current_ : nullptr));
  ABSL_ASSIGN_OR_RETURN(std::unique_ptr<http::Transport> transport,
                        new_transport_(std::move(options)));
  return std::make_unique<Client>(
      std::move(transport),
      has_current ? nullptr : k8s::MakeTokenSource(config, files_, clock_),
      absl::StrCat(what, " \"", path, "\""));
}

}  // namespace signet::node_agent
