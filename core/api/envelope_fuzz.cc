// What decodes, encodes; and what is then decoded again encodes to the same
// bytes. Lists too.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "core/api/codec.h"
#include "core/api/resource.h"

namespace {

void CheckObject(absl::string_view bytes) {
  signet::api::CertificateSigningRequest first, second;
  signet::api::TypeMeta type, second_type;
  const bool enveloped = signet::api::DecodeEnvelope(bytes).ok();
  if (!signet::api::DecodeProtobuf(bytes, &first, &type).ok()) return;
  CHECK(enveloped);
  const std::string encoded = signet::api::EncodeProtobuf(first, type);
  CHECK_OK(signet::api::DecodeProtobuf(encoded, &second, &second_type));
  CHECK_EQ(type.kind, second_type.kind);
  CHECK(signet::api::EncodeProtobuf(second, second_type) == encoded);

  // Whatever came by protobuf can be shown.
  const std::string json = signet::api::EncodeJson(first, type);
  CHECK_OK(signet::api::DecodeJson(json, &second, &second_type));
}

void CheckList(absl::string_view bytes) {
  signet::api::ListMeta metadata, second_metadata;
  std::vector<signet::api::Node> items, second_items;
  if (!signet::api::DecodeList(signet::api::kProtobuf, bytes, &metadata, &items)
           .ok()) {
    return;
  }
  const auto encode = [](const auto& nodes, const auto& list_meta) {
    std::vector<const google::protobuf::Message*> pointers;
    for (const auto& node : nodes) pointers.push_back(&node);
    return signet::api::EncodeListProtobuf(pointers, {"v1", "NodeList"},
                                           list_meta);
  };
  const std::string encoded = encode(items, metadata);
  CHECK_OK(signet::api::DecodeList(signet::api::kProtobuf, encoded,
                                   &second_metadata, &second_items));
  CHECK_EQ(second_items.size(), items.size());
  CHECK(encode(second_items, second_metadata) == encoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckObject(bytes);
  CheckList(bytes);
  return 0;
}
