// What is read can be written as a node's kubeconfig, and read back with the
// same server and authority.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "core/k8s/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<signet::k8s::ClientConfig> config =
      signet::k8s::ParseKubeconfig(text, "/etc/kubelet.conf");
  if (!config.ok()) {
    CHECK(absl::IsInvalidArgument(config.status()) ||
          absl::IsUnimplemented(config.status()))
        << config.status();
    CHECK(absl::StartsWith(config.status().message(),
                           "kubeconfig \"/etc/kubelet.conf\": "))
        << config.status();
    return 0;
  }
  CHECK(absl::StrContains(config->server, "://"));
  CHECK(!config->context.empty());

  const std::string rendered =
      signet::k8s::RenderNodeKubeconfig(*config, "/pki/current.pem");
  const absl::StatusOr<signet::k8s::ClientConfig> again =
      signet::k8s::ParseKubeconfig(rendered, "/etc/kubelet.conf");
  CHECK_OK(again.status()) << rendered;
  CHECK_EQ(again->server, config->server);
  CHECK_EQ(again->insecure_skip_tls_verify, config->insecure_skip_tls_verify);
  CHECK(again->certificate_authority_data ==
        config->certificate_authority_data);
  if (config->certificate_authority_data.empty()) {
    CHECK_EQ(again->certificate_authority_file,
             config->certificate_authority_file);
  }
  CHECK_EQ(again->client_key_file, "/pki/current.pem");
  return 0;
}
