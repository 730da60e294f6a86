#ifndef SIGNET_CORE_API_CODEC_H_
#define SIGNET_CORE_API_CODEC_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/meta.pb.h"
#include "core/api/resource.h"
#include "google/protobuf/message.h"

// Kubernetes' two wire formats for the messages of core/api (SPEC A-48, D-17).
// One generic codec by reflection, so that a new kind needs only its .proto.
namespace signet::api {

inline constexpr absl::string_view kJson = "application/json";
inline constexpr absl::string_view kProtobuf =
    "application/vnd.kubernetes.protobuf";

struct TypeMeta {
  std::string api_version;
  std::string kind;
};

struct JsonOptions {
  bool pretty = false;  // Two spaces more for each level, as kubectl -o json.
};

// ---- JSON. Field order is Kubernetes' (alphabetical is what kubectl prints;
// the server writes struct order: kind, apiVersion, metadata, spec, status).
std::string EncodeJson(const google::protobuf::Message& object,
                       const TypeMeta& type, const JsonOptions& options = {});
// Decodes an object. Unknown fields are ignored and their paths appended to
// `unknown_fields` (may be null), e.g. "spec.foo". `type` may be null. Errors
// name the field. At most 3 MiB and 64 levels.
absl::Status DecodeJson(absl::string_view json,
                        google::protobuf::Message* object, TypeMeta* type,
                        std::vector<std::string>* unknown_fields = nullptr);

// ---- protobuf, in the envelope `k8s\0` + Unknown.
std::string EncodeProtobuf(const google::protobuf::Message& object,
                           const TypeMeta& type);
// Unwraps the envelope; does not parse `raw`.
absl::StatusOr<Unknown> DecodeEnvelope(absl::string_view bytes);
absl::Status DecodeProtobuf(absl::string_view bytes,
                            google::protobuf::Message* object, TypeMeta* type);

// ---- either, by content type ("application/json; charset=utf-8" is JSON).
absl::Status Decode(absl::string_view content_type, absl::string_view bytes,
                    google::protobuf::Message* object, TypeMeta* type);

// Lists: every Kubernetes list is {1 metadata, 2 items}.
template <class T>
absl::Status DecodeList(absl::string_view content_type, absl::string_view bytes,
                        ListMeta* metadata, std::vector<T>* items);
// The untyped work behind it: `add` returns a message to fill.
absl::Status DecodeListInto(
    absl::string_view content_type, absl::string_view bytes, ListMeta* metadata,
    const std::function<google::protobuf::Message*()>& add);
std::string EncodeListJson(
    const std::vector<const google::protobuf::Message*>& items,
    const TypeMeta& list_type, const TypeMeta& item_type,
    const ListMeta& metadata);
std::string EncodeListProtobuf(
    const std::vector<const google::protobuf::Message*>& items,
    const TypeMeta& list_type, const ListMeta& metadata);

template <class T>
absl::Status DecodeList(absl::string_view content_type, absl::string_view bytes,
                        ListMeta* metadata, std::vector<T>* items) {
  return DecodeListInto(content_type, bytes, metadata,
                        [items] { return &items->emplace_back(); });
}

// Times: message Time {seconds, nanos}.
absl::Time ToAbslTime(const Time& time);
Time FromAbslTime(absl::Time time);  // Truncated to whole seconds.

}  // namespace signet::api

#endif  // SIGNET_CORE_API_CODEC_H_
