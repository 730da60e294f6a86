#include "core/k8s/api_client.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/api/resource.h"
#include "core/k8s/http_status.h"
#include "core/k8s/outage.h"
#include "core/k8s/watch_frames.h"
#include "google/protobuf/message.h"

namespace signet::k8s {
namespace {

using google::protobuf::Message;

constexpr absl::string_view kAcceptProtobuf =
    "application/vnd.kubernetes.protobuf,application/json";
constexpr absl::string_view kApplyPatch = "application/apply-patch+yaml";

bool IsProtobuf(absl::string_view content_type) {
  return absl::StartsWithIgnoreCase(content_type, api::kProtobuf);
}

// Query parameters in the order they were added.
class Query {
 public:
  void Add(absl::string_view key, absl::string_view value) {
    absl::StrAppend(&text_, text_.empty() ? "?" : "&", key, "=",
                    http::QueryEscape(value));
  }
  void AddUnlessEmpty(absl::string_view key, absl::string_view value) {
    if (!value.empty()) Add(key, value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The server's fault, not an argument of the caller's.
absl::Status WrongAnswer(absl::string_view why) {
  return absl::InternalError(absl::StrCat("the server's answer: ", why));
}

// An answer in 2xx may still be another object: a Status, or what a server
// makes that is none of ours. `decoded` is what came of reading it as T.
absl::Status CheckAnswer(const absl::Status& decoded, const api::TypeMeta& type,
                         const api::ResourceInfo& info) {
  if (type.kind != info.kind && (decoded.ok() || !type.kind.empty())) {
    return absl::InternalError(absl::StrCat("the server answered with a \"",
                                            type.kind, "\" in place of a ",
                                            info.kind));
  }
  return decoded.ok() ? decoded : WrongAnswer(decoded.message());
}

// The untyped half of a typed client: everything that does not depend on T.
class RestResource {
 public:
  RestResource(ApiClient& client, const api::ResourceInfo& info)
      : client_(client),
        info_(info),
        type_{info.ApiVersion(), std::string(info.kind)} {}

  absl::Status Get(absl::string_view namespace_name, absl::string_view name,
                   Message* out) {
    ABSL_ASSIGN_OR_RETURN(const std::string path,
                          ObjectPath(namespace_name, name));
    return Send("GET", path, "", "", out);
  }

  absl::Status Create(absl::string_view namespace_name, const Message& object,
                      Message* out) {
    ABSL_ASSIGN_OR_RETURN(const std::string path,
                          CollectionPath(namespace_name, true));
    return Send("POST", path, ContentType(), Encode(object), out);
  }

  absl::Status Update(absl::string_view namespace_name, absl::string_view name,
                      absl::string_view subresource, const Message& object,
                      Message* out) {
    ABSL_ASSIGN_OR_RETURN(std::string path, ObjectPath(namespace_name, name));
    if (!subresource.empty()) {
      absl::StrAppend(&path, "/", http::PathEscape(subresource));
    }
    return Send("PUT", path, ContentType(), Encode(object), out);
  }

  absl::Status Patch(absl::string_view namespace_name, absl::string_view name,
                     absl::string_view content_type, absl::string_view patch,
                     Message* out) {
    ABSL_ASSIGN_OR_RETURN(std::string path, ObjectPath(namespace_name, name));
    if (content_type == kApplyPatch) path += "?fieldManager=signet";
    return Send("PATCH", path, content_type, patch, out);
  }

  absl::Status Delete(absl::string_view namespace_name,
                      absl::string_view name) {
    ABSL_ASSIGN_OR_RETURN(const std::string path,
                          ObjectPath(namespace_name, name));
    return client_.Do(NewRequest("DELETE", path)).status();
  }

  // One page.
  absl::Status ListPage(const ListOptions& options, int64_t limit,
                        absl::string_view continue_token,
                        api::ListMeta* metadata,
                        const std::function<Message*()>& add) {
    ABSL_ASSIGN_OR_RETURN(const std::string path,
                          CollectionPath(options.namespace_name, false));
    Query query;
    query.AddUnlessEmpty("fieldSelector", options.field_selector);
    query.AddUnlessEmpty("labelSelector", options.label_selector);
    if (limit > 0) query.Add("limit", absl::StrCat(limit));
    query.AddUnlessEmpty("continue", continue_token);
    ABSL_ASSIGN_OR_RETURN(
        const http::Response response,
        client_.Do(NewRequest("GET", absl::StrCat(path, query.text()))));
    const absl::Status decoded = api::DecodeListInto(
        response.headers.Get("Content-Type"), response.body, metadata, add);
    if (!decoded.ok()) return WrongAnswer(decoded.message());
    // Another object has no items, and would pass for an empty list.
    if (metadata->resource_version().empty()) {
      return WrongAnswer("it is no list");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<http::StreamResponse> OpenWatch(const WatchOptions& options) {
    ABSL_ASSIGN_OR_RETURN(const std::string path,
                          CollectionPath(options.namespace_name, false));
    Query query;
    query.AddUnlessEmpty("fieldSelector", options.field_selector);
    query.AddUnlessEmpty("labelSelector", options.label_selector);
    query.Add("watch", "true");
    query.AddUnlessEmpty("resourceVersion", options.resource_version);
    if (options.allow_bookmarks) query.Add("allowWatchBookmarks", "true");
    if (options.timeout > absl::ZeroDuration() &&
        options.timeout < absl::InfiniteDuration()) {
      query.Add("timeoutSeconds", absl::StrCat(absl::ToInt64Seconds(absl::Ceil(
                                      options.timeout, absl::Seconds(1)))));
    }
    return client_.Open(NewRequest("GET", absl::StrCat(path, query.text())));
  }

  const api::ResourceInfo& info() const { return info_; }

 private:
  absl::string_view ContentType() const {
    return client_.options().json ? api::kJson : api::kProtobuf;
  }
  std::string Encode(const Message& object) const {
    return client_.options().json ? api::EncodeJson(object, type_)
                                  : api::EncodeProtobuf(object, type_);
  }

  static http::Request NewRequest(absl::string_view method,
                                  std::string target) {
    http::Request request;
    request.method = std::string(method);
    request.target = std::move(target);
    return request;
  }

  absl::StatusOr<std::string> CollectionPath(absl::string_view namespace_name,
                                             bool needs_namespace) const {
    if (!info_.namespaced) {
      return absl::StrCat(info_.GroupPath(), "/", info_.plural);
    }
    if (namespace_name.empty()) {
      if (needs_namespace) {
        return absl::InvalidArgumentError(
            absl::StrCat("a ", info_.kind, " needs a namespace"));
      }
      return absl::StrCat(info_.GroupPath(), "/", info_.plural);
    }
    ABSL_RETURN_IF_ERROR(CheckSegment("namespace", namespace_name));
    return absl::StrCat(info_.GroupPath(), "/namespaces/",
                        http::PathEscape(namespace_name), "/", info_.plural);
  }

  absl::StatusOr<std::string> ObjectPath(absl::string_view namespace_name,
                                         absl::string_view name) const {
    ABSL_ASSIGN_OR_RETURN(const std::string collection,
                          CollectionPath(namespace_name, true));
    ABSL_RETURN_IF_ERROR(CheckSegment("name", name));
    return absl::StrCat(collection, "/", http::PathEscape(name));
  }

  // Without a name the path would be the collection's, and a dot would be one
  // more step through the server's tree (SPEC D-2).
  absl::Status CheckSegment(absl::string_view what,
                            absl::string_view segment) const {
    if (segment.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("a ", info_.kind, " needs a ", what));
    }
    if (segment == "." || segment == ".." || absl::StrContains(segment, '/') ||
        absl::StrContains(segment, '%')) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", segment, "\" cannot be the ", what, " of a ", info_.kind));
    }
    return absl::OkStatus();
  }

  absl::Status Send(absl::string_view method, std::string target,
                    absl::string_view content_type, absl::string_view body,
                    Message* out) {
    http::Request request = NewRequest(method, std::move(target));
    if (!content_type.empty()) {
      request.headers.Set("Content-Type", content_type);
      request.body = std::string(body);
    }
    ABSL_ASSIGN_OR_RETURN(const http::Response response,
                          client_.Do(std::move(request)));
    api::TypeMeta type;
    const absl::Status decoded = api::Decode(
        response.headers.Get("Content-Type"), response.body, out, &type);
    return CheckAnswer(decoded, type, info_);
  }

  ApiClient& client_;
  const api::ResourceInfo info_;
  const api::TypeMeta type_;
};

// The untyped half of a watcher.
class RestWatch {
 public:
  RestWatch(http::StreamResponse response, const api::ResourceInfo& info)
      : content_type_(response.headers.Get("Content-Type")),
        info_(info),
        stream_(std::move(response.stream)),
        frames_(IsProtobuf(content_type_) ? WatchFraming::kLengthPrefixed
                                          : WatchFraming::kLines) {}

