#include "tools/apiserver/api_server.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/api/authorization.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/api/meta.pb.h"
#include "core/api/resource.h"
#include "core/api/yaml_writer.h"
#include "core/base/rng.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/authenticator.h"
#include "tools/apiserver/body.h"
#include "tools/apiserver/bootstrap_policy.h"
#include "tools/apiserver/discovery.h"
#include "tools/apiserver/event_encoder.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/managed_fields.h"
#include "tools/apiserver/metadata_validation.h"
#include "tools/apiserver/negotiation.h"
#include "tools/apiserver/object_patch.h"
#include "tools/apiserver/page_cache.h"
#include "tools/apiserver/patch.h"
#include "tools/apiserver/rbac.h"
#include "tools/apiserver/registry.h"
#include "tools/apiserver/request_info.h"
#include "tools/apiserver/request_options.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/store_authorizer.h"
#include "tools/apiserver/table.h"
#include "tools/apiserver/user.h"
#include "tools/apiserver/watch_hub.h"

namespace signet::apiserver {
namespace {

using google::protobuf::Message;

constexpr absl::string_view kKubeadmGroup =
    "system:bootstrappers:kubeadm:default-node-token";

// One request under way.
struct Call {
  const http::Request& request;
  http::ParsedTarget target;
  RequestInfo info;
  User user;
  Wanted wanted;
  const Kind* kind = nullptr;
  std::shared_ptr<http::Responder> responder;
  std::vector<std::string> warnings;
};

// ---- answers

http::Response JsonResponse(int status, std::string body,
                            absl::string_view type = api::kJson) {
  http::Response response;
  response.status = status;
  response.headers.Set("content-type", type);
  response.headers.Set("cache-control", "no-cache, private");
  response.body = std::move(body);
  if (type == api::kJson) response.body += '\n';  // As Go's encoder.
  return response;
}

http::Response TextResponse(int status, absl::string_view text) {
  return JsonResponse(status, std::string(text), "text/plain; charset=utf-8");
}

// A body in JSON, in the text format that is wanted.
http::Response TextFormResponse(int status, const Wanted& wanted,
                                std::string json) {
  if (wanted.format == Format::kYaml) {
    absl::StatusOr<std::string> yaml = api::JsonToYaml(json);
    if (yaml.ok()) return JsonResponse(status, *std::move(yaml), kYaml);
  }
  return JsonResponse(status, std::move(json));
}

http::Response EncodedResponse(int status, const Wanted& wanted,
                               const Message& object,
                               const api::TypeMeta& type) {
  if (wanted.format == Format::kProtobuf) {
    return JsonResponse(status, api::EncodeProtobuf(object, type),
                        api::kProtobuf);
  }
  return TextFormResponse(status, wanted, api::EncodeJson(object, type));
}

http::Response ErrorResponse(const absl::Status& error, const Wanted& wanted) {
  const api::Status status = ToApi(error);
  http::Response response =
      EncodedResponse(status.code(), wanted, status, {"v1", "Status"});
  response.headers.Set("x-content-type-options", "nosniff");
  if (status.details().has_retry_after_seconds()) {
    response.headers.Set("retry-after",
                         absl::StrCat(status.details().retry_after_seconds()));
  }
  return response;
}

// 504, as a server that has not yet seen a revision of the future (D-19).
absl::Status TooLargeRevision(int64_t asked, int64_t latest) {
  api::Status status;
  status.set_status("Failure");
  status.set_message(absl::StrCat(
      "Timeout: Too large resource version: ", asked, ", current: ", latest));
  status.set_reason("Timeout");
  status.set_code(504);
  status.mutable_details()->set_retry_after_seconds(1);
  api::StatusCause& cause = *status.mutable_details()->add_causes();
  cause.set_reason("ResourceVersionTooLarge");
  cause.set_message("Too large resource version");
  return FromApi(status);
}

api::TypeMeta TypeOf(const api::ResourceInfo& info) {
  return {info.ApiVersion(), std::string(info.kind)};
}

AccessRequest ToAccessRequest(const RequestInfo& info, const User& user,
                              const http::ParsedTarget& target) {
  AccessRequest access;
  access.user = user;
  access.verb = info.verb;
  access.is_resource = info.is_resource;
  access.path = info.path;
  access.group = info.group;
  access.version = info.version;
  access.resource = info.resource;
  access.subresource = info.subresource;
  access.namespace_name = info.namespace_name;
  access.name = info.name;
  access.field_selector = std::string(target.Query("fieldSelector"));
  return access;
}

// ---- access reviews

AccessRequest ToAccessRequest(const api::ResourceAttributes& attributes,
                              const User& user) {
  AccessRequest access;
  access.user = user;
  access.verb = attributes.verb();
  access.group = attributes.group();
  access.version = attributes.version();
  access.resource = attributes.resource();
  access.subresource = attributes.subresource();
  access.namespace_name = attributes.namespace_();
  access.name = attributes.name();
  access.field_selector = attributes.field_selector().raw_selector();
  return access;
}

// Answers the question of a review's spec (of either kind) in its status.
template <class Spec>
absl::Status AnswerReview(const Authorizer& authorizer, const Spec& spec,
                          const User& user, FieldErrors errors,
                          api::SubjectAccessReviewStatus& status) {
  if (spec.has_resource_attributes() == spec.has_non_resource_attributes()) {
    const api::NonResourceAttributes& path = spec.non_resource_attributes();
    errors.insert(
        errors.begin(),
        Invalid("spec",
                spec.has_non_resource_attributes()
                    ? BadValue::Raw(absl::StrCat(
                          R"({"Path":)", JsonQuote(path.path()), R"(,"Verb":)",
                          JsonQuote(path.verb()), "}"))
                    : BadValue::Null(),
                "exactly one of nonResourceAttributes or resourceAttributes "
                "must be specified"));
  }
  // The real server does not tell the kind here.
  if (!errors.empty()) {
    return InvalidError("authorization.k8s.io", "", "", errors);
  }
  AccessRequest access;
  if (spec.has_resource_attributes()) {
    access = ToAccessRequest(spec.resource_attributes(), user);
  } else {
    access.user = user;
    access.is_resource = false;
    access.path = spec.non_resource_attributes().path();
    access.verb = spec.non_resource_attributes().verb();
  }
  const AccessDecision decision = authorizer.Authorize(access);
  status.Clear();
  status.set_allowed(decision.allowed);
  if (!decision.reason.empty()) status.set_reason(decision.reason);
  return absl::OkStatus();
}

}  // namespace

struct ApiServer::Impl {
  Impl(Store& the_store, Rng& the_rng, absl::Clock& the_clock,
       ApiServerOptions the_options)
      : store(the_store),
        clock(the_clock),
        options(std::move(the_options)),
        rbac(the_store),
        authorizer({&masters, &nodes, &rbac}),
        authenticator(options.client_trust, std::move(options.tokens),
                      the_store, the_clock),
        registry(the_store, authorizer, the_rng, the_clock),
        watches(the_store, the_clock) {}

