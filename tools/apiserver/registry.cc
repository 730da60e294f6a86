#include "tools/apiserver/registry.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/api/codec.h"
#include "core/api/meta.pb.h"
#include "core/base/rng.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/access.h"
#include "tools/apiserver/admission.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/managed_fields.h"
#include "tools/apiserver/metadata_validation.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

using google::protobuf::Message;

constexpr absl::string_view kModified =
    "the object has been modified; please apply your changes to the latest "
    "version and try again";
constexpr int kMaxRetries = 100;
constexpr int kMaxNameAttempts = 8;
constexpr size_t kSuffixSize = 5;
constexpr size_t kMaxGeneratedName = 63;

ObjectKey KeyOf(const Kind& kind, absl::string_view namespace_name,
                absl::string_view name) {
  return {kind.key(),
          kind.info.namespaced ? std::string(namespace_name) : std::string(),
          std::string(name)};
}

FieldErrors CheckCreate(const Kind& kind, const Message& object) {
  FieldErrors errors;
  if (!kind.validates_metadata) {
    errors = ValidateObjectMeta(MetadataOf(object), kind.info.namespaced,
                                kind.name_rule);
  }
  if (kind.validate_create) {
    FieldErrors more = kind.validate_create(object);
    errors.insert(errors.end(), more.begin(), more.end());
  }
  if (errors.empty() && !kind.validates_metadata) {
    errors = ValidateCommonCreate(MetadataOf(object));
  }
  return errors;
}

FieldErrors CheckUpdate(const Kind& kind, absl::string_view subresource,
                        const Message& stored, const Message& updated) {
  FieldErrors errors;
  if (!kind.validates_metadata) {
    errors = ValidateCommonUpdate(MetadataOf(updated), MetadataOf(stored),
                                  kind.info.namespaced);
  }
  if (kind.validate_update) {
    FieldErrors more = kind.validate_update(subresource, stored, updated);
    errors.insert(errors.end(), more.begin(), more.end());
  }
  return errors;
}

// The part of an object's metadata that is the server's (rest.BeforeUpdate).
void KeepSystemFields(const api::ObjectMeta& stored,
                      api::ObjectMeta& metadata) {
  metadata.clear_self_link();
  if (metadata.uid().empty()) metadata.set_uid(stored.uid());
  *metadata.mutable_creation_timestamp() = stored.creation_timestamp();
  metadata.clear_generation();
  if (stored.has_generation()) metadata.set_generation(stored.generation());
  if (stored.has_deletion_timestamp()) {
    *metadata.mutable_deletion_timestamp() = stored.deletion_timestamp();
  } else {
    metadata.clear_deletion_timestamp();
  }
}

// Where Kubernetes stores objects of a kind, as messages show it.
absl::string_view StorageName(const Kind& kind) {
  return kind.info.plural == "nodes" ? "minions" : kind.info.plural;
}

bool IsUnconditional(const api::ObjectMeta& metadata) {
  return metadata.resource_version().empty() ||
         metadata.resource_version() == "0";
}

FieldWriter WriterOf(const Registry::Target& target, absl::Time now) {
  return {target.field_manager, target.subresource, now};
}

// Where the server itself writes `object`.
Registry::Target ServersOwn(const Kind& kind, const Message& object) {
  Registry::Target target;
  target.kind = &kind;
  target.user.name = "system:apiserver";
  target.user.groups = {"system:masters"};
  target.field_manager = "signet-apiserver";
  target.namespace_name = MetadataOf(object).namespace_();
  target.name = MetadataOf(object).name();
  return target;
}

}  // namespace

absl::StatusOr<ObjectPtr> Registry::Get(const Kind& kind,
                                        absl::string_view namespace_name,
                                        absl::string_view name) const {
  ObjectPtr object = store_.Get(KeyOf(kind, namespace_name, name));
  if (object == nullptr) return NotFound(kind.group_resource(), name);
  return object;
}

