#include "tools/apiserver/object_patch.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/codec.h"
#include "core/api/json_error.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/body.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/patch.h"
#include "tools/apiserver/request_options.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {

using google::protobuf::Message;

namespace {

std::string MediaTypeOf(absl::string_view content_type) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(
      content_type.substr(0, content_type.find(';'))));
}

}  // namespace

bool IsApply(absl::string_view content_type) {
  return MediaTypeOf(content_type) == "application/apply-patch+yaml";
}

std::optional<PatchType> PatchTypeOf(absl::string_view content_type) {
  const std::string type = MediaTypeOf(content_type);
  if (type == "application/merge-patch+json") return PatchType::kMerge;
  if (type == "application/json-patch+json") return PatchType::kJson;
  if (type == "application/strategic-merge-patch+json") {
    return PatchType::kStrategic;
  }
  return std::nullopt;
}

absl::StatusOr<std::unique_ptr<Message>> PatchObject(
    const Kind& kind, PatchType type, const Message& current,
    absl::string_view patch, FieldValidation validation,
    std::vector<std::string>& warnings) {
  const api::TypeMeta want = {kind.info.ApiVersion(),
                              std::string(kind.info.kind)};
  const absl::StatusOr<std::string> patched =
      ApplyPatch(type, kind.info.kind, api::EncodeJson(current, want), patch);
  if (absl::IsFailedPrecondition(patched.status())) return RejectedPatch();
  if (absl::IsInternal(patched.status())) {
    return Unclassified(patched.status().message());
  }
  if (patched.status().message() == "invalid JSON patch") {
    return BadRequest(patched.status().message());
  }
  if (!patched.ok()) {
    return BadRequest(
        absl::StrCat("error decoding patch: ", patched.status().message()));
  }
  // What a patch makes of an object is not the client's text: 422.
  const auto reject = [&patched](absl::string_view why) {
    return InvalidError("", "", "",
                        {Invalid("patch", BadValue::String(*patched), why)});
  };
  std::unique_ptr<Message> object = kind.make();
  api::TypeMeta found;
  std::vector<std::string> unknown;
  if (const absl::Status status =
          api::DecodeJson(*patched, object.get(), &found, &unknown);
      !status.ok()) {
    return reject(api::GoErrorText(status));
  }
  if (const absl::Status status = CheckType(found, want); !status.ok()) {
    return reject(status.message());
  }
  if (const std::string problem =
          JudgeFields(unknown, {}, validation, warnings);
      !problem.empty()) {
    return reject(problem);
  }
  const std::string& name = MetadataOf(current).name();
  if (MetadataOf(*object).name() != name) {
    return NameMismatch(MetadataOf(*object).name(), name);
  }
  return object;
}

}  // namespace signet::apiserver
