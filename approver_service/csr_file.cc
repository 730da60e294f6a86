#include "approver_service/csr_file.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "boost/json/parse.hpp"
#include "boost/json/serialize.hpp"
#include "boost/json/value.hpp"
#include "boost/system/error_code.hpp"
#include "core/api/certificates.pb.h"
#include "core/api/codec.h"
#include "core/api/core.pb.h"
#include "core/api/resource.h"
#include "core/api/yaml.h"
#include "core/policy/decision.h"

namespace signet::approver {
namespace {

std::string Field(const boost::json::object& object, absl::string_view name) {
  const boost::json::value* const value =
      object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return "";
  return std::string(value->get_string());
}

// Adds `object`, which must be of kind T. The items of some lists do not say
// their kind: then the list has said it.
template <class T>
absl::Status Append(const boost::json::value& object, bool may_be_untyped,
                    std::vector<T>* objects) {
  const api::ResourceInfo& info = api::Resource<T>::kInfo;
  if (!object.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected an object of kind ", info.kind));
  }
  const std::string kind = Field(object.get_object(), "kind");
  const std::string version = Field(object.get_object(), "apiVersion");
  if ((kind != info.kind || version != info.ApiVersion()) &&
      !(may_be_untyped && kind.empty() && version.empty())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected kind ", info.kind, " of ", info.ApiVersion(), ", not kind ",
        policy::Quoted(kind), " of ", policy::Quoted(version)));
  }
  const std::string json = boost::json::serialize(object);
  return api::DecodeJson(json, &objects->emplace_back(), nullptr);
}

template <class T>
absl::Status AppendJson(absl::string_view json, std::vector<T>* objects) {
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = api::kMaxJsonDepth;
  const boost::json::value value = boost::json::parse(
      {json.data(), json.size()}, error, boost::json::storage_ptr(), options);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("is no JSON: ", error.message()));
  }
  const api::ResourceInfo& info = api::Resource<T>::kInfo;
  if (!value.is_object()) return Append(value, false, objects);
  const std::string kind = Field(value.get_object(), "kind");
  const bool typed_list = kind == absl::StrCat(info.kind, "List");
  if (!typed_list && kind != "List") return Append(value, false, objects);
  const boost::json::value* const items =
      value.get_object().if_contains("items");
  if (items == nullptr || !items->is_array()) {
    return absl::InvalidArgumentError("a list without items");
  }
  for (const boost::json::value& item : items->get_array()) {
    ABSL_RETURN_IF_ERROR(Append(item, typed_list, objects));
  }
  return absl::OkStatus();
}

template <class T>
absl::Status AppendText(absl::string_view text, std::vector<T>* objects) {
  if (text.size() > api::kMaxListBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("has over ", api::kMaxListBytes, " bytes"));
  }
  if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{")) {
    return AppendJson(text, objects);
  }
  ABSL_ASSIGN_OR_RETURN(const std::vector<std::string> documents,
                        api::YamlToJson(text));
  for (const std::string& json : documents) {
    ABSL_RETURN_IF_ERROR(AppendJson(json, objects));
  }
  return absl::OkStatus();
}

template <class T>
absl::StatusOr<std::vector<T>> Read(absl::string_view file,
                                    absl::string_view text) {
  std::vector<T> objects;
  absl::Status status = AppendText(text, &objects);
  if (status.ok() && objects.empty()) {
    status = absl::InvalidArgumentError(
        absl::StrCat("has no ", api::Resource<T>::kInfo.kind));
  }
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": ", status.message()));
  }
  return objects;
}

}  // namespace

absl::StatusOr<std::vector<api::CertificateSigningRequest>> ReadCsrs(
    absl::string_view file, absl::string_view text) {
  return Read<api::CertificateSigningRequest>(file, text);
}

absl::StatusOr<std::vector<api::Node>> ReadNodes(absl::string_view file,
                                                 absl::string_view text) {
  return Read<api::Node>(file, text);
}

}  // namespace signet::approver
