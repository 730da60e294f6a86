#include "tools/apiserver/event_encoder.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/codec.h"
#include "core/api/meta.pb.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/negotiation.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/table.h"

namespace signet::apiserver {

std::string EventEncoder::content_type() const {
  return wanted_.format == Format::kProtobuf
             ? absl::StrCat(api::kProtobuf, ";stream=watch")
             : std::string(api::kJson);
}

std::string EventEncoder::Frame(absl::string_view type,
                                absl::string_view object) const {
  if (wanted_.format == Format::kJson) {
    return absl::StrCat(R"({"type":)", JsonQuote(type), R"(,"object":)", object,
                        "}\n");
  }
  api::WatchEvent event;
  event.set_type(std::string(type));
  event.mutable_object()->set_raw(std::string(object));
  const std::string bytes = event.SerializeAsString();
  const auto size = static_cast<uint32_t>(bytes.size());
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame += static_cast<char>(size >> shift & 0xFF);
  }
  return frame + bytes;
}

std::string EventEncoder::EncodeObject(
    const google::protobuf::Message& object) {
  const api::TypeMeta type = {kind_.info.ApiVersion(),
                              std::string(kind_.info.kind)};
  if (wanted_.format == Format::kProtobuf) {
    return api::EncodeProtobuf(object, type);
  }
  switch (wanted_.shape) {
    case Shape::kObject:
      return api::EncodeJson(object, type);
    case Shape::kPartialMetadata:
      return EncodePartialMetadata(object, wanted_.group_version);
    case Shape::kTable: {
      TableOptions options;
      options.group_version = wanted_.group_version;
      options.include = include_;
      options.columns = !columns_sent_;
      columns_sent_ = true;
      api::ListMeta metadata;
      metadata.set_resource_version(MetadataOf(object).resource_version());
      return EncodeTable(kind_, {&object}, metadata, clock_.TimeNow(), options);
    }
  }
  return "";
}

std::string EventEncoder::Event(absl::string_view type,
                                const google::protobuf::Message& object) {
  return Frame(type, EncodeObject(object));
}

std::string EventEncoder::Bookmark(int64_t revision, bool initial_end) {
  const std::unique_ptr<google::protobuf::Message> object = kind_.make();
  api::ObjectMeta& metadata = MutableMetadataOf(*object);
  metadata.set_resource_version(absl::StrCat(revision));
  if (initial_end) {
    (*metadata.mutable_annotations())["k8s.io/initial-events-end"] = "true";
  }
  return Frame("BOOKMARK", EncodeObject(*object));
}

std::string EventEncoder::Error(const api::Status& status) {
  const api::TypeMeta type = {"v1", "Status"};
  return Frame("ERROR", wanted_.format == Format::kProtobuf
                            ? api::EncodeProtobuf(status, type)
                            : api::EncodeJson(status, type));
}

}  // namespace signet::apiserver