  void Handle(const http::Request& request, const http::Peer& peer,
              std::shared_ptr<http::Responder> responder);
  absl::StatusOr<http::Response> HandlePath(const Call& call);
  // Nothing if the answer is under way (a watch).
  absl::StatusOr<std::optional<http::Response>> HandleResource(Call& call);
  absl::StatusOr<http::Response> HandleReview(Call& call);

  absl::StatusOr<http::Response> Get(const Call& call);
  absl::StatusOr<http::Response> List(const Call& call);
  absl::Status Watch(const Call& call);
  absl::StatusOr<http::Response> Create(Call& call);
  absl::StatusOr<http::Response> Update(Call& call);
  absl::StatusOr<http::Response> Patch(Call& call);
  absl::StatusOr<http::Response> Apply(Call& call);
  absl::StatusOr<http::Response> Delete(Call& call);
  absl::StatusOr<http::Response> DeleteCollection(Call& call);

  absl::StatusOr<http::Response> EncodeObject(int status, const Call& call,
                                              const Message& object);
  absl::StatusOr<http::Response> EncodeList(
      const Call& call, const std::vector<ObjectPtr>& objects,
      const api::ListMeta& metadata);
  Registry::Target TargetOf(const Call& call, const WriteOptions& write) const;
  // The object in the body.
  absl::StatusOr<std::unique_ptr<Message>> ObjectIn(Call& call,
                                                    const WriteOptions& write);