  // Each piece of an event that arrives starts the timeout anew.
  absl::StatusOr<WatchEventType> Next(absl::Duration timeout, Message* object) {
    if (stopped_.load()) return Stopped();
    if (!end_.ok()) return end_;
    absl::StatusOr<WatchEventType> type = ReadEvent(timeout, object);
    if (stopped_.load()) return Stopped();
    if (!type.ok() && !absl::IsDeadlineExceeded(type.status())) {
      end_ = type.status();
    }
    return type;
  }

  void Stop() {
    stopped_.store(true);
    stream_->Close();
  }

 private:
  static absl::Status Stopped() {
    return absl::CancelledError("the watch was stopped");
  }

  absl::StatusOr<WatchEventType> ReadEvent(absl::Duration timeout,
                                           Message* object) {
    while (true) {
      absl::StatusOr<std::optional<api::WatchEvent>> event = frames_.Next();
      if (!event.ok()) return absl::InternalError(event.status().message());
      if (event->has_value()) return Decode(**event, object);
      ABSL_ASSIGN_OR_RETURN(const std::string bytes, stream_->Read(timeout));
      if (bytes.empty()) {
        return frames_.AtBoundary()
                   ? absl::OutOfRangeError("the watch ended")
                   : absl::UnavailableError(
                         "the watch ended in the middle of an event");
      }
      frames_.Append(bytes);
    }
  }

