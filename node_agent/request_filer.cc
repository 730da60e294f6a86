#include "node_agent/request_filer.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "core/api/certificates.pb.h"
#include "core/k8s/http_status.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate.h"
#include "core/pki/certificate_request.h"
#include "core/pki/pem.h"
#include "core/pki/private_key.h"
#include "core/rotation/pending_request.h"
#include "core/rotation/request_key.h"
#include "node_agent/because.h"
#include "node_agent/certificate_store.h"
#include "node_agent/event.h"
#include "node_agent/request_clients.h"

namespace signet::node_agent {
namespace {

using Csr = api::CertificateSigningRequest;

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;

// SPEC A-10.
Csr NewObject(const rotation::RequestNeed& need, const std::string& request) {
  Csr csr;
  csr.mutable_metadata()->set_generate_name("csr-");
  auto* spec = csr.mutable_spec();
  spec->set_request(request);
  spec->set_signer_name(need.signer_name);
  for (const std::string& usage : need.usages) spec->add_usages(usage);
  if (need.expiration_seconds.has_value()) {
    spec->set_expiration_seconds(*need.expiration_seconds);
  }
  return csr;
}

k8s::ListOptions OfSigner(const std::string& signer_name) {
  k8s::ListOptions options;
  options.field_selector = absl::StrCat("spec.signerName=", signer_name);
  return options;
}

}  // namespace

RequestFiler::RequestFiler(CertificateStore& store, pki::KeyGenerator& keys,
                           absl::Clock& clock, int max_pending)
    : store_(store), keys_(keys), clock_(clock), max_pending_(max_pending) {}

void RequestFiler::Recall(const CertificateStore::Pair& stored) {
  absl::StatusOr<std::optional<rotation::PendingRequest>> kept =
      store_.Pending();
  if (!kept.ok()) {
    LOG(WARNING)
        << Event("cannot_resume").With("error", kept.status().message());
    return;
  }
  pending_ = *std::move(kept);
  if (pending_.has_value() && stored != nullptr &&
      stored->chain.front().public_key() == pending_->key.public_key()) {
    Forget();
  }
}

absl::Status RequestFiler::Prepare(const rotation::RequestNeed& need,
                                   pki::KeyAlgorithm algorithm) {
  api_error_ = absl::OkStatus();
  fresh_.reset();
  if (pending_.has_value()) return absl::OkStatus();
  ABSL_ASSIGN_OR_RETURN(fresh_, Make(need, algorithm));
  return absl::OkStatus();
}

absl::StatusOr<rotation::PendingRequest> RequestFiler::Make(
    const rotation::RequestNeed& need, pki::KeyAlgorithm algorithm) {
  // A new key for each request (SPEC A-9).
  absl::StatusOr<pki::PrivateKey> key = keys_.Generate(algorithm);
  if (!key.ok()) {
    return Because("unable to generate a new private key", key.status());
  }
  ABSL_RETURN_IF_ERROR(rotation::CheckRequestKey(key->public_key().type(),
                                                 key->public_key().bits()));
  const auto der = pki::CertificateRequest::Build(
      need.wanted.subject(), need.wanted.subject_alt_names(), *key);
  if (!der.ok()) {
    return Because("unable to generate a certificate signing request",
                   der.status());
  }
  return rotation::PendingRequest{
      *std::move(key), pki::EncodePem("CERTIFICATE REQUEST", *der), "", ""};
}

absl::StatusOr<RequestFiler::Filed> RequestFiler::File(
    RequestClient& client, const rotation::RequestNeed& need,
    pki::KeyAlgorithm algorithm, bool suspicious) {
  api_error_ = absl::OkStatus();
  if (pending_.has_value()) {
    ABSL_ASSIGN_OR_RETURN(const std::optional<Csr> found, Find(client, need));
    const rotation::ResumeDecision decision =
        rotation::DecideResume(*pending_, found.has_value() ? &*found : nullptr,
                               need, clock_.TimeNow());
    LOG(INFO) << Event("left_behind").With("what", decision.why);
    switch (decision.action) {
      case rotation::Resume::kAwait:
        RememberObject(*found);
        return Filed{*found, pending_->key, /*resumed=*/true};
      case rotation::Resume::kFileAgain:
        return Create(client, need);
      case rotation::Resume::kSupersede:
        Supersede(client, found->metadata().name());
        break;
      case rotation::Resume::kFileNew:
        Forget();
        break;
    }
    suspicious = true;
    ABSL_ASSIGN_OR_RETURN(fresh_, Make(need, algorithm));
  }
  if ((suspicious || superseded_) && max_pending_ > 0) {
    ABSL_RETURN_IF_ERROR(CheckCount(client, need));
    superseded_ = false;
  }
  const absl::Status kept = store_.KeepPending(*fresh_);
  if (!kept.ok()) return Because("cannot keep the request's key", kept);
  pending_ = std::move(fresh_);
  fresh_.reset();
  return Create(client, need);
}

absl::StatusOr<std::optional<Csr>> RequestFiler::Find(
    RequestClient& client, const rotation::RequestNeed& need) {
  constexpr char kWhat[] = "cannot look for the request under way with ";
  if (!pending_->name.empty()) {
    absl::StatusOr<Csr> csr = client.requests().Get("", pending_->name);
    if (k8s::HttpCode(csr.status()) == kNotFound) return std::nullopt;
    if (!csr.ok()) return FromApi(kWhat, client, csr.status());
    return *std::move(csr);
  }
  // The answer that would have told its name was lost, or it was never sent.
  const auto list = client.requests().List(OfSigner(need.signer_name));
  if (!list.ok()) return FromApi(kWhat, client, list.status());
  for (const Csr& csr : list->items) {
    if (csr.spec().request() == pending_->request_pem) return csr;
  }
  return std::nullopt;
}

absl::Status RequestFiler::CheckCount(RequestClient& client,
                                      const rotation::RequestNeed& need) {
  const auto list = client.requests().List(OfSigner(need.signer_name));
  if (k8s::HttpCode(list.status()) == kForbidden) {
    if (!told_no_list_) {
      told_no_list_ = true;
      LOG(WARNING) << Event("cannot_count_requests")
                          .With("error", list.status().message());
    }
    return absl::OkStatus();
  }
  if (!list.ok()) {
    return FromApi("cannot count this node's requests with ", client,
                   list.status());
  }
  const int count = rotation::CountPending(list->items, need.signer_name,
                                           need.wanted.common_name);
  if (count < max_pending_) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "files no further request: ", count, " of ", need.wanted.common_name,
      " are pending already, the most is ", max_pending_));
}

