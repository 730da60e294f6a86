#include "tools/apiserver/metadata_validation.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/api/meta.pb.h"
#include "tools/apiserver/field_error.h"
#include "tools/apiserver/go_quote.h"

namespace signet::apiserver {
namespace {

constexpr size_t kLabelMax = 63;
constexpr size_t kSubdomainMax = 253;
constexpr size_t kAnnotationsMax = 256 << 10;

constexpr absl::string_view kLabelText =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric "
    "characters or '-', and must start and end with an alphanumeric character "
    "(e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr absl::string_view kSubdomainText =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
    "characters, '-' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr absl::string_view kKeyText =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
    "'123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr absl::string_view kValueText =
    "a valid label must be an empty string or consist of alphanumeric "
    "characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
    "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool IsLower(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c);
}

// [a-z0-9]([-a-z0-9]*[a-z0-9])?
bool MatchesLabel(absl::string_view value) {
  return !value.empty() && IsLower(value.front()) && IsLower(value.back()) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return IsLower(c) || c == '-'; });
}

bool MatchesSubdomain(absl::string_view value) {
  const std::vector<absl::string_view> labels = absl::StrSplit(value, '.');
  return std::all_of(labels.begin(), labels.end(), MatchesLabel);
}

// ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]
bool MatchesKey(absl::string_view value) {
  return !value.empty() && absl::ascii_isalnum(value.front()) &&
         absl::ascii_isalnum(value.back()) &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

// Kubernetes counts bytes in both cases, whatever it calls them.
std::string MaxLength(size_t length, absl::string_view unit) {
  return absl::StrCat("must be no more than ", length, " ", unit);
}

// A map in the order of its keys, so that messages do not change from run to
// run (Go's do: its maps are walked at random).
template <class Map>
std::map<std::string, std::string> Sorted(const Map& map) {
  return {map.begin(), map.end()};
}

void AppendLabels(const api::ObjectMeta& metadata, FieldErrors& errors) {
  for (const auto& [key, value] : Sorted(metadata.labels())) {
    for (const std::string& text : CheckLabelKey(key)) {
      errors.push_back(Invalid("metadata.labels", BadValue::String(key), text));
    }
    for (const std::string& text : CheckLabelValue(value)) {
      errors.push_back(
          Invalid("metadata.labels", BadValue::String(value), text));
    }
  }
}

void AppendAnnotations(const api::ObjectMeta& metadata, FieldErrors& errors) {
  size_t bytes = 0;
  for (const auto& [key, value] : Sorted(metadata.annotations())) {
    bytes += key.size() + value.size();
    for (const std::string& text : CheckLabelKey(absl::AsciiStrToLower(key))) {
      errors.push_back(
          Invalid("metadata.annotations", BadValue::String(key), text));
    }
  }
  if (bytes > kAnnotationsMax) {
    errors.push_back(TooLong("metadata.annotations", kAnnotationsMax));
  }
}

void AppendOwners(const api::ObjectMeta& metadata, FieldErrors& errors) {
  for (int i = 0; i < metadata.owner_references_size(); ++i) {
    const api::OwnerReference& owner = metadata.owner_references(i);
    const std::string field = Index("metadata.ownerReferences", i);
    const std::pair<absl::string_view, const std::string*> fields[] = {
        {".apiVersion", &owner.api_version()},
        {".kind", &owner.kind()},
        {".name", &owner.name()},
        {".uid", &owner.uid()},
    };
    for (const auto& [suffix, value] : fields) {
      if (value->empty()) {
        errors.push_back(
            Required(absl::StrCat(field, suffix), "must not be empty"));
      }
    }
  }
}

// The rules behind a metadata's name.
void AppendCommon(const api::ObjectMeta& metadata, bool namespaced,
                  FieldErrors& errors) {
  if (namespaced) {
    if (metadata.namespace_().empty()) {
      errors.push_back(Required("metadata.namespace"));
    } else {
      for (const std::string& text : CheckDnsLabel(metadata.namespace_())) {
        errors.push_back(Invalid("metadata.namespace",
                                 BadValue::String(metadata.namespace_()),
                                 text));
      }
    }
  } else if (!metadata.namespace_().empty()) {
    errors.push_back(
        Forbidden("metadata.namespace", "not allowed on this type"));
  }
  if (metadata.generation() < 0) {
    errors.push_back(Invalid("metadata.generation",
                             BadValue::Number(metadata.generation()),
                             "must be greater than or equal to 0"));
  }
  AppendLabels(metadata, errors);
  AppendAnnotations(metadata, errors);
  AppendOwners(metadata, errors);
  for (const std::string& finalizer : metadata.finalizers()) {
    for (const std::string& text : CheckLabelKey(finalizer)) {
      errors.push_back(
          Invalid("metadata.finalizers", BadValue::String(finalizer), text));
    }
  }
}

template <class NameCheck>
FieldErrors ValidateNames(const api::ObjectMeta& metadata, NameCheck check) {
  FieldErrors errors;
  if (!metadata.generate_name().empty()) {
    for (const std::string& text : check(metadata.generate_name(), true)) {
      errors.push_back(Invalid("metadata.generateName",
                               BadValue::String(metadata.generate_name()),
                               text));
    }
  }
  if (metadata.name().empty()) {
    errors.push_back(
        Required("metadata.name", "name or generateName is required"));
  } else {
    for (const std::string& text : check(metadata.name(), false)) {
      errors.push_back(
          Invalid("metadata.name", BadValue::String(metadata.name()), text));
    }
  }
  return errors;
}

std::vector<std::string> CheckSegment(absl::string_view name, bool prefix) {
  if (prefix && (name == "." || name == "..")) return {};
  return CheckPathSegment(name);
}

}  // namespace