absl::StatusOr<ObjectPtr> Registry::Create(const Target& target,
                                           std::unique_ptr<Message> object) {
  const Kind& kind = *target.kind;
  api::ObjectMeta& metadata = MutableMetadataOf(*object);
  if (kind.info.namespaced) {
    if (metadata.namespace_().empty()) {
      metadata.set_namespace_(target.namespace_name);
    }
    if (metadata.namespace_() != target.namespace_name) {
      return BadRequest(
          "the namespace of the provided object does not match the namespace "
          "sent on the request");
    }
    if (store_.Get({"namespaces", "", target.namespace_name}) == nullptr) {
      return NotFound({"", "namespaces"}, target.namespace_name);
    }
  } else {
    metadata.clear_namespace_();
  }
  if (!metadata.resource_version().empty()) {
    return Unclassified(
        "resourceVersion should not be set on objects to be created");
  }
  ABSL_RETURN_IF_ERROR(AdmitNode(kind, target.user, "create",
                                 target.namespace_name, metadata.name(),
                                 nullptr, object.get()));
  if (kind.complete) kind.complete(*object);
  if (!target.applies) {
    TrackUpdate(kind.info, *kind.make(), WriterOf(target, clock_.TimeNow()),
                *object);
  }
  metadata.clear_self_link();
  metadata.clear_deletion_timestamp();
  metadata.clear_deletion_grace_period_seconds();
  const absl::Time now = clock_.TimeNow();
  *metadata.mutable_creation_timestamp() = api::FromAbslTime(now);
  metadata.set_uid(NewUid());
  const bool generate =
      metadata.name().empty() && !metadata.generate_name().empty();
  for (int attempt = 1;; ++attempt) {
    if (generate) {
      metadata.set_name(absl::StrCat(
          metadata.generate_name().substr(0, kMaxGeneratedName - kSuffixSize),
          NewSuffix()));
    }
    if (kind.prepare_create) kind.prepare_create(target.user, now, *object);
    if (const FieldErrors errors = CheckCreate(kind, *object);
        !errors.empty()) {
      return InvalidError(kind.info.group, kind.info.kind, metadata.name(),
                          errors);
    }
    ABSL_RETURN_IF_ERROR(AdmitCreate(kind, authorizer_, target.user, *object));
    const ObjectKey key = KeyOf(kind, metadata.namespace_(), metadata.name());
    if (target.dry_run) {
      if (store_.Get(key) != nullptr) {
        return AlreadyExists(kind.group_resource(), metadata.name());
      }
      return ObjectPtr(std::move(object));
    }
    std::unique_ptr<Message> copy(object->New());
    copy->CopyFrom(*object);
    absl::StatusOr<ObjectPtr> stored = store_.Create(key, std::move(copy));
    if (stored.ok()) return stored;
    if (absl::IsAlreadyExists(stored.status()) && generate &&
        attempt < kMaxNameAttempts) {
      continue;
    }
    return StoreError(stored.status(), kind, metadata.name());
  }
}

absl::StatusOr<Registry::Written> Registry::Update(
    const Target& target, std::unique_ptr<Message> object) {
  const Kind& kind = *target.kind;
  api::ObjectMeta& metadata = MutableMetadataOf(*object);
  if (metadata.name().empty()) {
    return BadRequest(absl::StrCat("the name of the object (", target.name,
                                   " based on URL) was undeterminable: name "
                                   "must be provided"));
  }
  if (metadata.name() != target.name) {
    return NameMismatch(metadata.name(), target.name);
  }
  if (!kind.info.namespaced) {
    metadata.clear_namespace_();
  } else if (metadata.namespace_().empty()) {
    metadata.set_namespace_(target.namespace_name);
  } else if (metadata.namespace_() != target.namespace_name) {
    return BadRequest(
        absl::StrCat("the namespace of the object (", metadata.namespace_(),
                     ") does not match the namespace on the request (",
                     target.namespace_name, ")"));
  }
  if (store_.Get(KeyOf(kind, target.namespace_name, target.name)) == nullptr &&
      kind.create_on_update && target.subresource.empty() &&
      IsUnconditional(metadata)) {
    metadata.clear_resource_version();
    ABSL_ASSIGN_OR_RETURN(ObjectPtr created, Create(target, std::move(object)));
    return Written{std::move(created), true};
  }
  return Modify(target, [&object](const Message&) {
    std::unique_ptr<Message> copy(object->New());
    copy->CopyFrom(*object);
    return absl::StatusOr<std::unique_ptr<Message>>(std::move(copy));
  });
}

