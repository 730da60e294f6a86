#include "e2e/etcd.h"

#include <string>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock_interface.h"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "e2e/native_provider.h"
#include "e2e/process.h"

namespace signet::e2e {

absl::Status StoreInEtcd(const NativeProvider& cluster,
                         api::CertificateSigningRequest csr) {
  api::ObjectMeta& metadata = *csr.mutable_metadata();
  if (metadata.uid().empty()) {
    absl::BitGen random;
    metadata.set_uid(absl::StrFormat("%08x-0000-4000-8000-%012x",
                                     absl::Uniform<uint32_t>(random),
                                     absl::Uniform<uint64_t>(random) >> 16));
  }
  if (!metadata.has_creation_timestamp()) {
    *metadata.mutable_creation_timestamp() =
        api::FromAbslTime(absl::Clock::GetRealClock().TimeNow());
  }
  const std::string value = api::EncodeProtobuf(
      csr, {"certificates.k8s.io/v1", "CertificateSigningRequest"});
  const std::string pki = absl::StrCat(cluster.StateDirectory(), "/pki");
  // etcd's JSON gateway.
  ABSL_ASSIGN_OR_RETURN(
      const CommandResult result,
      RunCommand(
          {"/usr/bin/curl", "--silent", "--show-error", "--fail-with-body",
           "--cacert", pki + "/etcd-ca.crt", "--cert", pki + "/etcd-client.crt",
           "--key", pki + "/etcd-client.key", "--data-binary", "@-",
           absl::StrCat("https://127.0.0.1:", cluster.EtcdPort(),
                        "/v3/kv/put")},
          {},
          absl::StrCat(
              "{\"key\":\"",
              absl::Base64Escape(absl::StrCat(
                  "/registry/certificatesigningrequests/", metadata.name())),
              "\",\"value\":\"", absl::Base64Escape(value), "\"}")));
  if (result.exit_code != 0 || !absl::StrContains(result.out, "revision")) {
    return absl::InternalError(absl::StrCat(
        "etcd does not store ", metadata.name(), ": ", result.out, result.err));
  }
  return absl::OkStatus();
}

}  // namespace signet::e2e
