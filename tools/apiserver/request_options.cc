#include "tools/apiserver/request_options.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/meta.pb.h"
#include "core/http/message.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/request_info.h"
#include "tools/apiserver/selectors.h"
#include "tools/apiserver/store.h"
#include "tools/apiserver/table.h"

namespace signet::apiserver {
namespace {

constexpr absl::string_view kMetaGroup = "meta.k8s.io";
constexpr int kMaxFieldManagerBytes = 128;

absl::StatusOr<int64_t> IntegerParameter(absl::string_view text) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) {
    return BadRequest(absl::StrCat("strconv.ParseInt: parsing ", GoQuote(text),
                                   ": invalid syntax"));
  }
  return std::max<int64_t>(value, 0);
}

absl::StatusOr<int64_t> RevisionParameter(absl::string_view text, bool watch) {
  int64_t value = 0;
  if (absl::SimpleAtoi(text, &value) && value >= 0) return value;
  const std::string error = absl::StrCat(
      "resourceVersion: Invalid value: ", GoQuote(text),
      ": strconv.ParseUint: parsing ", GoQuote(text), ": invalid syntax");
  // The real server doesn't expect the error here.
  if (watch) return Unclassified(error);
  return BadRequest(absl::StrCat("invalid resource version: ", error));
}

// The rules of resourceVersionMatch and sendInitialEvents.
FieldErrors CheckMatch(const http::ParsedTarget& target, bool watch) {
  constexpr absl::string_view kField = "resourceVersionMatch";
  constexpr absl::string_view kNotOlderThan = "NotOlderThan";
  static constexpr absl::string_view kOfWatch[] = {kNotOlderThan};
  static constexpr absl::string_view kOfList[] = {"Exact", kNotOlderThan, ""};
  FieldErrors errors;
  const absl::string_view match = target.Query(kField);
  const bool initial = target.HasQuery("sendInitialEvents");
  const bool continues = !target.Query("continue").empty();
  if (watch) {
    if (initial && match != kNotOlderThan) {
      errors.push_back(
          Forbidden(kField,
                    "sendInitialEvents requires setting resourceVersionMatch "
                    "to NotOlderThan"));
    }
    if (match.empty()) return errors;
    if (!initial) {
      errors.push_back(Forbidden(kField,
                                 "resourceVersionMatch is forbidden for watch "
                                 "unless sendInitialEvents is provided"));
    }
    if (match != kNotOlderThan) {
      errors.push_back(NotSupported(kField, BadValue::String(match), kOfWatch));
    }
    if (continues) {
      errors.push_back(Forbidden(
          kField,
          "resourceVersionMatch is forbidden when continue is provided"));
    }
    return errors;
  }
  const absl::string_view revision = target.Query("resourceVersion");
  if (!match.empty()) {
    if (revision.empty()) {
      errors.push_back(Forbidden(kField,
                                 "resourceVersionMatch is forbidden unless "
                                 "resourceVersion is provided"));
    }
    if (continues) {
      errors.push_back(Forbidden(
          kField,
          "resourceVersionMatch is forbidden when continue is provided"));
    }
    if (match != "Exact" && match != kNotOlderThan) {
      errors.push_back(NotSupported(kField, BadValue::String(match), kOfList));
    }
    if (match == "Exact" && revision == "0") {
      errors.push_back(
          Forbidden(kField,
                    "resourceVersionMatch \"exact\" is forbidden for "
                    "resourceVersion \"0\""));
    }
  }
  if (initial) {
    errors.push_back(Forbidden("sendInitialEvents",
                               "sendInitialEvents is forbidden for list"));
  }
  return errors;
}

// What messages call the options of `verb`.
absl::string_view KindOf(WriteVerb verb) {
  switch (verb) {
    case WriteVerb::kCreate:
      return "CreateOptions";
    case WriteVerb::kUpdate:
      return "UpdateOptions";
    case WriteVerb::kPatch:
    case WriteVerb::kApply:
      return "PatchOptions";
    case WriteVerb::kDelete:
      return "DeleteOptions";
  }
  return "";
}

void CheckFieldManager(absl::string_view manager, FieldErrors& errors) {
  if (manager.size() > kMaxFieldManagerBytes) {
    errors.push_back(TooLong("fieldManager", kMaxFieldManagerBytes));
  }
  for (size_t i = 0; i < manager.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(manager[i]);
    if (c >= ' ' && c != 0x7F) continue;
    errors.push_back(Invalid(
        "fieldManager", BadValue::String(manager),
        absl::StrFormat("invalid character U+%04X (at position %d)", c, i)));
  }
}

void CheckDryRun(absl::string_view value, FieldErrors& errors) {
  static constexpr absl::string_view kDryRuns[] = {"All"};
  if (value == "All") return;
  errors.push_back(NotSupported("dryRun", BadValue::JsonList(value), kDryRuns));
}

absl::Status InvalidOptions(absl::string_view kind, const FieldErrors& errors) {
  return errors.empty() ? absl::OkStatus()
                        : InvalidError(kMetaGroup, kind, "", errors);
}

}  // namespace

bool ListParameters::Matches(const Kind& kind,
                             const google::protobuf::Message& object) const {
  const api::ObjectMeta& metadata = MetadataOf(object);
  if (!labels.Matches(metadata)) return false;
  return fields.Matches([&](absl::string_view field) -> std::string {
    if (field == "metadata.name") return metadata.name();
    if (field == "metadata.namespace") return metadata.namespace_();
    const auto* value = kind.FindField(field);
    return value == nullptr ? std::string() : (*value)(object);
  });
}