absl::StatusOr<RequestFiler::Filed> RequestFiler::Create(
    RequestClient& client, const rotation::RequestNeed& need) {
  const absl::StatusOr<Csr> created =
      client.requests().Create(NewObject(need, pending_->request_pem));
  if (!created.ok()) {
    if (!rotation::MayHaveBeenCreated(k8s::HttpCode(created.status()))) {
      Forget();
    }
    return FromApi("cannot create certificate signing request with ", client,
                   created.status());
  }
  RememberObject(*created);
  return Filed{*created, pending_->key, /*resumed=*/false};
}

void RequestFiler::RememberObject(const Csr& csr) {
  if (!pending_->name.empty()) return;
  pending_->name = csr.metadata().name();
  pending_->uid = csr.metadata().uid();
  // Without its name it can be found, at a higher price.
  const absl::Status kept = store_.KeepPending(*pending_);
  if (!kept.ok()) {
    LOG(WARNING) << Event("cannot_keep_name")
                        .With("csr", pending_->name)
                        .With("error", kept.message());
  }
}

absl::Status RequestFiler::FromApi(absl::string_view what,
                                   const RequestClient& client,
                                   const absl::Status& error) {
  api_error_ = error;
  return Because(absl::StrCat(what, client.credentials(),
                              k8s::HttpCode(error) == kUnauthorized
                                  ? ": not accepted, perhaps expired"
                                  : ""),
                 error);
}

void RequestFiler::Forget() {
  pending_.reset();
  const absl::Status forgotten = store_.ForgetPending();
  if (!forgotten.ok()) {
    LOG(WARNING)
        << Event("cannot_forget_request").With("error", forgotten.message());
  }
}

void RequestFiler::Supersede(RequestClient& client, const std::string& name) {
  const absl::Status deleted = client.requests().Delete("", name);
  if (deleted.ok()) {
    LOG(INFO) << Event("superseded").With("csr", name);
  } else if (k8s::HttpCode(deleted) != kForbidden || !told_no_delete_) {
    told_no_delete_ |= k8s::HttpCode(deleted) == kForbidden;
    LOG(WARNING) << Event("cannot_delete_superseded")
                        .With("csr", name)
                        .With("error", deleted.message());
  }
  superseded_ = true;
  Forget();
}

}  // namespace signet::node_agent
