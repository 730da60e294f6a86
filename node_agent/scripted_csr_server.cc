#include "node_agent/scripted_csr_server.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/certificates.pb.h"
#include "core/http/message.h"
#include "core/k8s/http_status.h"
#include "core/k8s/resource_api.h"
#include "core/pki/certificate_authority.h"
#include "core/pki/certificate_request.h"
#include "core/pki/key_usage.h"
#include "core/pki/pem.h"
#include "core/rotation/next_step.h"
#include "node_agent/request_clients.h"

namespace signet::node_agent {
namespace {

using Csr = api::CertificateSigningRequest;

class Client : public RequestClient {
 public:
  Client(k8s::ResourceApi<Csr>& requests, rotation::Credentials credentials,
         std::function<absl::Status()> health)
      : health_(std::move(health)),
        requests_(requests),
        credentials_(credentials == rotation::Credentials::kCurrent
                         ? "the current certificate"
                         : "bootstrap credentials") {}
  k8s::ResourceApi<Csr>& requests() override { return requests_; }
  const std::string& credentials() const override { return credentials_; }
  absl::Status CheckHealth(absl::Duration) override { return health_(); }
  void Cancel() override {}

 private:
  const std::function<absl::Status()> health_;
  k8s::ResourceApi<Csr>& requests_;
  const std::string credentials_;
};

absl::Status TakeError(std::deque<absl::Status>& errors) {
  if (errors.empty()) return absl::OkStatus();
  absl::Status error = errors.front();
  errors.pop_front();
  return error;
}

absl::Status NotFound(absl::string_view name) {
  return HttpError(404, "NotFound",
                   absl::StrCat("certificatesigningrequests.certificates.k8s."
                                "io \"",
                                name, "\" not found"));
}

void AddCondition(Csr& csr, absl::string_view type) {
  auto* condition = csr.mutable_status()->add_conditions();
  condition->set_type(std::string(type));
  condition->set_status("True");
  condition->set_reason("Scripted");
  condition->set_message("so it is written");
}

}  // namespace

absl::Status HttpError(int code, absl::string_view reason,
                       absl::string_view message,
                       absl::string_view retry_after) {
  http::Response response;
  response.status = code;
  response.headers.Set("Content-Type", "application/json");
  if (!retry_after.empty()) response.headers.Set("Retry-After", retry_after);
  response.body = absl::StrCat(
      R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")",
      absl::StrReplaceAll(message.empty() ? reason : message, {{"\"", "\\\""}}),
      R"(","reason":")", reason, R"(","code":)", code, "}");
  return k8s::StatusFromResponse(response);
}

class ScriptedCsrServer::ScriptedWatcher : public k8s::Watcher<Csr> {
 public:
  ScriptedWatcher(ScriptedCsrServer& server, int64_t version)
      : server_(server), version_(version) {}

  absl::StatusOr<Event> Next(absl::Duration timeout) override {
    ABSL_RETURN_IF_ERROR(server_.Before("next"));
    absl::StatusOr<Event> event = Take(timeout);
    ABSL_RETURN_IF_ERROR(server_.After("next"));
    return event;
  }
  void Stop() override {}

 private:
  absl::StatusOr<Event> Take(absl::Duration timeout) {
    if (absl::Status error = TakeError(server_.event_errors); !error.ok()) {
      return error;
    }
    const absl::Time deadline = server_.clock_.TimeNow() + timeout;
    while (true) {
      server_.CatchUp();
      for (const auto& [version, event] : server_.events_) {
        if (version <= version_) continue;
        version_ = version;
        return event;
      }
      const auto next = server_.script_.begin();
      if (next == server_.script_.end() || next->first > deadline) {
        server_.clock_.SleepUntil(deadline);
        return absl::DeadlineExceededError("no event");
      }
      server_.clock_.SleepUntil(next->first);
    }
  }

  ScriptedCsrServer& server_;
  int64_t version_;
};

