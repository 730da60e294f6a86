#include "node_agent/pending_request_text.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/secret.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/rotation/pending_request.h"

namespace signet::node_agent {
namespace {

constexpr absl::string_view kNameLine = "csr: ";

}  // namespace

absl::StatusOr<Secret> EncodePendingRequest(
    const rotation::PendingRequest& pending) {
  ABSL_ASSIGN_OR_RETURN(
      const Secret key,
      pending.key.ToPem(pki::PrivateKey::Format::kTraditional));
  std::string text;
  // Growing would leave copies of the key behind.
  text.reserve(kNameLine.size() + pending.name.size() + pending.uid.size() +
               pending.request_pem.size() + key.size() + 8);
  if (!pending.name.empty()) {
    absl::StrAppend(&text, kNameLine, pending.name, " ", pending.uid, "\n");
  }
  text += pending.request_pem;
  text += key.Reveal();
  return Secret::FromString(std::move(text));
}

absl::StatusOr<rotation::PendingRequest> ParsePendingRequest(
    absl::string_view text) {
  std::string name, uid;
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, kNameLine)) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(rest.substr(0, rest.find('\n')), ' ');
    if (words.size() != 2 || words[0].empty() || words[1].empty()) {
      return absl::InvalidArgumentError(
          "its first line is not `csr: NAME UID`");
    }
    name = std::string(words[0]);
    uid = std::string(words[1]);
  }
  ABSL_ASSIGN_OR_RETURN(const pki::PemBlock block, pki::ParseFirstPem(text));
  if (block.type != "CERTIFICATE REQUEST") {
    return absl::InvalidArgumentError(
        "its first PEM block must be CERTIFICATE REQUEST");
  }
  ABSL_ASSIGN_OR_RETURN(const pki::CertificateRequest request,
                        pki::CertificateRequest::Parse(block.der));
  ABSL_ASSIGN_OR_RETURN(pki::PrivateKey key, pki::PrivateKey::FromPem(text));
  if (!(request.public_key() == key.public_key())) {
    return absl::InvalidArgumentError("its key is not the request's");
  }
  return rotation::PendingRequest{std::move(key),
                                  pki::EncodePem(block.type, block.der),
                                  std::move(name), std::move(uid)};
}

}  // namespace signet::node_agent
