#include "tools/apiserver/table.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "core/api/codec.h"
#include "core/api/meta.pb.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/partial_metadata.pb.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

boost::json::string_view View(absl::string_view text) {
  return boost::json::string_view(text.data(), text.size());
}

std::string EncodeColumns(const Kind& kind) {
  boost::json::array columns;
  for (const Column& column : kind.columns) {
    columns.push_back({{"name", View(column.name)},
                       {"type", View(column.type)},
                       {"format", View(column.format)},
                       {"description", View(column.description)},
                       {"priority", column.priority}});
  }
  return boost::json::serialize(columns);
}

std::string EncodeRowObject(const Kind& kind,
                            const google::protobuf::Message& object,
                            const TableOptions& options) {
  switch (options.include) {
    case IncludeObject::kNone:
      return "null";
    case IncludeObject::kMetadata:
      return EncodePartialMetadata(object, options.group_version);
    case IncludeObject::kObject:
      return api::EncodeJson(
          object, {kind.info.ApiVersion(), std::string(kind.info.kind)});
  }
  return "null";
}

}  // namespace

std::string EncodePartialMetadata(const google::protobuf::Message& object,
                                  absl::string_view group_version) {
  api::PartialObjectMetadata partial;
  *partial.mutable_metadata() = MetadataOf(object);
  return api::EncodeJson(partial,
                         {std::string(group_version), "PartialObjectMetadata"});
}

std::string EncodeTable(
    const Kind& kind,
    const std::vector<const google::protobuf::Message*>& objects,
    const api::ListMeta& metadata, absl::Time now,
    const TableOptions& options) {
  std::string out = absl::StrCat(
      R"({"kind":"Table","apiVersion":)", JsonQuote(options.group_version),
      R"(,"metadata":)", api::EncodeJson(metadata, {}),
      R"(,"columnDefinitions":)",
      options.columns ? EncodeColumns(kind) : "null", R"(,"rows":[)");
  bool first = true;
  for (const google::protobuf::Message* object : objects) {
    absl::StrAppend(&out, first ? "" : ",", R"({"cells":)",
                    boost::json::serialize(kind.cells(*object, now)),
                    R"(,"object":)", EncodeRowObject(kind, *object, options),
                    "}");
    first = false;
  }
  out += "]}";
  return out;
}

}  // namespace signet::apiserver
