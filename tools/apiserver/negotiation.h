#ifndef SIGNET_TOOLS_APISERVER_NEGOTIATION_H_
#define SIGNET_TOOLS_APISERVER_NEGOTIATION_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// What a client wants to read and what it sends, by its Accept and Content-Type
// headers. Pure.
namespace signet::apiserver {

inline constexpr absl::string_view kYaml = "application/yaml";

enum class Format { kJson, kYaml, kProtobuf };
// In what shape objects are answered.
enum class Shape { kObject, kTable, kPartialMetadata };

struct Wanted {
  Format format = Format::kJson;
  Shape shape = Shape::kObject;
  std::string group_version;  // Of the shape: "meta.k8s.io/v1".
};

// One clause of an Accept header.
struct MediaType {
  std::string type;  // "application/json", in lower case.
  std::vector<std::pair<std::string, std::string>> parameters;
  absl::string_view Parameter(absl::string_view name) const;
};

// ParseAccept returns the clauses by falling q, then as they stand. Those with
// q=0 are left out. At most 64 are read.
std::vector<MediaType> ParseAccept(absl::string_view header);

// Negotiate picks the first clause that can be served; an empty header means
// JSON. The error is an api_error: 406. Tables come in JSON alone.
absl::StatusOr<Wanted> Negotiate(absl::string_view accept);

// FormatOfBody reads a Content-Type; empty means JSON. 415 for others.
absl::StatusOr<Format> FormatOfBody(absl::string_view content_type);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_NEGOTIATION_H_