  Store& store;
  absl::Clock& clock;
  ApiServerOptions options;
  const MastersAuthorizer masters;
  const NodeAuthorizer nodes;
  const StoreAuthorizer rbac;
  const UnionAuthorizer authorizer;
  const Authenticator authenticator;
  Registry registry;
  PageCache pages;
  WatchHub watches;  // Last: its sessions end first.
};

void ApiServer::Impl::Handle(const http::Request& request,
                             const http::Peer& peer,
                             std::shared_ptr<http::Responder> responder) {
  Call call{.request = request,
            .target = http::ParseTarget(request.target),
            .info = {},
            .user = {},
            .wanted = {},
            .responder = responder,
            .warnings = {}};
  call.info = ParseRequestInfo(request.method, call.target);
  const absl::StatusOr<Wanted> wanted =
      Negotiate(request.headers.Get("accept"));
  if (wanted.ok()) call.wanted = *wanted;
  Wanted for_errors = call.wanted;
  for_errors.shape = Shape::kObject;

  absl::StatusOr<std::optional<http::Response>> response =
      [&]() -> absl::StatusOr<std::optional<http::Response>> {
    ABSL_ASSIGN_OR_RETURN(call.user, authenticator.Authenticate(request, peer));
    if (request.headers.Has("impersonate-user") ||
        request.headers.Has("impersonate-group") ||
        request.headers.Has("impersonate-uid")) {
      return ForbiddenError({"", ""}, "", "impersonation is not supported");
    }
    const AccessRequest access =
        ToAccessRequest(call.info, call.user, call.target);
    const AccessDecision decision = authorizer.Authorize(access);
    if (!decision.allowed) {
      std::string text = RefusalText(access);
      if (!decision.reason.empty())
        absl::StrAppend(&text, ": ", decision.reason);
      return ForbiddenError({call.info.group, call.info.resource},
                            call.info.name, text);
    }
    if (!call.info.is_resource) return HandlePath(call);
    ABSL_RETURN_IF_ERROR(wanted.status());
    return HandleResource(call);
  }();
  if (response.ok() && !response->has_value()) return;
  http::Response answer = response.ok()
                              ? **std::move(response)
                              : ErrorResponse(response.status(), for_errors);
  for (const std::string& warning : call.warnings) {
    answer.headers.Add("warning", absl::StrCat("299 - ", GoQuote(warning)));
  }
  responder->Send(std::move(answer));
}

absl::StatusOr<http::Response> ApiServer::Impl::HandlePath(const Call& call) {
  const std::string& path = call.info.path;
  if (call.info.verb != "get") {
    return TextResponse(405, "405 method not allowed\n");
  }
  if (path == "/healthz" || path == "/livez" || path == "/readyz") {
    return TextResponse(200, "ok");
  }
  if (path == "/version" || path == "/version/") {
    return JsonResponse(200, VersionJson());
  }
  std::optional<Document> document = Discover(
      path, call.request.headers.Get("accept"), options.server_address);
  if (!document.has_value()) {
    // A version of a group that is served in others.
    absl::string_view group = path;
    if (absl::ConsumePrefix(&group, "/apis/") &&
        IsKnownGroup(group.substr(0, group.find('/')))) {
      return NoSuchPath();
    }
    return TextResponse(404, "404 page not found\n");
  }
  return JsonResponse(200, std::move(document->body), document->content_type);
}

absl::StatusOr<std::optional<http::Response>> ApiServer::Impl::HandleResource(
    Call& call) {
  const RequestInfo& info = call.info;
  if (info.group == "authorization.k8s.io" && info.version == "v1" &&
      (info.resource == "subjectaccessreviews" ||
       info.resource == "selfsubjectaccessreviews")) {
    return HandleReview(call);
  }
  call.kind = FindKind(info.group, info.version, info.resource);
  if (call.kind == nullptr && !IsKnownGroup(info.group)) {
    return TextResponse(404, "404 page not found\n");
  }
  if (call.kind == nullptr || info.has_more) return NoSuchPath();
  const Kind& kind = *call.kind;
  if (kind.info.plural == "namespaces") call.info.namespace_name.clear();
  if (!kind.info.namespaced && !call.info.namespace_name.empty()) {
    return NoSuchPath();
  }
  if (const std::vector<std::string> problems = CheckPathSegment(info.name);
      !problems.empty()) {
    return BadRequest(
        absl::StrCat("Name parameter invalid: ", GoQuote(info.name), ": ",
                     absl::StrJoin(problems, ";")));
  }
  // Only reading goes across namespaces.
  if (kind.info.namespaced && call.info.namespace_name.empty() &&
      info.verb != "list" && info.verb != "watch") {
    return MethodNotAllowed();
  }
  if (call.request.method == "HEAD") return MethodNotAllowed();
  if (!info.subresource.empty()) {
    const Subresource* sub = kind.FindSubresource(info.subresource);
    if (sub == nullptr) return NoSuchPath();
    if (std::find(sub->verbs.begin(), sub->verbs.end(), info.verb) ==
        sub->verbs.end()) {
      return MethodNotAllowed();
    }
  } else if (!kind.Allows(info.verb) ||
             (info.verb == "create" && !info.name.empty()) ||
             ((info.verb == "update" || info.verb == "patch") &&
              info.name.empty())) {
    return MethodNotAllowed();
  }
  if (info.verb == "get") return Get(call);
  if (info.verb == "list") return List(call);
  if (info.verb == "create") return Create(call);
  if (info.verb == "update") return Update(call);
  if (info.verb == "patch") return Patch(call);
  if (info.verb == "delete") return Delete(call);
  if (info.verb == "deletecollection") return DeleteCollection(call);
  ABSL_RETURN_IF_ERROR(Watch(call));
  return std::nullopt;
}

absl::StatusOr<http::Response> ApiServer::Impl::HandleReview(Call& call) {
  if (call.info.verb != "create" || !call.info.name.empty()) {
    return MethodNotAllowed();
  }
  ABSL_ASSIGN_OR_RETURN(const WriteOptions write,
                        ParseWriteOptions(call.target, WriteVerb::kCreate));
  const auto read = [&](const api::ResourceInfo& info, Message& review) {
    const absl::Status status = DecodeBody(
        call.request, {.want = TypeOf(info), .validation = write.validation},
        &review, call.warnings);
    const std::unique_ptr<Message> nothing(review.New());
    const FieldWriter writer = {
        ManagerOf(write.field_manager, call.request.headers.Get("user-agent")),
        "", clock.TimeNow()};
    if (status.ok()) TrackUpdate(info, *nothing, writer, review);
    return status;
  };
  if (call.info.resource == "selfsubjectaccessreviews") {
    const auto& info = api::Resource<api::SelfSubjectAccessReview>::kInfo;
    api::SelfSubjectAccessReview review;
    ABSL_RETURN_IF_ERROR(read(info, review));
    ABSL_RETURN_IF_ERROR(AnswerReview(authorizer, review.spec(), call.user, {},
                                      *review.mutable_status()));
    return EncodedResponse(201, call.wanted, review, TypeOf(info));
  }
  const auto& info = api::Resource<api::SubjectAccessReview>::kInfo;
  api::SubjectAccessReview review;
  ABSL_RETURN_IF_ERROR(read(info, review));
  const api::SubjectAccessReviewSpec& spec = review.spec();
  User user;
  user.name = spec.user();
  user.uid = spec.uid();
  user.groups.assign(spec.groups().begin(), spec.groups().end());
  for (const auto& [key, values] : spec.extra()) {
    user.extra[key].assign(values.items().begin(), values.items().end());
  }
  FieldErrors errors;
  if (user.name.empty() && user.groups.empty()) {
    errors.push_back(
        Invalid("spec.user", BadValue::String(""),
                "at least one of user or group must be specified"));
  }
  ABSL_RETURN_IF_ERROR(AnswerReview(authorizer, spec, user, std::move(errors),
                                    *review.mutable_status()));
  return EncodedResponse(201, call.wanted, review, TypeOf(info));
}

// ---- reading

absl::StatusOr<http::Response> ApiServer::Impl::EncodeObject(
    int status, const Call& call, const Message& object) {
  const Kind& kind = *call.kind;
  switch (call.wanted.shape) {
    case Shape::kObject:
      return EncodedResponse(status, call.wanted, object, TypeOf(kind.info));
    case Shape::kPartialMetadata:
      return JsonResponse(
          status, EncodePartialMetadata(object, call.wanted.group_version));
    case Shape::kTable: {
      TableOptions table;
      table.group_version = call.wanted.group_version;
      ABSL_ASSIGN_OR_RETURN(table.include, ParseIncludeObject(call.target));
      api::ListMeta metadata;
      metadata.set_resource_version(MetadataOf(object).resource_version());
      return JsonResponse(status, EncodeTable(kind, {&object}, metadata,
                                              clock.TimeNow(), table));
    }
  }
  return ServerError("no such shape");
}

absl::StatusOr<http::Response> ApiServer::Impl::EncodeList(
    const Call& call, const std::vector<ObjectPtr>& objects,
    const api::ListMeta& metadata) {
  const Kind& kind = *call.kind;
  std::vector<const Message*> items;
  items.reserve(objects.size());
  for (const ObjectPtr& object : objects) items.push_back(object.get());
  const api::TypeMeta list_type = {kind.info.ApiVersion(),
                                   absl::StrCat(kind.info.kind, "List")};
  switch (call.wanted.shape) {
    case Shape::kObject:
      if (call.wanted.format == Format::kProtobuf) {
        return JsonResponse(200,
                            api::EncodeListProtobuf(items, list_type, metadata),
                            api::kProtobuf);
      }
      return TextFormResponse(
          200, call.wanted,
          api::EncodeListJson(items, list_type, {}, metadata));
    case Shape::kPartialMetadata: {
      std::string body =
          absl::StrCat(R"({"kind":"PartialObjectMetadataList","apiVersion":)",
                       JsonQuote(call.wanted.group_version), R"(,"metadata":)",
                       api::EncodeJson(metadata, {}), R"(,"items":[)");
      bool first = true;
      for (const Message* item : items) {
        absl::StrAppend(
            &body, first ? "" : ",",
            EncodePartialMetadata(*item, call.wanted.group_version));
        first = false;
      }
      body += "]}";
      return JsonResponse(200, std::move(body));
    }
    case Shape::kTable: {
      TableOptions table;
      table.group_version = call.wanted.group_version;
      ABSL_ASSIGN_OR_RETURN(table.include, ParseIncludeObject(call.target));
      return JsonResponse(
          200, EncodeTable(kind, items, metadata, clock.TimeNow(), table));
    }
  }
  return ServerError("no such shape");
}

absl::StatusOr<http::Response> ApiServer::Impl::Get(const Call& call) {
  ABSL_ASSIGN_OR_RETURN(
      const ObjectPtr object,
      registry.Get(*call.kind, call.info.namespace_name, call.info.name));
  return EncodeObject(200, call, *object);
}

absl::StatusOr<http::Response> ApiServer::Impl::List(const Call& call) {
  const Kind& kind = *call.kind;
  ABSL_ASSIGN_OR_RETURN(
      const ListParameters parameters,
      ParseListParameters(kind, call.target, /*watch=*/false));
  if (!parameters.continue_token.empty()) {
    ABSL_ASSIGN_OR_RETURN(
        const PageCache::Page page,
        pages.Next(parameters.continue_token, call.kind->key(),
                   call.info.namespace_name, parameters.limit));
    return EncodeList(call, page.objects, page.metadata);
  }
  Store::Snapshot snapshot = store.List(kind.key(), call.info.namespace_name);
  if (parameters.revision.value_or(0) > snapshot.revision) {
    return TooLargeRevision(*parameters.revision, snapshot.revision);
  }
  if (!parameters.fields.empty() || !parameters.labels.empty()) {
    std::erase_if(snapshot.objects, [&](const ObjectPtr& object) {
      return !parameters.Matches(kind, *object);
    });
  }
  const PageCache::Page page = pages.First(kind.key(), call.info.namespace_name,
                                           std::move(snapshot.objects),
                                           snapshot.revision, parameters.limit);
  return EncodeList(call, page.objects, page.metadata);
}

absl::Status ApiServer::Impl::Watch(const Call& call) {
  const Kind& kind = *call.kind;
  ABSL_ASSIGN_OR_RETURN(const ListParameters parameters,
                        ParseListParameters(kind, call.target, /*watch=*/true));
  ABSL_ASSIGN_OR_RETURN(const IncludeObject include,
                        ParseIncludeObject(call.target));
  const int64_t latest = store.revision();
  const int64_t revision = parameters.revision.value_or(0);
  if (revision > latest) return TooLargeRevision(revision, latest);
  WatchRequest watch;
  watch.resource = kind.key();
  watch.namespace_name = call.info.namespace_name;
  watch.matches = [&kind, parameters](const Message& object) {
    return parameters.Matches(kind, object);
  };
  if (parameters.send_initial_events.has_value()) {
    watch.send_initial = *parameters.send_initial_events;
    watch.initial_bookmark = watch.send_initial && parameters.bookmarks;
    watch.revision = revision == 0 ? latest : revision;
  } else {
    // SPEC D-19: unset and 0 mean whatever there is, then changes.
    watch.send_initial = revision == 0;
    watch.revision = revision;
  }
  watch.bookmarks = parameters.bookmarks;
  if (parameters.timeout.has_value()) watch.timeout = *parameters.timeout;
  watches.Start(std::move(watch),
                EventEncoder(kind, call.wanted, include, clock),
                call.responder);
  return absl::OkStatus();
}

// ---- writing

Registry::Target ApiServer::Impl::TargetOf(const Call& call,
                                           const WriteOptions& write) const {
  Registry::Target target;
  target.kind = call.kind;
  target.user = call.user;
  target.namespace_name = call.info.namespace_name;
  target.name = call.info.name;
  target.subresource = call.info.subresource;
  target.dry_run = write.dry_run;
  target.field_manager =
      ManagerOf(write.field_manager, call.request.headers.Get("user-agent"));
  return target;
}

absl::StatusOr<std::unique_ptr<Message>> ApiServer::Impl::ObjectIn(
    Call& call, const WriteOptions& write) {
  std::unique_ptr<Message> object = call.kind->make();
  ABSL_RETURN_IF_ERROR(DecodeBody(call.request,
                                  {.want = TypeOf(call.kind->info),
                                   .json_bodies = call.kind->json_bodies,
                                   .validation = write.validation},
                                  object.get(), call.warnings));
  return object;
}

absl::StatusOr<http::Response> ApiServer::Impl::Create(Call& call) {
  ABSL_ASSIGN_OR_RETURN(const WriteOptions write,
                        ParseWriteOptions(call.target, WriteVerb::kCreate));
  ABSL_ASSIGN_OR_RETURN(std::unique_ptr<Message> object, ObjectIn(call, write));
  ABSL_ASSIGN_OR_RETURN(
      const ObjectPtr created,
      registry.Create(TargetOf(call, write), std::move(object)));
  return EncodeObject(201, call, *created);
}

absl::StatusOr<http::Response> ApiServer::Impl::Update(Call& call) {
  ABSL_ASSIGN_OR_RETURN(const WriteOptions write,
                        ParseWriteOptions(call.target, WriteVerb::kUpdate));
  ABSL_ASSIGN_OR_RETURN(std::unique_ptr<Message> object, ObjectIn(call, write));
  ABSL_ASSIGN_OR_RETURN(
      const Registry::Written written,
      registry.Update(TargetOf(call, write), std::move(object)));
  return EncodeObject(written.created ? 201 : 200, call, *written.object);
}

absl::StatusOr<http::Response> ApiServer::Impl::Patch(Call& call) {
  const Kind& kind = *call.kind;
  if (!kind.json_bodies) return UnsupportedMediaType(api::kProtobuf);
  const absl::string_view content_type =
      call.request.headers.Get("content-type");
  if (IsApply(content_type)) return Apply(call);
  const std::optional<PatchType> type = PatchTypeOf(content_type);
  if (!type.has_value()) return UnsupportedPatch();
  ABSL_ASSIGN_OR_RETURN(const WriteOptions write,
                        ParseWriteOptions(call.target, WriteVerb::kPatch));
  const auto change = [&](const Message& current) {
    call.warnings.clear();  // Of an earlier attempt.
    return PatchObject(kind, *type, current, call.request.body,
                       write.validation, call.warnings);
  };
  ABSL_ASSIGN_OR_RETURN(const Registry::Written written,
                        registry.Modify(TargetOf(call, write), change));
  return EncodeObject(200, call, *written.object);
}

absl::StatusOr<http::Response> ApiServer::Impl::Apply(Call& call) {
  const Kind& kind = *call.kind;
  ABSL_ASSIGN_OR_RETURN(const WriteOptions write,
                        ParseWriteOptions(call.target, WriteVerb::kApply));
  Registry::Target target = TargetOf(call, write);
  target.applies = true;
  const auto change = [&](const Message& live) {
    return ApplyConfiguration(
        kind, live, {target.field_manager, target.subresource, clock.TimeNow()},
        call.request.body, write.force);
  };
  absl::StatusOr<Registry::Written> written = registry.Modify(target, change);
  if (absl::IsNotFound(written.status()) && target.subresource.empty()) {
    ABSL_ASSIGN_OR_RETURN(std::unique_ptr<Message> object,
                          change(*kind.make()));
    api::ObjectMeta& metadata = MutableMetadataOf(*object);
    if (metadata.name().empty()) metadata.set_name(target.name);
    if (metadata.name() != target.name) {
      return NameMismatch(metadata.name(), target.name);
    }
    ABSL_ASSIGN_OR_RETURN(const ObjectPtr created,
                          registry.Create(target, std::move(object)));
    return EncodeObject(201, call, *created);
  }
  ABSL_RETURN_IF_ERROR(written.status());
  return EncodeObject(200, call, *written->object);
}

absl::StatusOr<http::Response> ApiServer::Impl::Delete(Call& call) {
  ABSL_ASSIGN_OR_RETURN(WriteOptions write,
                        ParseWriteOptions(call.target, WriteVerb::kDelete));
  ABSL_ASSIGN_OR_RETURN(const api::DeleteOptions delete_options,
                        DecodeDeleteOptions(call.request));
  write.dry_run = write.dry_run || delete_options.dry_run_size() > 0;
  ABSL_ASSIGN_OR_RETURN(const Registry::Deleted deleted,
                        registry.Delete(TargetOf(call, write), delete_options));
  if (!deleted.gone) return EncodeObject(200, call, *deleted.object);
  api::Status status;
  status.mutable_metadata();
  status.set_status("Success");
  api::StatusDetails& details = *status.mutable_details();
  details.set_name(call.info.name);
  if (!call.info.group.empty()) details.set_group(call.info.group);
  details.set_kind(call.info.resource);
  details.set_uid(MetadataOf(*deleted.object).uid());
  Wanted wanted = call.wanted;
  wanted.shape = Shape::kObject;
  return EncodedResponse(200, wanted, status, {"v1", "Status"});
}

absl::StatusOr<http::Response> ApiServer::Impl::DeleteCollection(Call& call) {
  const Kind& kind = *call.kind;
  ABSL_ASSIGN_OR_RETURN(WriteOptions write,
                        ParseWriteOptions(call.target, WriteVerb::kDelete));
  ABSL_ASSIGN_OR_RETURN(api::DeleteOptions delete_options,
                        DecodeDeleteOptions(call.request));
  write.dry_run = write.dry_run || delete_options.dry_run_size() > 0;
  delete_options.clear_preconditions();
  ABSL_ASSIGN_OR_RETURN(
      const ListParameters parameters,
      ParseListParameters(kind, call.target, /*watch=*/false));
  const Store::Snapshot snapshot =
      store.List(kind.key(), call.info.namespace_name);
  std::vector<ObjectPtr> gone;
  for (const ObjectPtr& object : snapshot.objects) {
    if (!parameters.Matches(kind, *object)) continue;
    Registry::Target target = TargetOf(call, write);
    target.name = MetadataOf(*object).name();
    const absl::StatusOr<Registry::Deleted> deleted =
        registry.Delete(target, delete_options);
    if (absl::IsNotFound(deleted.status())) continue;
    ABSL_RETURN_IF_ERROR(deleted.status());
    gone.push_back(deleted->object);
  }
  api::ListMeta metadata;
  metadata.set_resource_version(absl::StrCat(store.revision()));
  return EncodeList(call, gone, metadata);
}

// ---- ApiServer

ApiServer::ApiServer(Store& store, Rng& rng, absl::Clock& clock,
                     ApiServerOptions options)
    : impl_(std::make_unique<Impl>(store, rng, clock, std::move(options))) {}

ApiServer::~ApiServer() = default;

absl::Status ApiServer::Bootstrap() {
  Registry& registry = impl_->registry;
  for (const char* name :
       {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    auto ns = std::make_unique<api::Namespace>();
    ns->mutable_metadata()->set_name(name);
    ABSL_RETURN_IF_ERROR(
        registry.EnsureExists(*FindKindByKey("namespaces"), std::move(ns)))
        << "namespace " << name;
  }
  BootstrapPolicy policy = MakeBootstrapPolicy(impl_->options.policy);
  for (api::ClusterRole& role : policy.roles) {
    ABSL_RETURN_IF_ERROR(registry.EnsureExists(
        *FindKindByKey("clusterroles.rbac.authorization.k8s.io"),
        std::make_unique<api::ClusterRole>(std::move(role))));
  }
  for (api::ClusterRoleBinding& binding : policy.bindings) {
    ABSL_RETURN_IF_ERROR(registry.EnsureExists(
        *FindKindByKey("clusterrolebindings.rbac.authorization.k8s.io"),
        std::make_unique<api::ClusterRoleBinding>(std::move(binding))));
  }
  for (api::Role& role : policy.namespace_roles) {
    ABSL_RETURN_IF_ERROR(
        registry.EnsureExists(*FindKindByKey("roles.rbac.authorization.k8s.io"),
                              std::make_unique<api::Role>(std::move(role))));
  }
  for (api::RoleBinding& binding : policy.namespace_bindings) {
    ABSL_RETURN_IF_ERROR(registry.EnsureExists(
        *FindKindByKey("rolebindings.rbac.authorization.k8s.io"),
        std::make_unique<api::RoleBinding>(std::move(binding))));
  }
  if (impl_->options.client_ca_pem.empty()) return absl::OkStatus();
  auto map = std::make_unique<api::ConfigMap>();
  map->mutable_metadata()->set_name("extension-apiserver-authentication");
  map->mutable_metadata()->set_namespace_("kube-system");
  (*map->mutable_data())["client-ca-file"] = impl_->options.client_ca_pem;
  // A folder of data may be served with another CA than before.
  return registry.EnsureIs(*FindKindByKey("configmaps"), std::move(map));
}

absl::Status ApiServer::AddBootstrapToken(absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  auto secret = std::make_unique<api::Secret>();
  secret->set_type("bootstrap.kubernetes.io/token");
  auto& data = *secret->mutable_data();
  data["token-id"] = std::string(parts[0]);
  data["token-secret"] = parts.size() > 1 ? std::string(parts[1]) : "";
  data["usage-bootstrap-authentication"] = "true";
  data["usage-bootstrap-signing"] = "true";
  data["auth-extra-groups"] = std::string(kKubeadmGroup);
  if (!JudgeBootstrapToken(token, *secret, impl_->clock.TimeNow()).ok()) {
    return absl::InvalidArgumentError(
        "a bootstrap token is of the form abcdef.0123456789abcdef");
  }
  secret->mutable_metadata()->set_namespace_("kube-system");
  secret->mutable_metadata()->set_name(
      absl::StrCat("bootstrap-token-", parts[0]));
  return impl_->registry.EnsureExists(*FindKindByKey("secrets"),
                                      std::move(secret));
}

http::Handler ApiServer::handler() {
  return
      [impl = impl_.get()](const http::Request& request, const http::Peer& peer,
                           std::shared_ptr<http::Responder> responder) {
        impl->Handle(request, peer, std::move(responder));
      };
}

}  // namespace signet::apiserver