std::vector<std::string> CheckPathSegment(absl::string_view name) {
  for (const absl::string_view illegal : {".", ".."}) {
    if (name == illegal) return {absl::StrCat("may not be '", illegal, "'")};
  }
  std::vector<std::string> texts;
  for (const char illegal : {'/', '%'}) {
    if (absl::StrContains(name, illegal)) {
      texts.push_back(absl::StrCat("may not contain '",
                                   absl::string_view(&illegal, 1), "'"));
    }
  }
  return texts;
}

std::vector<std::string> CheckDnsLabel(absl::string_view value) {
  std::vector<std::string> texts;
  if (value.size() > kLabelMax) {
    texts.push_back(MaxLength(kLabelMax, "characters"));
  }
  if (!MatchesLabel(value)) {
    texts.emplace_back(MatchesSubdomain(value) ? "must not contain dots"
                                               : kLabelText);
  }
  return texts;
}

std::vector<std::string> CheckDnsSubdomain(absl::string_view value) {
  std::vector<std::string> texts;
  if (value.size() > kSubdomainMax) {
    texts.push_back(MaxLength(kSubdomainMax, "characters"));
  }
  if (!MatchesSubdomain(value)) texts.emplace_back(kSubdomainText);
  return texts;
}

std::vector<std::string> CheckLabelKey(absl::string_view value) {
  std::vector<std::string> texts;
  const std::vector<absl::string_view> parts = absl::StrSplit(value, '/');
  if (parts.size() > 2) {
    return {absl::StrCat("a valid label key ", kKeyText,
                         " with an optional DNS subdomain prefix and '/' "
                         "(e.g. 'example.com/MyName')")};
  }
  if (parts.size() == 2) {
    if (parts[0].empty()) {
      texts.emplace_back("prefix part must be non-empty");
    } else {
      if (parts[0].size() > kSubdomainMax) {
        texts.push_back(
            absl::StrCat("prefix part ", MaxLength(kSubdomainMax, "bytes")));
      }
      if (!MatchesSubdomain(parts[0])) {
        texts.push_back(absl::StrCat("prefix part ", kSubdomainText));
      }
    }
  }
  const absl::string_view name = parts.back();
  if (name.empty()) {
    texts.emplace_back("name part must be non-empty");
  } else if (name.size() > kLabelMax) {
    texts.push_back(absl::StrCat("name part ", MaxLength(kLabelMax, "bytes")));
  }
  if (!MatchesKey(name)) texts.push_back(absl::StrCat("name part ", kKeyText));
  return texts;
}

std::vector<std::string> CheckLabelValue(absl::string_view value) {
  std::vector<std::string> texts;
  if (value.size() > kLabelMax) {
    texts.push_back(MaxLength(kLabelMax, "bytes"));
  }
  if (!value.empty() && !MatchesKey(value)) texts.emplace_back(kValueText);
  return texts;
}

std::vector<std::string> CheckName(NameRule rule, absl::string_view name,
                                   bool prefix) {
  switch (rule) {
    case NameRule::kPathSegment:
      return {};  // The common rule says it all.
    case NameRule::kDnsLabel:
    case NameRule::kDnsSubdomain: {
      // A prefix may end in '-' for the generated part follows.
      std::string checked(name);
      if (prefix && checked.size() > 1 && checked.back() == '-') {
        checked.back() = 'a';
      }
      return rule == NameRule::kDnsLabel ? CheckDnsLabel(checked)
                                         : CheckDnsSubdomain(checked);
    }
  }
  return {};
}

FieldErrors ValidateObjectMeta(const api::ObjectMeta& metadata, bool namespaced,
                               NameRule rule) {
  return ValidateObjectMeta(metadata, namespaced,
                            [rule](absl::string_view name, bool prefix) {
                              return CheckName(rule, name, prefix);
                            });
}

