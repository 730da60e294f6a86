// What decodes, encodes; and what is then decoded again encodes to the same
// bytes, in JSON and in protobuf. The first byte chooses the kind.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "core/api/codec.h"
#include "core/api/resource.h"

namespace {

template <class T>
void Check(absl::string_view json) {
  T first;
  signet::api::TypeMeta type;
  std::vector<std::string> unknown;
  if (!signet::api::DecodeJson(json, &first, &type, &unknown).ok()) return;

  const std::string encoded = signet::api::EncodeJson(first, type);
  T second;
  signet::api::TypeMeta second_type;
  unknown.clear();
  CHECK_OK(signet::api::DecodeJson(encoded, &second, &second_type, &unknown));
  CHECK(unknown.empty()) << unknown[0];
  CHECK_EQ(type.kind, second_type.kind);
  CHECK_EQ(type.api_version, second_type.api_version);
  CHECK_EQ(signet::api::EncodeJson(second, second_type), encoded);

  const std::string pretty = signet::api::EncodeJson(first, type, {true});
  T third;
  CHECK_OK(signet::api::DecodeJson(pretty, &third, nullptr, nullptr));
  CHECK_EQ(signet::api::EncodeJson(third, type, {true}), pretty);

  T fourth;
  CHECK_OK(signet::api::DecodeProtobuf(signet::api::EncodeProtobuf(first, type),
                                       &fourth, nullptr));
  CHECK_EQ(signet::api::EncodeJson(fourth, type), encoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view json(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  switch (data[0] % 6) {
    case 0:
      Check<signet::api::CertificateSigningRequest>(json);
      break;
    case 1:
      Check<signet::api::SubjectAccessReview>(json);
      break;
    case 2:
      Check<signet::api::Lease>(json);
      break;
    case 3:
      Check<signet::api::Node>(json);
      break;
    case 4:
      Check<signet::api::Secret>(json);
      break;
    case 5:
      Check<signet::api::Event>(json);
      break;
  }
  return 0;
}
