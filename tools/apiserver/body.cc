#include "tools/apiserver/body.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "boost/json.hpp"
#include "core/api/codec.h"
#include "core/api/json_error.h"
#include "core/api/meta.pb.h"
#include "core/api/yaml.h"
#include "core/http/message.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/duplicate_fields.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/negotiation.h"
#include "tools/apiserver/request_options.h"

namespace signet::apiserver {
namespace {

namespace json = boost::json;
using google::protobuf::Message;

// Of a body that cannot be recognised, in messages.
constexpr size_t kSummaryBytes = 30;

// "v1" of "certificates.k8s.io/v1".
absl::string_view VersionOf(const api::TypeMeta& type) {
  const absl::string_view version = type.api_version;
  const size_t slash = version.rfind('/');
  return slash == absl::string_view::npos ? version : version.substr(slash + 1);
}

absl::Status CannotBeHandled(const api::TypeMeta& type, absl::string_view kind,
                             absl::string_view why) {
  return BadRequest(absl::StrCat(type.kind.empty() ? kind : type.kind,
                                 " in version ", GoQuote(VersionOf(type)),
                                 " cannot be handled as a ", kind, ": ", why));
}

std::string Summary(absl::string_view body) {
  if (body.empty()) return "<empty>";
  const absl::string_view head = body.substr(0, kSummaryBytes);
  return absl::StrCat(
      body[0] == '{' ? std::string(head) : absl::BytesToHexString(head),
      body.size() > kSummaryBytes ? " ..." : "");
}

absl::Status Unrecognized(absl::string_view kind, absl::string_view why,
                          absl::string_view body) {
  return BadRequest(
      absl::StrCat("the object provided is unrecognized (must be of type ",
                   kind, "): ", why, " (", Summary(body), ")"));
}

std::string NoKindRegistered(const api::TypeMeta& type) {
  return absl::StrCat("no kind ", GoQuote(type.kind),
                      " is registered for version ", GoQuote(type.api_version),
                      " in scheme \"pkg/runtime/scheme.go:111\"");
}

// Why a text is no JSON object, as Go says it when it looks for the kind; "" if
// it is one, or null, which is an object without fields.
std::string GoSyntaxError(absl::string_view text) {
  constexpr absl::string_view kInto =
      R"( into Go value of type struct { APIVersion string )"
      R"("json:\"apiVersion,omitempty\""; Kind string )"
      R"("json:\"kind,omitempty\"" })";
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = api::kMaxJsonDepth;
  json::monotonic_resource memory;
  const json::value value = json::parse(
      json::string_view(text.data(), text.size()), error, &memory, options);
  if (error) {
    return error == json::error::incomplete
               ? "unexpected end of JSON input"
               : absl::StrCat("invalid JSON: ", error.message());
  }
  if (value.is_object() || value.is_null()) return "";
  return absl::StrCat("json: cannot unmarshal ", api::GoKindOf(value), kInto);
}

// A body in YAML as JSON; its first document, as the server reads it.
absl::StatusOr<std::string> JsonOf(absl::string_view yaml,
                                   absl::string_view kind) {
  absl::StatusOr<std::vector<std::string>> documents = api::YamlToJson(yaml);
  if (!documents.ok()) {
    return Unrecognized(kind, documents.status().message(), yaml);
  }
  if (documents->empty()) return "null";
  return std::move(documents->front());
}

}  // namespace

absl::Status CheckType(const api::TypeMeta& type, const api::TypeMeta& want) {
  if (!type.kind.empty() && type.kind != want.kind) {
    const absl::string_view version = want.api_version;
    const absl::string_view group =
        version.substr(0, version.find_first_of("./"));
    if (!IsKnownKind(type.api_version, type.kind)) {
      return CannotBeHandled(type, want.kind, NoKindRegistered(type));
    }
    return CannotBeHandled(
        type, want.kind,
        absl::StrCat("converting (", VersionOf(type), ".", type.kind, ") to (",
                     group == "v1" ? "core" : group, ".", want.kind,
                     "): unknown conversion"));
  }
  if (!type.api_version.empty() && type.api_version != want.api_version) {
    return BadRequest(absl::StrCat(
        "the API version in the data (", type.api_version,
        ") does not match the expected API version (", want.api_version, ")"));
  }
  return absl::OkStatus();
}