absl::StatusOr<Registry::Written> Registry::Modify(
    const Target& target,
    const std::function<
        absl::StatusOr<std::unique_ptr<Message>>(const Message&)>& change) {
  const Kind& kind = *target.kind;
  const ObjectKey key = KeyOf(kind, target.namespace_name, target.name);
  for (int attempt = 1;; ++attempt) {
    const ObjectPtr current = store_.Get(key);
    if (current == nullptr) return NotFound(kind.group_resource(), target.name);
    const api::ObjectMeta& stored = MetadataOf(*current);
    ABSL_ASSIGN_OR_RETURN(std::unique_ptr<Message> object, change(*current));
    api::ObjectMeta& metadata = MutableMetadataOf(*object);
    const bool unconditional = IsUnconditional(metadata);
    if (unconditional) {
      if (!kind.unconditional_update) {
        return InvalidError(
            kind.info.group, kind.info.plural, target.name,
            {Invalid("metadata.resourceVersion", BadValue::Number(0),
                     "must be specified for an update")});
      }
      metadata.set_resource_version(stored.resource_version());
    } else if (uint64_t revision = 0;
               !absl::SimpleAtoi(metadata.resource_version(), &revision)) {
      return Unclassified(absl::StrCat("strconv.ParseUint: parsing ",
                                       GoQuote(metadata.resource_version()),
                                       ": invalid syntax"));
    } else if (metadata.resource_version() != stored.resource_version()) {
      // A patch carries the current version unless it names its own.
      return Conflict(kind.group_resource(), target.name, kModified);
    }
    if (!metadata.uid().empty() && metadata.uid() != stored.uid()) {
      return Conflict(
          kind.group_resource(), target.name,
          absl::StrCat("StorageError: invalid object, Code: 4, Key: /registry/",
                       StorageName(kind), "/",
                       kind.info.namespaced
                           ? absl::StrCat(target.namespace_name, "/")
                           : "",
                       target.name,
                       ", ResourceVersion: 0, AdditionalErrorMsg: Precondition "
                       "failed: UID in precondition: ",
                       metadata.uid(), ", UID in object meta: ", stored.uid()));
    }
    ABSL_ASSIGN_OR_RETURN(ObjectPtr written,
                          TryUpdate(target, current, std::move(object)));
    if (written != nullptr) return Written{std::move(written), false};
    if (attempt == kMaxRetries) {
      return Conflict(kind.group_resource(), target.name, kModified);
    }
    // Somebody else wrote meanwhile: look again.
  }
}

// Returns null if the object has changed since `current` was read.
absl::StatusOr<ObjectPtr> Registry::TryUpdate(const Target& target,
                                              const ObjectPtr& current,
                                              std::unique_ptr<Message> object) {
  const Kind& kind = *target.kind;
  const api::ObjectMeta& stored = MetadataOf(*current);
  api::ObjectMeta& metadata = MutableMetadataOf(*object);
  if (kind.complete) kind.complete(*object);
  if (!target.applies) {
    TrackUpdate(kind.info, *current, WriterOf(target, clock_.TimeNow()),
                *object);
  }
  KeepSystemFields(stored, metadata);
  ABSL_RETURN_IF_ERROR(AdmitNode(kind, target.user, "update",
                                 target.namespace_name, target.name,
                                 current.get(), object.get()));
  if (kind.prepare_update) {
    kind.prepare_update(target.subresource, *current, clock_.TimeNow(),
                        *object);
  }
  if (const FieldErrors errors =
          CheckUpdate(kind, target.subresource, *current, *object);
      !errors.empty()) {
    return InvalidError(kind.info.group, kind.info.kind, metadata.name(),
                        errors);
  }
  ABSL_RETURN_IF_ERROR(AdmitUpdate(kind, authorizer_, target.user,
                                   target.subresource, *current, *object));
  if (target.dry_run) return ObjectPtr(std::move(object));
  const ObjectKey key = KeyOf(kind, target.namespace_name, target.name);
  const bool finalized =
      stored.has_deletion_timestamp() && metadata.finalizers().empty();
  absl::StatusOr<ObjectPtr> written =
      finalized ? store_.Delete(key, current, std::move(object))
                : store_.Update(key, current, std::move(object));
  if (absl::IsAborted(written.status())) return ObjectPtr();
  if (!written.ok()) return StoreError(written.status(), kind, target.name);
  return written;
}

