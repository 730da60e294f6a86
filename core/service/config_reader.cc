#include "core/service/config_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/go_duration.h"
#include "re2/re2.h"
#include "yaml-cpp/yaml.h"

namespace signet::service {
namespace {

constexpr size_t kMaxErrors = 10;
// Aliases can make a short text stand for a long one.
constexpr int kMaxValues = 200000;

// ---- Types of YAML's core schema.

enum class ScalarType { kNull, kBool, kInt, kFloat, kString };

ScalarType TypeOf(const YAML::Node& node) {
  static const RE2* const kInt = new RE2("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+");
  static const RE2* const kFloat =
      new RE2(R"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)"
              R"(|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN)");
  static const RE2* const kBool = new RE2("true|True|TRUE|false|False|FALSE");
  if (node.IsNull()) return ScalarType::kNull;
  if (node.Tag() != "?") return ScalarType::kString;  // Quoted, or tagged.
  const std::string& text = node.Scalar();
  if (RE2::FullMatch(text, *kBool)) return ScalarType::kBool;
  if (RE2::FullMatch(text, *kInt)) return ScalarType::kInt;
  if (RE2::FullMatch(text, *kFloat)) return ScalarType::kFloat;
  return ScalarType::kString;
}

// "a mapping", for messages.
std::string Describe(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  const std::string text =
      absl::CHexEscape(node.IsNull() ? "null" : node.Scalar());
  switch (TypeOf(node)) {
    case ScalarType::kNull:
      return "null";
    case ScalarType::kBool:
      return absl::StrCat("the boolean ", text);
    case ScalarType::kInt:
    case ScalarType::kFloat:
      return absl::StrCat("the number ", text);
    case ScalarType::kString:
      return absl::StrCat("\"", text, "\"");
  }
  return "";
}

// ---- Errors.

// What all mappings of a document share.
struct Document {
  std::string file;
  std::multimap<int, std::string> problems;  // By line, from 1.
  int values = 0;

  void Add(const YAML::Mark& mark, std::string text) {
    problems.emplace(mark.is_null() ? 1 : mark.line + 1, std::move(text));
  }

  // False once the document has had too many values.
  bool Count(const YAML::Mark& mark) {
    if (++values == kMaxValues) {
      Add(mark, absl::StrCat("more than ", kMaxValues, " values"));
    }
    return values < kMaxValues;
  }

