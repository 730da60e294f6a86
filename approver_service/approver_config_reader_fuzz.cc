// Whatever the bytes, a configuration is read, or every line of the error
// begins with the file's name; a second reading gives the same; and what was
// read decides about a request without approving what nothing backs.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "approver_service/approver_config_reader.h"
#include "approver_service/offline_evidence.h"
#include "core/api/certificates.pb.h"
#include "core/policy/approver_config.h"
#include "core/policy/approver_decision.h"
#include "core/policy/decision.h"

namespace {

void CheckError(const absl::Status& status) {
  CHECK(absl::IsInvalidArgument(status)) << status;
  const std::vector<absl::string_view> lines =
      absl::StrSplit(status.message(), '\n');
  for (const absl::string_view line : lines) {
    CHECK(absl::StartsWith(line, "a.yaml:")) << status;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<signet::policy::ApproverConfig> config =
      signet::approver::ReadApproverConfig("a.yaml", text);
  CHECK(config.status() ==
        signet::approver::ReadApproverConfig("a.yaml", text).status());
  const absl::StatusOr<signet::policy::ApproverEvidence> evidence =
      signet::approver::ParseEvidence("a.yaml", text);
  if (!evidence.ok()) CheckError(evidence.status());
  if (!config.ok()) {
    CheckError(config.status());
    return 0;
  }
  // A request without anything in it.
  signet::api::CertificateSigningRequest csr;
  for (const char* const signer :
       {"kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client",
        "example.com/backend"}) {
    csr.mutable_spec()->set_signer_name(signer);
    CHECK(
        signet::policy::DecideWithEvidence(csr, *config, {}).decision.verdict !=
        signet::policy::Verdict::kApprove);
  }
  return 0;
}
