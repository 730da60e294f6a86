#include "core/api/json_mismatch.h"

#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/json_rules.h"
#include "google/protobuf/descriptor.h"

namespace signet::api {
namespace {

using google::protobuf::FieldDescriptor;

// Fields whose type has a name of its own in Go.
struct NamedType {
  absl::string_view field;
  absl::string_view type;
};
constexpr NamedType kNamedTypes[] = {
    {"CertificateSigningRequestCondition.status", "v1.ConditionStatus"},
    {"CertificateSigningRequestCondition.type", "v1.RequestConditionType"},
    {"CertificateSigningRequestSpec.usages", "v1.KeyUsage"},
    {"NodeAddress.type", "v1.NodeAddressType"},
    {"NodeCondition.status", "v1.ConditionStatus"},
    {"NodeCondition.type", "v1.NodeConditionType"},
    {"ObjectMeta.uid", "types.UID"},
    {"Secret.type", "v1.SecretType"},
};

std::string ElementType(const FieldDescriptor& field) {
  const std::string name =
      absl::StrCat(field.containing_type()->name(), ".", field.json_name());
  for (const NamedType& named : kNamedTypes) {
    if (named.field == name) return std::string(named.type);
  }
  if (field.is_map()) {
    return ElementType(*field.message_type()->map_value());
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "[]uint8" : "string";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "bool";
    case FieldDescriptor::CPPTYPE_INT32:
      return "int32";
    case FieldDescriptor::CPPTYPE_INT64:
      return "int64";
    default:
      return field.message_type() == nullptr
                 ? ""
                 : absl::StrCat("v1.", field.message_type()->name());
  }
}

std::string FieldType(const FieldDescriptor& field) {
  if (field.is_map()) return absl::StrCat("map[string]", ElementType(field));
  if (field.is_repeated()) return absl::StrCat("[]", ElementType(field));
  return ElementType(field);
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
}

// One piece of the layout: digits, or a text that stands for itself.
struct Piece {
  absl::string_view layout;
  absl::string_view name;  // "month"; "" for a separator.
  int least = 0;
  int most = 0;
};
constexpr Piece kPieces[] = {
    {"2006", "year", 0, 9999}, {"-", ""}, {"01", "month", 1, 12},  {"-", ""},
    {"02", "day", 1, 31},      {"T", ""}, {"15", "hour", 0, 23},   {":", ""},
    {"04", "minute", 0, 59},   {":", ""}, {"05", "second", 0, 59},
};

}  // namespace

std::string GoMismatch(absl::string_view found, absl::string_view path,
                       const FieldDescriptor& field, bool element) {
  switch (field.message_type() == nullptr || field.is_map()
              ? JsonForm::kObject
              : JsonFormOf(*field.message_type())) {
    case JsonForm::kTime:
    case JsonForm::kMicroTime:
      // Such types read themselves and do not know where they stand.
      return absl::StrCat("json: cannot unmarshal ", found,
                          " into Go value of type string");
    default:
      break;
  }
  return absl::StrCat("json: cannot unmarshal ", found,
                      " into Go struct field ", field.containing_type()->name(),
                      ".", path, " of type ",
                      element ? ElementType(field) : FieldType(field));
}

std::string GoBase64Error(absl::string_view text) {
  const auto is_newline = [](char c) { return c == '\n' || c == '\r'; };
  size_t at = 0;
  size_t bad = text.size();
  for (size_t quantum = 0; bad == text.size();) {
    if (at == text.size()) {
      if (quantum > 0) bad = at - quantum;
      break;
    }
    const char c = text[at++];
    if (is_newline(c)) continue;
    if (absl::ascii_isalnum(c) || c == '+' || c == '/') {
      quantum = (quantum + 1) % 4;
      continue;
    }
    if (c != '=' || quantum < 2) {
      bad = at - 1;
      break;
    }
    while (at < text.size() && is_newline(text[at])) ++at;
    if (quantum == 2) {
      if (at == text.size()) break;
      if (text[at] != '=') {
        bad = at - 1;
        break;
      }
      ++at;
      while (at < text.size() && is_newline(text[at])) ++at;
    }
    bad = at;  // What comes after the padding.
    break;
  }
  return absl::StrCat("illegal base64 data at input byte ", bad);
}

std::string GoTimeError(absl::string_view text, bool micro) {
  const absl::string_view layout =
      micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
  absl::string_view rest = text;
  const auto cannot = [&](absl::string_view piece) {
    return absl::StrCat("parsing time ", Quoted(text), " as ", Quoted(layout),
                        ": cannot parse ", Quoted(rest), " as ", Quoted(piece));
  };
  const auto out_of_range = [&](absl::string_view name) {
    return absl::StrCat("parsing time ", Quoted(text), ": ", name,
                        " out of range");
  };
  for (const Piece& piece : kPieces) {
    if (piece.name.empty()) {
      if (!absl::StartsWith(rest, piece.layout)) return cannot(piece.layout);
      rest.remove_prefix(piece.layout.size());
      continue;
    }
    int value = 0;
    const absl::string_view digits = rest.substr(0, piece.layout.size());
    if (digits.size() < piece.layout.size() ||
        !absl::ascii_isdigit(digits[0]) || !absl::SimpleAtoi(digits, &value)) {
      return cannot(piece.layout);
    }
    rest.remove_prefix(digits.size());
    if (value < piece.least || value > piece.most) {
      return out_of_range(piece.name);
    }
  }
  if (absl::StartsWith(rest, ".")) {
    size_t end = 1;
    while (end < rest.size() && absl::ascii_isdigit(rest[end])) ++end;
    rest.remove_prefix(end);
  } else if (micro) {
    return cannot(".000000");
  }
  if (rest.empty() || (rest[0] != 'Z' && rest[0] != '+' && rest[0] != '-')) {
    return cannot("Z07:00");
  }
  if (rest[0] != 'Z') {
    if (rest.size() < 6 || rest[3] != ':') return cannot("Z07:00");
    rest.remove_prefix(5);
  }
  rest.remove_prefix(1);
  if (!rest.empty()) {
    return absl::StrCat("parsing time ", Quoted(text),
                        ": extra text: ", Quoted(rest));
  }
  return out_of_range("day");
}

}  // namespace signet::api