  absl::Status Result() {
    if (problems.empty()) return absl::OkStatus();
    std::string message;
    size_t told = 0;
    for (const auto& [line, text] : problems) {
      if (told == kMaxErrors) {
        absl::StrAppend(&message, "\n", file, ": ", problems.size() - told,
                        " more errors");
        break;
      }
      absl::StrAppend(&message, told++ == 0 ? "" : "\n", file, ":", line, ": ",
                      text);
    }
    return absl::InvalidArgumentError(message);
  }
};

// ---- "Did you mean".

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

// ` (did you mean "x"?)`, or "" if no known name is near.
std::string Suggestion(absl::string_view name,
                       const std::set<std::string, std::less<>>& known) {
  constexpr size_t kMaxName = 64;
  if (name.size() > kMaxName) return "";
  std::string best;
  size_t best_distance = std::min<size_t>(3, (name.size() + 1) / 2);
  for (const std::string& candidate : known) {
    const size_t distance = EditDistance(absl::AsciiStrToLower(name),
                                         absl::AsciiStrToLower(candidate));
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (best.empty()) return "";
  return absl::StrCat(" (did you mean \"", best, "\"?)");
}

// ---- The mapping.

// yaml-cpp throws on misuse: used inside ReadConfig's try block only.
class YamlMapping : public ConfigMapping {
 public:
  // `path` is "" for the document itself.
  YamlMapping(Document& document, std::string path, const YAML::Node& node)
      : document_(document), path_(std::move(path)), node_(node) {
    for (const auto& entry : node_) {
      if (!document_.Count(entry.first.Mark())) return;
      if (!entry.first.IsScalar()) {
        document_.Add(entry.first.Mark(),
                      absl::StrCat("expected the name of a field", In(),
                                   ", not ", Describe(entry.first)));
        continue;
      }
      const std::string& name = entry.first.Scalar();
      const bool is_new =
          fields_.try_emplace(name, Field{entry.first.Mark(), entry.second})
              .second;
      if (!is_new) {
        document_.Add(entry.first.Mark(),
                      absl::StrCat("field \"", absl::CHexEscape(name),
                                   "\" occurs twice", In()));
      }
    }
  }

  // Reports the fields that nobody asked for.
  void Finish() {
    for (const auto& [name, field] : fields_) {
      if (known_.contains(name)) continue;
      document_.Add(field.mark,
                    absl::StrCat("unknown field \"", absl::CHexEscape(name),
                                 "\"", In(), Suggestion(name, known_)));
    }
  }

  bool Has(absl::string_view field) override {
    return Present(field) != nullptr;
  }

  void Required(absl::string_view field) override {
    if (Present(field) != nullptr) return;
    document_.Add(node_.Mark(),
                  absl::StrCat("field \"", field, "\" is missing", In()));
  }

  void String(absl::string_view field, std::string* value) override {
    const Field* found = Present(field);
    if (found == nullptr) return;
    if (auto text = StringOf(found->value, Path(field))) {
      *value = *std::move(text);
    }
  }

  void Bool(absl::string_view field, bool* value) override {
    const Field* found = Present(field);
    if (found == nullptr) return;
    if (!found->value.IsScalar() || TypeOf(found->value) != ScalarType::kBool) {
      Expected(field, "true or false");
      return;
    }
    *value = absl::EqualsIgnoreCase(found->value.Scalar(), "true");
  }

  void Int(absl::string_view field, int64_t min, int64_t max,
           int64_t* value) override {
    const Field* found = Present(field);
    if (found == nullptr) return;
    static const RE2* const kDecimal = new RE2("[-+]?(0|[1-9][0-9]*)");
    int64_t number;
    if (!found->value.IsScalar() || TypeOf(found->value) != ScalarType::kInt ||
        !RE2::FullMatch(found->value.Scalar(), *kDecimal) ||
        !absl::SimpleAtoi(found->value.Scalar(), &number) || number < min ||
        number > max) {
      Expected(field, absl::StrCat("a whole number from ", min, " to ", max));
      return;
    }
    *value = number;
  }

  void Duration(absl::string_view field, absl::Duration min,
                absl::Duration* value) override {
    const Field* found = Present(field);
    if (found == nullptr) return;
    absl::StatusOr<absl::Duration> duration =
        absl::InvalidArgumentError("no scalar");
    if (found->value.IsScalar()) {
      duration = ParseGoDuration(found->value.Scalar());
    }
    if (!duration.ok()) {
      Expected(field, "a duration such as 1h30m");
      return;
    }
    if (*duration < min) {
      Error(field, absl::StrCat("must be at least ", FormatGoDuration(min)));
      return;
    }
    *value = *duration;
  }

  void Mode(absl::string_view field, uint32_t* value) override {
    const Field* found = Present(field);
    if (found == nullptr) return;
    static const RE2* const kMode = new RE2("0[0-7]{3,4}");
    uint32_t mode = 0;
    if (!found->value.IsScalar() ||
        !RE2::FullMatch(found->value.Scalar(), *kMode)) {
      Expected(field, "an octal mode such as \"0644\"");
      return;
    }
    for (const char digit : found->value.Scalar()) {
      mode = mode * 8 + static_cast<uint32_t>(digit - '0');
    }
    *value = mode;
  }

  void Strings(absl::string_view field,
               std::vector<std::string>* values) override {
    const Field* found = Present(field);
    if (found == nullptr) return;
    if (!found->value.IsSequence()) {
      Expected(field, "a list of strings");
      return;
    }
    values->clear();
    for (size_t i = 0; i < found->value.size(); ++i) {
      const YAML::Node item = found->value[i];
      if (!document_.Count(item.Mark())) return;
      if (auto text = StringOf(item, absl::StrCat(Path(field), "[", i, "]"))) {
        values->push_back(*std::move(text));
      }
    }
  }

  void Mapping(absl::string_view field,
               const std::function<void(ConfigMapping&)>& read) override {
    const Field* found = Present(field);
    if (found == nullptr) return;
    ReadMapping(found->value, Path(field), read);
  }

  void Mappings(absl::string_view field,
                const std::function<void(ConfigMapping&)>& read) override {
    const Field* found = Present(field);
    if (found == nullptr) return;
    if (!found->value.IsSequence()) {
      Expected(field, "a list of mappings");
      return;
    }
    for (size_t i = 0; i < found->value.size(); ++i) {
      const YAML::Node item = found->value[i];
      if (!document_.Count(item.Mark())) return;
      ReadMapping(item, absl::StrCat(Path(field), "[", i, "]"), read);
    }
  }

  void Error(absl::string_view field, absl::string_view what) override {
    const Field* found = Find(field);
    const std::string path = field.empty() ? path_ : Path(field);
    document_.Add(found == nullptr ? node_.Mark() : found->mark,
                  absl::StrCat(path, path.empty() ? "" : ": ", what));
  }

 private:
  struct Field {
    YAML::Mark mark;  // Of the name.
    YAML::Node value;
  };

  const Field* Find(absl::string_view name) const {
    const auto it = fields_.find(name);
    return it == fields_.end() ? nullptr : &it->second;
  }

  // The field if it is there and not null; it is known from now on.
  const Field* Present(absl::string_view name) {
    known_.emplace(name);
    const Field* found = Find(name);
    return found == nullptr || found->value.IsNull() ? nullptr : found;
  }

  std::string Path(absl::string_view field) const {
    return path_.empty() ? std::string(field) : absl::StrCat(path_, ".", field);
  }
  // " in policies[0]"
  std::string In() const {
    return path_.empty() ? "" : absl::StrCat(" in ", path_);
  }

  void Expected(absl::string_view name, absl::string_view what) {
    const Field& field = *Find(name);
    document_.Add(field.mark, absl::StrCat(Path(name), ": expected ", what,
                                           ", not ", Describe(field.value)));
  }

  std::optional<std::string> StringOf(const YAML::Node& node,
                                      absl::string_view path) {
    if (node.IsScalar() && TypeOf(node) == ScalarType::kString) {
      return node.Scalar();
    }
    document_.Add(
        node.Mark(),
        absl::StrCat(path, ": expected a string, not ", Describe(node),
                     node.IsScalar() ? "; put it in quotes" : ""));
    return std::nullopt;
  }

  void ReadMapping(const YAML::Node& node, const std::string& path,
                   const std::function<void(ConfigMapping&)>& read) {
    if (!node.IsMap()) {
      document_.Add(
          node.Mark(),
          absl::StrCat(path, ": expected a mapping, not ", Describe(node)));
      return;
    }
    YamlMapping mapping(document_, path, node);
    read(mapping);
    mapping.Finish();
  }

  Document& document_;
  const std::string path_;
  const YAML::Node node_;
  std::map<std::string, Field, std::less<>> fields_;
  std::set<std::string, std::less<>> known_;
};

// Whether `field` is there and says `want`; otherwise adds an error.
bool Says(YamlMapping& mapping, absl::string_view field,
          absl::string_view want) {
  if (!mapping.Has(field)) {
    mapping.Error("", absl::StrCat("field \"", field,
                                   "\" is missing; expected \"", want, "\""));
    return false;
  }
  std::string value(want);  // What a value of the wrong type leaves.
  mapping.String(field, &value);
  if (value == want) return true;
  mapping.Error(field, absl::StrCat("expected \"", want, "\", not \"",
                                    absl::CHexEscape(value), "\""));
  return false;
}

}  // namespace

absl::Status ReadConfig(absl::string_view file, absl::string_view text,
                        absl::string_view api_version, absl::string_view kind,
                        const std::function<void(ConfigMapping&)>& read) {
  Document document{.file = std::string(file), .problems = {}};
  if (text.size() > kMaxConfigBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": has ", text.size(), " bytes; at most ",
                     kMaxConfigBytes, " are taken"));
  }
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.empty() || documents[0].IsNull()) {
      return absl::InvalidArgumentError(absl::StrCat(file, ": is empty"));
    }
    if (documents.size() > 1) {
      document.Add(documents[1].Mark(), "a second document; one is taken");
      return document.Result();
    }
    if (!documents[0].IsMap()) {
      document.Add(documents[0].Mark(), absl::StrCat("expected a mapping, not ",
                                                     Describe(documents[0])));
      return document.Result();
    }
    YamlMapping mapping(document, "", documents[0]);
    const bool version_fits = Says(mapping, "apiVersion", api_version);
    const bool kind_fits = Says(mapping, "kind", kind);
    // Another kind's fields would all be unknown.
    if (version_fits && kind_fits) {
      read(mapping);
      mapping.Finish();
    }
  } catch (const YAML::Exception& e) {
    // It may quote any byte of the text.
    document.Add(e.mark, absl::CHexEscape(e.msg));
  }
  return document.Result();
}

}  // namespace signet::service