  absl::StatusOr<WatchEventType> Decode(const api::WatchEvent& event,
                                        Message* object) const {
    const absl::string_view content_type =
        IsProtobuf(content_type_) ? api::kProtobuf : api::kJson;
    api::TypeMeta type;
    if (event.type() == "ERROR") {
      api::Status status;
      const absl::Status decoded =
          api::Decode(content_type, event.object().raw(), &status, &type);
      return decoded.ok() ? StatusFromApi(status)
                          : WrongAnswer(decoded.message());
    }
    const absl::Status decoded =
        api::Decode(content_type, event.object().raw(), object, &type);
    ABSL_RETURN_IF_ERROR(CheckAnswer(decoded, type, info_));
    if (event.type() == "ADDED") return WatchEventType::kAdded;
    if (event.type() == "MODIFIED") return WatchEventType::kModified;
    if (event.type() == "DELETED") return WatchEventType::kDeleted;
    if (event.type() == "BOOKMARK") return WatchEventType::kBookmark;
    return absl::InternalError(
        absl::StrCat("the watch has an event of type \"", event.type(), "\""));
  }

  const std::string content_type_;
  const api::ResourceInfo info_;
  const std::unique_ptr<http::Stream> stream_;
  WatchFrames frames_;
  absl::Status end_;  // Once it has ended.
  std::atomic<bool> stopped_ = false;
};

template <class T>
class TypedWatcher : public Watcher<T> {
 public:
  TypedWatcher(http::StreamResponse response, const api::ResourceInfo& info)
      : watch_(std::move(response), info) {}

  absl::StatusOr<WatchEvent<T>> Next(absl::Duration timeout) override {
    WatchEvent<T> event;
    ABSL_ASSIGN_OR_RETURN(event.type, watch_.Next(timeout, &event.object));
    return event;
  }
  void Stop() override { watch_.Stop(); }

 private:
  RestWatch watch_;
};

template <class T>
class TypedApi : public ResourceApi<T> {
 public:
  explicit TypedApi(ApiClient& client)
      : rest_(client, api::Resource<T>::kInfo) {}

  absl::StatusOr<T> Get(absl::string_view namespace_name,
                        absl::string_view name) override {
    T out;
    ABSL_RETURN_IF_ERROR(rest_.Get(namespace_name, name, &out));
    return out;
  }

  absl::StatusOr<ListResult<T>> List(const ListOptions& options) override {
    absl::StatusOr<ListResult<T>> result = ListPages(options, options.limit);
    // The pages outlived their snapshot: all at once cannot.
    if (options.limit > 0 && absl::IsOutOfRange(result.status())) {
      return ListPages(options, 0);
    }
    return result;
  }

  absl::StatusOr<T> Create(const T& object) override {
    T out;
    ABSL_RETURN_IF_ERROR(
        rest_.Create(object.metadata().namespace_(), object, &out));
    return out;
  }

  absl::StatusOr<T> Update(const T& object) override {
    return UpdateSubresource("", object);
  }