absl::StatusOr<std::unique_ptr<RequestClient>> ScriptedCsrServer::ForAttempt(
    rotation::Credentials credentials) {
  attempts.push_back({clock_.TimeNow(), credentials});
  if (before != nullptr) ABSL_RETURN_IF_ERROR(before("client"));
  if (!fates.empty() && !fates.front().client.ok()) {
    const absl::Status error = fates.front().client;
    fates.pop_front();
    return error;
  }
  if (fates.empty() && !usual.client.ok()) return usual.client;
  return std::make_unique<Client>(*this, credentials, [this]() -> absl::Status {
    ABSL_RETURN_IF_ERROR(Before("health"));
    ABSL_RETURN_IF_ERROR(TakeError(health_errors));
    return After("health");
  });
}

absl::Status ScriptedCsrServer::Before(absl::string_view call) {
  ++calls;
  return before == nullptr ? absl::OkStatus() : before(call);
}

absl::Status ScriptedCsrServer::After(absl::string_view call) const {
  return after == nullptr ? absl::OkStatus() : after(call);
}

const std::map<std::string, Csr>& ScriptedCsrServer::objects() {
  CatchUp();
  return objects_;
}

void ScriptedCsrServer::Add(Csr csr) {
  const std::string name = csr.metadata().name();
  objects_[name] = std::move(csr);
  Change(name, [](Csr&) {});
}

absl::StatusOr<Csr> ScriptedCsrServer::Create(const Csr& object) {
  ABSL_RETURN_IF_ERROR(Before("create"));
  CatchUp();
  Fate fate = usual;
  if (!fates.empty()) {
    fate = fates.front();
    fates.pop_front();
  }
  if (!fate.create.ok()) return fate.create;
  Csr csr = object;
  std::string name = csr.metadata().name();
  if (name.empty()) {
    name = absl::StrCat(csr.metadata().generate_name(), created.size());
  } else if (objects_.contains(name)) {
    return HttpError(409, "AlreadyExists",
                     absl::StrCat("certificatesigningrequests.certificates."
                                  "k8s.io \"",
                                  name, "\" already exists"));
  }
  csr.mutable_metadata()->set_name(name);
  csr.mutable_metadata()->set_uid(absl::StrCat("uid-", created.size()));
  created.push_back(csr);
  objects_[name] = csr;
  Change(name, [](Csr&) {});

  const absl::Time now = clock_.TimeNow();
  if (fate.approve.has_value()) {
    At(now + *fate.approve, [this, name] {
      Change(name, [](Csr& c) { AddCondition(c, "Approved"); });
    });
  }
  if (fate.issue.has_value()) {
    At(now + *fate.issue, [this, name, fate] {
      Change(name, [&](Csr& c) {
        c.mutable_status()->set_certificate(Issue(c, fate));
      });
    });
  }
  if (fate.deny.has_value()) {
    At(now + *fate.deny, [this, name] {
      Change(name, [](Csr& c) { AddCondition(c, "Denied"); });
    });
  }
  if (fate.fail.has_value()) {
    At(now + *fate.fail, [this, name] {
      Change(name, [](Csr& c) { AddCondition(c, "Failed"); });
    });
  }
  if (fate.replace.has_value()) {
    At(now + *fate.replace, [this, name] {
      Change(name, [](Csr& c) { c.mutable_metadata()->set_uid("another"); });
    });
  }
  if (fate.remove.has_value()) {
    At(now + *fate.remove, [this, name] {
      const auto it = objects_.find(name);
      if (it == objects_.end()) return;
      const Csr last = it->second;
      objects_.erase(it);
      Tell(k8s::WatchEventType::kDeleted, last);
    });
  }
  ABSL_RETURN_IF_ERROR(After("create"));
  return objects_.at(name);
}

absl::StatusOr<k8s::ListResult<Csr>> ScriptedCsrServer::List(
    const k8s::ListOptions& options) {
  ABSL_RETURN_IF_ERROR(Before("list"));
  if (on_list != nullptr) on_list();
  lists.push_back(options);
  if (absl::Status error = TakeError(list_errors); !error.ok()) return error;
  CatchUp();
  k8s::ListResult<Csr> result;
  for (const auto& [name, csr] : objects_) {
    if (options.field_selector.empty() ||
        options.field_selector == absl::StrCat("metadata.name=", name) ||
        options.field_selector ==
            absl::StrCat("spec.signerName=", csr.spec().signer_name())) {
      result.items.push_back(csr);
    }
  }
  result.resource_version = absl::StrCat(version_);
  ABSL_RETURN_IF_ERROR(After("list"));
  return result;
}