std::string JudgeFields(const std::vector<std::string>& unknown,
                        const std::vector<std::string>& duplicate,
                        FieldValidation validation,
                        std::vector<std::string>& warnings) {
  if (validation == FieldValidation::kIgnore) return "";
  std::vector<std::string> texts;
  for (const std::string& field : duplicate) {
    texts.push_back(absl::StrCat("duplicate field ", GoQuote(field)));
  }
  for (const std::string& field : unknown) {
    texts.push_back(absl::StrCat("unknown field ", GoQuote(field)));
  }
  if (validation == FieldValidation::kStrict && !texts.empty()) {
    return absl::StrCat("strict decoding error: ", absl::StrJoin(texts, ", "));
  }
  warnings.insert(warnings.end(), texts.begin(), texts.end());
  return "";
}

absl::Status DecodeBody(const http::Request& request, const BodyRules& rules,
                        Message* object, std::vector<std::string>& warnings) {
  const api::TypeMeta& want = rules.want;
  ABSL_ASSIGN_OR_RETURN(const Format format,
                        FormatOfBody(request.headers.Get("content-type")));
  api::TypeMeta type;
  if (format == Format::kProtobuf) {
    const absl::Status status =
        api::DecodeProtobuf(request.body, object, &type);
    if (!status.ok()) {
      return CannotBeHandled(want, want.kind, status.message());
    }
    return CheckType(type, want);
  }
  if (!rules.json_bodies) return UnsupportedMediaType(api::kProtobuf);
  std::string text;
  if (format == Format::kYaml) {
    ABSL_ASSIGN_OR_RETURN(text, JsonOf(request.body, want.kind));
  } else {
    text = request.body;
  }
  // null is an object without fields.
  if (text == "null") text = "{}";
  std::vector<std::string> unknown;
  const absl::Status status = api::DecodeJson(text, object, &type, &unknown);
  if (!status.ok()) {
    const std::string error = GoSyntaxError(text);
    if (error.empty()) {
      return CannotBeHandled(want, want.kind, api::GoErrorText(status));
    }
    return Unrecognized(
        want.kind,
        absl::StrCat("couldn't get version/kind; json parse error: ", error),
        request.body);
  }
  ABSL_RETURN_IF_ERROR(CheckType(type, want));
  const std::string problem = JudgeFields(unknown, FindDuplicateFields(text),
                                          rules.validation, warnings);
  if (problem.empty()) return absl::OkStatus();
  return CannotBeHandled(want, want.kind, problem);
}

absl::StatusOr<api::DeleteOptions> DecodeDeleteOptions(
    const http::Request& request) {
  api::DeleteOptions options;
  if (request.body.empty()) return options;
  ABSL_ASSIGN_OR_RETURN(const Format format,
                        FormatOfBody(request.headers.Get("content-type")));
  api::TypeMeta type;
  absl::Status status;
  if (format == Format::kProtobuf) {
    status = api::DecodeProtobuf(request.body, &options, &type);
  } else {
    std::string text = request.body;
    if (format == Format::kYaml) {
      ABSL_ASSIGN_OR_RETURN(text, JsonOf(request.body, "DeleteOptions"));
    }
    status = api::DecodeJson(text, &options, &type);
  }
  if (!status.ok()) return BadRequest(api::GoErrorText(status));
  if (!type.kind.empty() && type.kind != "DeleteOptions") {
    return BadRequest(NoKindRegistered(type));
  }
  ABSL_RETURN_IF_ERROR(CheckDeleteOptions(options));
  return options;
}

}  // namespace signet::apiserver