  absl::StatusOr<T> UpdateSubresource(absl::string_view subresource,
                                      const T& object) override {
    T out;
    ABSL_RETURN_IF_ERROR(rest_.Update(object.metadata().namespace_(),
                                      object.metadata().name(), subresource,
                                      object, &out));
    return out;
  }

  absl::StatusOr<T> Patch(absl::string_view namespace_name,
                          absl::string_view name,
                          absl::string_view content_type,
                          absl::string_view patch) override {
    T out;
    ABSL_RETURN_IF_ERROR(
        rest_.Patch(namespace_name, name, content_type, patch, &out));
    return out;
  }

  absl::Status Delete(absl::string_view namespace_name,
                      absl::string_view name) override {
    return rest_.Delete(namespace_name, name);
  }

  absl::StatusOr<std::unique_ptr<Watcher<T>>> Watch(
      const WatchOptions& options) override {
    ABSL_ASSIGN_OR_RETURN(http::StreamResponse response,
                          rest_.OpenWatch(options));
    return std::make_unique<TypedWatcher<T>>(std::move(response), rest_.info());
  }

 private:
  absl::StatusOr<ListResult<T>> ListPages(const ListOptions& options,
                                          int64_t limit) {
    ListResult<T> result;
    std::string token;
    while (true) {
      api::ListMeta metadata;
      ABSL_RETURN_IF_ERROR(
          rest_.ListPage(options, limit, token, &metadata,
                         [&] { return &result.items.emplace_back(); }));
      if (result.resource_version.empty()) {
        result.resource_version = metadata.resource_version();
      }
      if (metadata.continue_().empty()) return result;
      if (metadata.continue_() == token) {
        return absl::InternalError("the server repeats a page of its list");
      }
      token = metadata.continue_();
    }
  }

  RestResource rest_;
};

}  // namespace

ApiClient::ApiClient(http::Transport& transport,
                     std::shared_ptr<TokenSource> token,
                     ApiClientOptions options)
    : transport_(transport), token_(std::move(token)), options_(options) {}

absl::Status ApiClient::Prepare(http::Request& request) {
  if (token_ != nullptr) {
    ABSL_ASSIGN_OR_RETURN(const Secret token, token_->Current());
    if (!token.empty()) {
      request.headers.Set("Authorization",
                          absl::StrCat("Bearer ", token.Reveal()));
    }
  }
  if (!request.headers.Has("Accept")) {
    request.headers.Set("Accept", options_.json ? api::kJson : kAcceptProtobuf);
  }
  return absl::OkStatus();
}

absl::StatusOr<http::Response> ApiClient::Do(http::Request request) {
  ABSL_RETURN_IF_ERROR(Prepare(request));
  ABSL_ASSIGN_OR_RETURN(http::Response response,
                        transport_.Send(request, options_.request_timeout),
                        NoAnswer(_));
  ABSL_RETURN_IF_ERROR(StatusFromResponse(response));
  return response;
}

absl::StatusOr<http::StreamResponse> ApiClient::Open(http::Request request) {
  ABSL_RETURN_IF_ERROR(Prepare(request));
  ABSL_ASSIGN_OR_RETURN(http::StreamResponse response,
                        transport_.Open(request, options_.request_timeout),
                        NoAnswer(_));
  if (response.stream == nullptr || response.status < 200 ||
      response.status >= 300) {
    http::Response failed;
    failed.status = response.status;
    failed.headers = response.headers;
    failed.body = response.body;
    ABSL_RETURN_IF_ERROR(StatusFromResponse(failed));
    return absl::InternalError("the server's answer has no body to read");
  }
  return response;
}

template <class T>
std::unique_ptr<ResourceApi<T>> ApiClient::Api() {
  return std::make_unique<TypedApi<T>>(*this);
}

template std::unique_ptr<ResourceApi<api::CertificateSigningRequest>>
ApiClient::Api();
template std::unique_ptr<ResourceApi<api::ClusterTrustBundle>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::SubjectAccessReview>>
ApiClient::Api();
template std::unique_ptr<ResourceApi<api::SelfSubjectAccessReview>>
ApiClient::Api();
template std::unique_ptr<ResourceApi<api::Lease>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::Node>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::Namespace>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::Secret>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::ConfigMap>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::Event>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::Role>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::RoleBinding>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::ClusterRole>> ApiClient::Api();
template std::unique_ptr<ResourceApi<api::ClusterRoleBinding>> ApiClient::Api();

}  // namespace signet::k8s