absl::StatusOr<ListParameters> ParseListParameters(
    const Kind& kind, const http::ParsedTarget& target, bool watch) {
  ListParameters parameters;
  absl::StatusOr<FieldSelector> fields =
      FieldSelector::Parse(target.Query("fieldSelector"));
  if (!fields.ok()) return BadRequest(fields.status().message());
  for (const FieldSelector::Requirement& requirement : fields->requirements()) {
    const std::string& field = requirement.field;
    if (field == "metadata.name" ||
        (field == "metadata.namespace" && kind.info.namespaced) ||
        kind.FindField(field) != nullptr) {
      continue;
    }
    return BadRequest(absl::StrCat("field label not supported: ", field));
  }
  parameters.fields = *std::move(fields);
  absl::StatusOr<LabelSelector> labels =
      LabelSelector::Parse(target.Query("labelSelector"));
  if (!labels.ok()) return BadRequest(labels.status().message());
  parameters.labels = *std::move(labels);
  ABSL_RETURN_IF_ERROR(
      InvalidOptions("ListOptions", CheckMatch(target, watch)));

  if (const absl::string_view revision = target.Query("resourceVersion");
      !revision.empty()) {
    ABSL_ASSIGN_OR_RETURN(parameters.revision,
                          RevisionParameter(revision, watch));
  }
  if (target.HasQuery("sendInitialEvents")) {
    parameters.send_initial_events = QueryFlag(target, "sendInitialEvents");
  }
  if (const absl::string_view limit = target.Query("limit"); !limit.empty()) {
    ABSL_ASSIGN_OR_RETURN(parameters.limit, IntegerParameter(limit));
  }
  parameters.continue_token = std::string(target.Query("continue"));
  parameters.bookmarks = QueryFlag(target, "allowWatchBookmarks");
  if (const absl::string_view timeout = target.Query("timeoutSeconds");
      !timeout.empty()) {
    ABSL_ASSIGN_OR_RETURN(const int64_t seconds, IntegerParameter(timeout));
    if (seconds > 0) parameters.timeout = absl::Seconds(seconds);
  }
  return parameters;
}

absl::StatusOr<IncludeObject> ParseIncludeObject(
    const http::ParsedTarget& target) {
  const absl::string_view text = target.Query("includeObject");
  if (text.empty() || text == "Metadata") return IncludeObject::kMetadata;
  if (text == "None") return IncludeObject::kNone;
  if (text == "Object") return IncludeObject::kObject;
  return BadRequest(
      absl::StrCat("unrecognized includeObject value: ", GoQuote(text)));
}

absl::StatusOr<WriteOptions> ParseWriteOptions(const http::ParsedTarget& target,
                                               WriteVerb verb) {
  static constexpr absl::string_view kValidations[] = {"", "Ignore", "Strict",
                                                       "Warn"};
  WriteOptions options;
  FieldErrors errors;
  options.field_manager = std::string(target.Query("fieldManager"));
  if (verb == WriteVerb::kApply) {
    options.force = QueryFlag(target, "force");
    if (options.field_manager.empty()) {
      errors.push_back(Required("fieldManager", "is required for apply patch"));
    }
  } else if (verb == WriteVerb::kPatch && target.HasQuery("force")) {
    errors.push_back(
        Forbidden("force", "may not be specified for non-apply patch"));
  }
  if (verb != WriteVerb::kDelete) {
    CheckFieldManager(options.field_manager, errors);
  }
  for (const auto& [key, value] : target.query) {
    if (key != "dryRun") continue;
    CheckDryRun(value, errors);
    options.dry_run = true;
  }
  const absl::string_view validation = target.Query("fieldValidation");
  if (validation == "Ignore") options.validation = FieldValidation::kIgnore;
  if (validation == "Strict") options.validation = FieldValidation::kStrict;
  if (verb != WriteVerb::kDelete &&
      std::find(std::begin(kValidations), std::end(kValidations), validation) ==
          std::end(kValidations)) {
    errors.push_back(NotSupported("fieldValidation",
                                  BadValue::String(validation), kValidations));
  }
  ABSL_RETURN_IF_ERROR(InvalidOptions(KindOf(verb), errors));
  return options;
}

absl::Status CheckDeleteOptions(const api::DeleteOptions& options) {
  static constexpr absl::string_view kPolicies[] = {"Foreground", "Background",
                                                    "Orphan", "nil"};
  constexpr absl::string_view kField = "propagationPolicy";
  const absl::string_view policy = options.propagation_policy();
  FieldErrors errors;
  if (options.has_propagation_policy()) {
    if (options.has_orphan_dependents()) {
      errors.push_back(
          Invalid(kField, BadValue::String(policy),
                  "orphanDependents and deletionPropagation cannot be both "
                  "set"));
    }
    if (std::find(std::begin(kPolicies), std::end(kPolicies) - 1, policy) ==
        std::end(kPolicies) - 1) {
      errors.push_back(
          NotSupported(kField, BadValue::String(policy), kPolicies));
    }
  }
  for (const std::string& value : options.dry_run()) {
    CheckDryRun(value, errors);
  }
  return InvalidOptions("DeleteOptions", errors);
}

}  // namespace signet::apiserver