absl::StatusOr<std::unique_ptr<k8s::Watcher<Csr>>> ScriptedCsrServer::Watch(
    const k8s::WatchOptions& options) {
  ABSL_RETURN_IF_ERROR(Before("watch"));
  watches.push_back(options);
  if (absl::Status error = TakeError(watch_errors); !error.ok()) return error;
  int64_t version;
  CHECK(absl::SimpleAtoi(options.resource_version, &version));
  ABSL_RETURN_IF_ERROR(After("watch"));
  return std::make_unique<ScriptedWatcher>(*this, version);
}

absl::StatusOr<Csr> ScriptedCsrServer::Get(absl::string_view,
                                           absl::string_view name) {
  ABSL_RETURN_IF_ERROR(Before("get"));
  gets.push_back(std::string(name));
  CatchUp();
  const auto it = objects_.find(std::string(name));
  ABSL_RETURN_IF_ERROR(After("get"));
  if (it == objects_.end()) return NotFound(name);
  return it->second;
}
absl::StatusOr<Csr> ScriptedCsrServer::Update(const Csr&) {
  return absl::UnimplementedError("Update");
}
absl::StatusOr<Csr> ScriptedCsrServer::UpdateSubresource(absl::string_view,
                                                         const Csr&) {
  return absl::UnimplementedError("UpdateSubresource");
}
absl::StatusOr<Csr> ScriptedCsrServer::Patch(absl::string_view,
                                             absl::string_view,
                                             absl::string_view,
                                             absl::string_view) {
  return absl::UnimplementedError("Patch");
}
absl::Status ScriptedCsrServer::Delete(absl::string_view,
                                       absl::string_view name) {
  ABSL_RETURN_IF_ERROR(Before("delete"));
  deletes.push_back(std::string(name));
  CatchUp();
  if (!delete_error.ok()) return delete_error;
  const auto it = objects_.find(std::string(name));
  if (it == objects_.end()) return NotFound(name);
  const Csr last = it->second;
  objects_.erase(it);
  Tell(k8s::WatchEventType::kDeleted, last);
  return After("delete");
}

void ScriptedCsrServer::CatchUp() {
  while (!script_.empty() && script_.begin()->first <= clock_.TimeNow()) {
    const std::function<void()> deed = script_.begin()->second;
    script_.erase(script_.begin());
    deed();
  }
}

void ScriptedCsrServer::At(absl::Time time, std::function<void()> deed) {
  script_.emplace(time, std::move(deed));
}

void ScriptedCsrServer::Change(const std::string& name,
                               const std::function<void(Csr&)>& edit) {
  const auto it = objects_.find(name);
  if (it == objects_.end()) return;
  edit(it->second);
  Tell(k8s::WatchEventType::kModified, it->second);
  it->second.mutable_metadata()->set_resource_version(absl::StrCat(version_));
}

void ScriptedCsrServer::Tell(k8s::WatchEventType type, Csr object) {
  object.mutable_metadata()->set_resource_version(absl::StrCat(++version_));
  events_.push_back({version_, {type, std::move(object)}});
}

std::string ScriptedCsrServer::Issue(const Csr& csr, const Fate& fate) const {
  const auto request = pki::CertificateRequest::ParsePem(csr.spec().request());
  CHECK_OK(request);
  CHECK_OK(request->VerifySignature());
  const absl::Time now = absl::FromUnixSeconds(
      absl::ToUnixSeconds(clock_.TimeNow() + fate.ahead - absl::Minutes(5)));
  pki::TbsCertificate tbs;
  tbs.serial_number = absl::StrCat("serial-", version_);
  tbs.subject = request->subject();
  if (!fate.common_name.empty()) tbs.subject.common_name = fate.common_name;
  tbs.validity = {now, now + fate.lifetime};
  tbs.spki_der = fate.for_another_key ? ca_.key().public_key().spki_der()
                                      : request->public_key().spki_der();
  tbs.subject_alt_names = request->subject_alt_names();
  tbs.usages.key_usage = pki::kDigitalSignature;
  tbs.usages.extended = {pki::ExtendedKeyUsage::kClientAuth};
  const auto der = ca_.authority().Issue(tbs);
  CHECK_OK(der);
  return pki::EncodePem("CERTIFICATE", *der);
}

}  // namespace signet::node_agent