FieldErrors ValidateObjectMeta(
    const api::ObjectMeta& metadata, bool namespaced,
    const std::function<std::vector<std::string>(absl::string_view, bool)>&
        check_name) {
  FieldErrors errors = ValidateNames(metadata, check_name);
  AppendCommon(metadata, namespaced, errors);
  for (int i = 0; i < metadata.finalizers_size(); ++i) {
    const std::string& finalizer = metadata.finalizers(i);
    if (absl::StrContains(finalizer, '/') || finalizer == "kubernetes" ||
        finalizer == "orphan" || finalizer == "foregroundDeletion") {
      continue;
    }
    errors.push_back(Invalid(
        Index("metadata.finalizers", i), BadValue::String(finalizer),
        "name is neither a standard finalizer name nor is it fully qualified"));
  }
  return errors;
}

FieldErrors ValidateCommonCreate(const api::ObjectMeta& metadata) {
  return ValidateNames(metadata, CheckSegment);
}

FieldErrors ValidateObjectMetaUpdate(const api::ObjectMeta& updated,
                                     const api::ObjectMeta& stored) {
  constexpr absl::string_view kImmutable = "field is immutable";
  FieldErrors errors;
  if (stored.has_deletion_timestamp()) {
    std::set<std::string> added(updated.finalizers().begin(),
                                updated.finalizers().end());
    for (const std::string& old : stored.finalizers()) added.erase(old);
    if (!added.empty()) {
      errors.push_back(Forbidden(
          "metadata.finalizers",
          absl::StrCat(
              "no new finalizers can be added if the object is being deleted, "
              "found new finalizers []string{",
              absl::StrJoin(added, ", ",
                            [](std::string* out, const std::string& one) {
                              absl::StrAppend(out, GoQuote(one));
                            }),
              "}")));
    }
  }
  if (updated.resource_version().empty()) {
    errors.push_back(Invalid("metadata.resourceVersion", BadValue::String(""),
                             "must be specified for an update"));
  }
  const std::pair<absl::string_view,
                  std::pair<const std::string*, const std::string*>>
      fields[] = {
          {"metadata.name", {&updated.name(), &stored.name()}},
          {"metadata.namespace", {&updated.namespace_(), &stored.namespace_()}},
          {"metadata.uid", {&updated.uid(), &stored.uid()}},
      };
  for (const auto& [field, values] : fields) {
    if (*values.first != *values.second) {
      // A UID is a string type of its own, and so shown as JSON.
      errors.push_back(Invalid(field,
                               field == "metadata.uid"
                                   ? BadValue::Json(*values.first)
                                   : BadValue::String(*values.first),
                               kImmutable));
    }
  }
  AppendLabels(updated, errors);
  AppendAnnotations(updated, errors);
  AppendOwners(updated, errors);
  return errors;
}

FieldErrors ValidateCommonUpdate(const api::ObjectMeta& updated,
                                 const api::ObjectMeta& stored,
                                 bool namespaced) {
  FieldErrors errors = ValidateNames(updated, CheckSegment);
  AppendCommon(updated, namespaced, errors);
  FieldErrors more = ValidateObjectMetaUpdate(updated, stored);
  errors.insert(errors.end(), more.begin(), more.end());
  return errors;
}

FieldErrors ValidateSignerName(absl::string_view field,
                               absl::string_view signer_name) {
  if (signer_name.empty()) return {Required(field)};
  const std::vector<absl::string_view> sides = absl::StrSplit(signer_name, '/');
  if (sides.size() != 2) {
    return {Invalid(field, BadValue::String(signer_name),
                    "must be a fully qualified domain and path of the form "
                    "'example.com/signer-name'")};
  }
  FieldErrors errors;
  const absl::string_view domain = sides[0];
  const absl::string_view path = sides[1];
  const auto check = [&](absl::string_view side, auto check_label) {
    for (const absl::string_view label : absl::StrSplit(side, '.')) {
      const std::vector<std::string> texts = check_label(label);
      for (const std::string& text : texts) {
        errors.push_back(Invalid(
            field, BadValue::String(side),
            absl::StrCat("validating label ", GoQuote(label), ": ", text)));
      }
      if (!texts.empty()) return;
    }
  };
  if (domain.size() > kSubdomainMax) {
    errors.push_back(TooLong(field, kSubdomainMax));
  }
  check(domain, CheckDnsLabel);
  if (!absl::StrContains(domain, '.')) {
    errors.push_back(
        Invalid(field, BadValue::String(domain),
                "should be a domain with at least two segments separated by "
                "dots"));
  }
  check(path, CheckDnsSubdomain);
  constexpr size_t kMax = kSubdomainMax + 1 + kSubdomainMax + kLabelMax + 1;
  if (signer_name.size() > kMax) errors.push_back(TooLong(field, kMax));
  return errors;
}

}  // namespace signet::apiserver