absl::StatusOr<Registry::Deleted> Registry::Delete(
    const Target& target, const api::DeleteOptions& options) {
  const Kind& kind = *target.kind;
  const ObjectKey key = KeyOf(kind, target.namespace_name, target.name);
  if (kind.key() == "namespaces") {
    for (const char* name : {"default", "kube-system", "kube-public"}) {
      if (target.name == name) {
        return ForbiddenError(kind.group_resource(), target.name,
                              "this namespace may not be deleted");
      }
    }
  }
  for (int attempt = 1;; ++attempt) {
    const ObjectPtr current = store_.Get(key);
    if (current == nullptr) return NotFound(kind.group_resource(), target.name);
    const api::ObjectMeta& metadata = MetadataOf(*current);
    const api::Preconditions& wanted = options.preconditions();
    // Here the real server shows the kind in the resource's place.
    const GroupResource shown = {kind.info.group, kind.info.kind};
    if (wanted.has_uid() && wanted.uid() != metadata.uid()) {
      return Conflict(
          shown, target.name,
          absl::StrCat("the UID in the precondition (", wanted.uid(),
                       ") does not match the UID in record (", metadata.uid(),
                       "). The object might have been deleted and "
                       "then recreated"));
    }
    if (wanted.has_resource_version() &&
        wanted.resource_version() != metadata.resource_version()) {
      return Conflict(
          shown, target.name,
          absl::StrCat("the ResourceVersion in the precondition (",
                       wanted.resource_version(),
                       ") does not match the ResourceVersion in record (",
                       metadata.resource_version(),
                       "). The object might have been modified"));
    }
    ABSL_RETURN_IF_ERROR(AdmitNode(kind, target.user, "delete",
                                   target.namespace_name, target.name,
                                   current.get(), nullptr));
    const bool waits = !metadata.finalizers().empty();
    if (target.dry_run) return Deleted{current, !waits};
    absl::StatusOr<ObjectPtr> result = current;
    if (!waits) {
      if (kind.key() == "namespaces") {
        ABSL_RETURN_IF_ERROR(DeleteContents(target.name));
      }
      result = store_.Delete(key, current);
    } else if (!metadata.has_deletion_timestamp()) {
      std::unique_ptr<Message> marked(current->New());
      marked->CopyFrom(*current);
      *MutableMetadataOf(*marked).mutable_deletion_timestamp() =
          api::FromAbslTime(clock_.TimeNow());
      MutableMetadataOf(*marked).set_deletion_grace_period_seconds(0);
      result = store_.Update(key, current, std::move(marked));
    }
    if (result.ok()) return Deleted{*std::move(result), !waits};
    if (!absl::IsAborted(result.status()) || attempt == kMaxRetries) {
      return StoreError(result.status(), kind, target.name);
    }
  }
}

absl::Status Registry::DeleteContents(absl::string_view namespace_name) {
  for (const Kind& kind : Kinds()) {
    if (!kind.info.namespaced) continue;
    for (const ObjectPtr& object :
         store_.List(kind.key(), namespace_name).objects) {
      const std::string& name = MetadataOf(*object).name();
      // Whoever is faster: gone is gone.
      const absl::StatusOr<ObjectPtr> deleted =
          store_.Delete(KeyOf(kind, namespace_name, name), object);
      if (!deleted.ok() && !absl::IsAborted(deleted.status()) &&
          !absl::IsNotFound(deleted.status())) {
        return StoreError(deleted.status(), kind, name);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Registry::EnsureExists(const Kind& kind,
                                    std::unique_ptr<Message> object) {
  const Registry::Target target = ServersOwn(kind, *object);
  const absl::Status created = Create(target, std::move(object)).status();
  return absl::IsAlreadyExists(created) ? absl::OkStatus() : created;
}

absl::Status Registry::EnsureIs(const Kind& kind,
                                std::unique_ptr<Message> object) {
  const Registry::Target target = ServersOwn(kind, *object);
  std::unique_ptr<Message> copy(object->New());
  copy->CopyFrom(*object);
  const absl::Status created = Create(target, std::move(copy)).status();
  if (!absl::IsAlreadyExists(created)) return created;
  return Update(target, std::move(object)).status();
}

absl::Status Registry::StoreError(const absl::Status& status, const Kind& kind,
                                  absl::string_view name) const {
  switch (status.code()) {
    case absl::StatusCode::kAlreadyExists:
      return AlreadyExists(kind.group_resource(), name);
    case absl::StatusCode::kNotFound:
      return NotFound(kind.group_resource(), name);
    case absl::StatusCode::kAborted:
      return Conflict(kind.group_resource(), name, kModified);
    case absl::StatusCode::kInvalidArgument:
      return TooLarge(status.message());
    case absl::StatusCode::kResourceExhausted:
      return InsufficientStorage(status.message());
    default:
      return ServerError(status.message());
  }
}

// A random UUID (RFC 9562, version 4).
std::string Registry::NewUid() {
  std::array<uint8_t, 16> bytes;
  rng_.Fill(absl::MakeSpan(bytes));
  bytes[6] = (bytes[6] & 0x0F) | 0x40;
  bytes[8] = (bytes[8] & 0x3F) | 0x80;
  const std::string hex = absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  const absl::string_view view = hex;
  return absl::StrCat(view.substr(0, 8), "-", view.substr(8, 4), "-",
                      view.substr(12, 4), "-", view.substr(16, 4), "-",
                      view.substr(20));
}

// SPEC D-2.
std::string Registry::NewSuffix() {
  constexpr absl::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  while (suffix.size() < kSuffixSize) {
    uint8_t byte = 0;
    rng_.Fill(absl::MakeSpan(&byte, 1));
    // No character is likelier than another.
    if (byte < 256 / kAlphabet.size() * kAlphabet.size()) {
      suffix += kAlphabet[byte % kAlphabet.size()];
    }
  }
  return suffix;
}

}  // namespace signet::apiserver
