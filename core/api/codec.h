#ifndef SIGNET_CORE_API_CODEC_H_
#define SIGNET_CORE_API_CODEC_H_

#include <cstddef>
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

// Limits of what is decoded: one object (SPEC A-48b), and a page of a list.
inline constexpr size_t kMaxObjectBytes = 3 << 20;
inline constexpr size_t kMaxListBytes = 64 << 20;
inline constexpr size_t kMaxJsonDepth = 64;

struct JsonOptions {
  // As kubectl -o json writes: keys sorted, four spaces more for each level, no
  // newline at the end.
  bool pretty = false;
};

// ---- JSON. The order of fields is the server's (kind, apiVersion, metadata,
// spec, status), and so are the escapes and what is omitted: byte for byte what
// Go's types give. Bytes that are no UTF-8 become U+FFFD.
std::string EncodeJson(const google::protobuf::Message& object,
                       const TypeMeta& type, const JsonOptions& options = {});
// Decodes an object. Unknown fields are ignored and their paths appended to
// `unknown_fields` (may be null), e.g. "spec.foo". `type` may be null. Names
// count with their case; of two equal keys the last one wins; null is the same
// as absent. kInvalidArgument names the field, as in
// `spec.expirationSeconds: expected an integer, found a string`; what `object`
// then holds is undefined. At most kMaxObjectBytes and kMaxJsonDepth.
absl::Status DecodeJson(absl::string_view json,
                        google::protobuf::Message* object, TypeMeta* type,
                        std::vector<std::string>* unknown_fields = nullptr);

// ---- protobuf, in the envelope `k8s\0` + Unknown. Maps are written sorted.
// kInvalidArgument for what is broken or over kMaxObjectBytes.
std::string EncodeProtobuf(const google::protobuf::Message& object,
                           const TypeMeta& type);
// Unwraps the envelope; does not parse `raw`.
absl::StatusOr<Unknown> DecodeEnvelope(absl::string_view bytes);
absl::Status DecodeProtobuf(absl::string_view bytes,
                            google::protobuf::Message* object, TypeMeta* type);

// ---- either, by content type ("application/json; charset=utf-8" is JSON, and
// so is ""). kUnimplemented for any other (HTTP 415).
absl::Status Decode(absl::string_view content_type, absl::string_view bytes,
                    google::protobuf::Message* object, TypeMeta* type);

// Lists: every Kubernetes list is {1 metadata, 2 items}. At most kMaxListBytes.
template <class T>
absl::Status DecodeList(absl::string_view content_type, absl::string_view bytes,
                        ListMeta* metadata, std::vector<T>* items);
// The untyped work behind it: `add` returns a message to fill.
absl::Status DecodeListInto(
    absl::string_view content_type, absl::string_view bytes, ListMeta* metadata,
    const std::function<google::protobuf::Message*()>& add);
// The server leaves the items' type out: an empty `item_type`.
std::string EncodeListJson(
    const std::vector<const google::protobuf::Message*>& items,
    const TypeMeta& list_type, const TypeMeta& item_type,
    const ListMeta& metadata, const JsonOptions& options = {});
std::string EncodeListProtobuf(
    const std::vector<const google::protobuf::Message*>& items,
    const TypeMeta& list_type, const ListMeta& metadata);

template <class T>
absl::Status DecodeList(absl::string_view content_type, absl::string_view bytes,
                        ListMeta* metadata, std::vector<T>* items) {
  return DecodeListInto(content_type, bytes, metadata,
                        [items] { return &items->emplace_back(); });
}

// Times. The zero time, {0, 0} or absent, means "not set": ask IsZero first, as
// ToAbslTime makes 1970 of it.
bool IsZero(const Time& time);
bool IsZero(const MicroTime& time);
absl::Time ToAbslTime(const Time& time);
absl::Time ToAbslTime(const MicroTime& time);
Time FromAbslTime(absl::Time time);  // Rounded down to whole seconds.
MicroTime MicroTimeFromAbslTime(absl::Time time);  // Down to microseconds.

}  // namespace signet::api

#endif  // SIGNET_CORE_API_CODEC_H_
