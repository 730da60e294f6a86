#include "tools/apiserver/negotiation.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/api/codec.h"
#include "tools/apiserver/api_error.h"

namespace signet::apiserver {
namespace {

constexpr size_t kMaxClauses = 64;
constexpr absl::string_view kMediaTypes =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf";

MediaType ParseMediaType(absl::string_view text) {
  MediaType media;
  bool first = true;
  for (const absl::string_view part : absl::StrSplit(text, ';')) {
    if (first) {
      media.type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(part));
      first = false;
      continue;
    }
    const std::pair<absl::string_view, absl::string_view> parameter =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    media.parameters.emplace_back(
        absl::AsciiStrToLower(absl::StripAsciiWhitespace(parameter.first)),
        std::string(absl::StripAsciiWhitespace(parameter.second)));
  }
  return media;
}

}  // namespace

absl::string_view MediaType::Parameter(absl::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return "";
}

std::vector<MediaType> ParseAccept(absl::string_view header) {
  struct Clause {
    double quality;
    size_t place;
    MediaType media;
  };
  std::vector<Clause> clauses;
  for (const absl::string_view text : absl::StrSplit(header, ',')) {
    if (absl::StripAsciiWhitespace(text).empty()) continue;
    if (clauses.size() == kMaxClauses) break;
    MediaType media = ParseMediaType(text);
    double quality = 1;
    const absl::string_view q = media.Parameter("q");
    if (!q.empty() && !absl::SimpleAtod(q, &quality)) quality = 0;
    if (!(quality > 0)) continue;
    clauses.push_back({quality, clauses.size(), std::move(media)});
  }
  std::sort(clauses.begin(), clauses.end(),
            [](const Clause& a, const Clause& b) {
              if (a.quality != b.quality) return a.quality > b.quality;
              return a.place < b.place;
            });
  std::vector<MediaType> result;
  for (Clause& clause : clauses) result.push_back(std::move(clause.media));
  return result;
}

absl::StatusOr<Wanted> Negotiate(absl::string_view accept) {
  if (absl::StripAsciiWhitespace(accept).empty()) return Wanted();
  bool known_type = false;
  for (const MediaType& media : ParseAccept(accept)) {
    Wanted wanted;
    if (media.type == api::kJson || media.type == "*/*" ||
        media.type == "application/*") {
      wanted.format = Format::kJson;
    } else if (media.type == kYaml) {
      wanted.format = Format::kYaml;
    } else if (media.type == api::kProtobuf) {
      wanted.format = Format::kProtobuf;
    } else {
      continue;
    }
    known_type = true;
    const absl::string_view as = media.Parameter("as");
    if (as.empty()) return wanted;
    if (media.Parameter("g") != "meta.k8s.io") continue;
    const absl::string_view version = media.Parameter("v");
    if (version != "v1" && version != "v1beta1") continue;
    if (wanted.format != Format::kJson) continue;
    wanted.group_version = absl::StrCat("meta.k8s.io/", version);
    if (as == "Table") {
      wanted.shape = Shape::kTable;
      return wanted;
    }
    if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") {
      wanted.shape = Shape::kPartialMetadata;
      return wanted;
    }
  }
  return known_type ? NoSuchShape(kMediaTypes) : NotAcceptable(kMediaTypes);
}

absl::StatusOr<Format> FormatOfBody(absl::string_view content_type) {
  const MediaType media = ParseMediaType(content_type);
  if (media.type.empty() || media.type == api::kJson) return Format::kJson;
  if (media.type == kYaml) return Format::kYaml;
  if (media.type == api::kProtobuf) return Format::kProtobuf;
  return UnsupportedMediaType(kMediaTypes);
}

}  // namespace signet::apiserver
