#include "node_agent/start_up.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/base/file_system.h"
#include "core/http/beast_transport.h"
#include "core/http/tls_identity.h"
#include "core/k8s/kubeconfig.h"
#include "core/pki/certificate.h"
#include "core/rotation/next_step.h"
#include "node_agent/because.h"
#include "node_agent/event.h"

namespace signet::node_agent {
namespace {

constexpr uint32_t kFileMode = 0600;
constexpr uint32_t kDirectoryMode = 0755;

std::string Parent(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

// Writes the file whole or not at all. A symbolic link is written through, as
// the kubelet does.
absl::Status WriteKubeconfig(absl::string_view path, absl::string_view text,
                             FileSystem& files) {
  const std::string directory = Parent(path);
  ABSL_RETURN_IF_ERROR(files.MakeDirectories(directory, kDirectoryMode));
  const absl::StatusOr<FileInfo> old = files.LinkStat(path);
  if (old.ok() && old->type == FileType::kSymlink) {
    return files.Write(path, text, kFileMode);
  }
  const std::string temporary = absl::StrCat(path, ".tmp");
  ABSL_RETURN_IF_ERROR(files.Write(temporary, text, kFileMode));
  ABSL_RETURN_IF_ERROR(files.Rename(temporary, path));
  return files.SyncDirectory(directory);
}

absl::StatusOr<StartUp> UseKubeconfig(absl::string_view path,
                                      FileSystem& files) {
  absl::StatusOr<k8s::ClientConfig> config = k8s::LoadKubeconfig(files, path);
  if (!config.ok()) {
    return Because("unable to load kubeconfig", config.status());
  }
  StartUp result;
  if (!config->client_certificate_data.empty() &&
      !config->client_key_data.empty()) {
    absl::StatusOr<CertificateStore::Pair> pair = http::TlsIdentity::FromPem(
        config->client_certificate_data, config->client_key_data.Reveal());
    if (!pair.ok()) {
      return Because(
          absl::StrCat("the client certificate in kubeconfig \"", path, "\""),
          pair.status());
    }
    result.inline_pair = *std::move(pair);
  }
  result.client = *std::move(config);
  return result;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindKubeconfigFlaw(
    absl::string_view path, FileSystem& files, absl::Clock& clock) {
  const absl::Status exists = files.Stat(path).status();
  if (absl::IsNotFound(exists)) return "it does not exist";
  if (!exists.ok()) {
    return Because(
        absl::StrCat("error reading existing kubeconfig \"", path, "\""),
        exists);
  }
  const auto config = k8s::LoadKubeconfig(files, path);
  if (!config.ok()) return std::string(config.status().message());
  const auto options = k8s::MakeTransportOptions(*config, files, clock);
  if (!options.ok()) return std::string(options.status().message());
  const std::shared_ptr<const http::TlsIdentity> identity =
      options->identity == nullptr ? nullptr : options->identity->Current();
  if (identity == nullptr) return "it has no client certificate";
  for (const pki::Certificate& certificate : identity->chain) {
    if (!rotation::IsUsable(certificate.validity(), clock.TimeNow())) {
      return absl::StrCat("its client certificate expired at ",
                          FormatTimestamp(certificate.validity().not_after));
    }
  }
  return std::nullopt;
}

absl::Status WriteNodeKubeconfig(const k8s::ClientConfig& bootstrap,
                                 absl::string_view path,
                                 absl::string_view current_path,
                                 FileSystem& files) {
  const absl::Status written = WriteKubeconfig(
      path, k8s::RenderNodeKubeconfig(bootstrap, current_path), files);
  if (written.ok()) return written;
  return Because(absl::StrCat("unable to write kubeconfig \"", path, "\""),
                 written);
}

absl::StatusOr<StartUp> LoadStartUp(const KubeconfigPaths& paths,
                                    absl::string_view current_path,
                                    FileSystem& files, absl::Clock& clock) {
  if (paths.bootstrap.empty()) return UseKubeconfig(paths.kubeconfig, files);
  ABSL_ASSIGN_OR_RETURN(const std::optional<std::string> flaw,
                        FindKubeconfigFlaw(paths.kubeconfig, files, clock));
  if (!flaw.has_value()) {
    LOG(INFO) << Event("kubeconfig_valid").With("path", paths.kubeconfig);
    return UseKubeconfig(paths.kubeconfig, files);
  }

  const auto bootstrap = k8s::LoadKubeconfig(files, paths.bootstrap);
  if (!bootstrap.ok()) {
    return Because(
        absl::StrCat("kubeconfig \"", paths.kubeconfig, "\" cannot be used (",
                     *flaw, ") and unable to load bootstrap kubeconfig"),
        bootstrap.status());
  }
  ABSL_RETURN_IF_ERROR(
      WriteNodeKubeconfig(*bootstrap, paths.kubeconfig, current_path, files));
  LOG(INFO) << Event("bootstrapping")
                   .With("why", absl::StrCat("kubeconfig: ", *flaw))
                   .With("bootstrap_kubeconfig", paths.bootstrap)
                   .With("server", bootstrap->server)
                   .With("wrote", paths.kubeconfig);
  StartUp result;
  ABSL_ASSIGN_OR_RETURN(result.client,
                        k8s::LoadKubeconfig(files, paths.kubeconfig));
  result.bootstrapping = true;
  return result;
}

}  // namespace signet::node_agent
