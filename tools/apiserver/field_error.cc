#include "tools/apiserver/field_error.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tools/apiserver/go_quote.h"

namespace signet::apiserver {
namespace {

std::string WithDetail(std::string body, absl::string_view detail) {
  if (!detail.empty()) absl::StrAppend(&body, ": ", detail);
  return body;
}

}  // namespace

std::string FieldError::ToString() const {
  return absl::StrCat(field, ": ", body);
}

BadValue BadValue::String(absl::string_view value) {
  return BadValue(GoQuote(value));
}
BadValue BadValue::Json(absl::string_view value) {
  return BadValue(JsonQuote(value));
}
BadValue BadValue::Bytes(absl::string_view value) {
  return BadValue(absl::StrCat("\"", absl::Base64Escape(value), "\""));
}
BadValue BadValue::Number(int64_t value) {
  return BadValue(absl::StrCat(value));
}
BadValue BadValue::JsonList(absl::string_view value) {
  return BadValue(absl::StrCat("[", JsonQuote(value), "]"));
}
BadValue BadValue::Raw(absl::string_view json) {
  return BadValue(std::string(json));
}
BadValue BadValue::Null() { return BadValue("null"); }

FieldError Required(absl::string_view field, absl::string_view detail) {
  return {"FieldValueRequired", std::string(field),
          WithDetail("Required value", detail)};
}

FieldError Invalid(absl::string_view field, const BadValue& value,
                   absl::string_view detail) {
  return {"FieldValueInvalid", std::string(field),
          WithDetail(absl::StrCat("Invalid value: ", value.text()), detail)};
}

FieldError NotSupported(absl::string_view field, const BadValue& value,
                        absl::Span<const absl::string_view> supported) {
  const std::string values = absl::StrJoin(
      supported, ", ", [](std::string* out, absl::string_view one) {
        absl::StrAppend(out, GoQuote(one));
      });
  return {"FieldValueNotSupported", std::string(field),
          WithDetail(absl::StrCat("Unsupported value: ", value.text()),
                     absl::StrCat("supported values: ", values))};
}

FieldError Duplicate(absl::string_view field, const BadValue& value) {
  return {"FieldValueDuplicate", std::string(field),
          absl::StrCat("Duplicate value: ", value.text())};
}

FieldError Forbidden(absl::string_view field, absl::string_view detail) {
  return {"FieldValueForbidden", std::string(field),
          WithDetail("Forbidden", detail)};
}

FieldError TooLong(absl::string_view field, int max_bytes) {
  return {"FieldValueTooLong", std::string(field),
          absl::StrCat("Too long: may not be more than ", max_bytes,
                       max_bytes == 1 ? " byte" : " bytes")};
}

std::string Index(absl::string_view field, size_t index) {
  return absl::StrCat(field, "[", index, "]");
}

std::string Aggregate(const FieldErrors& errors) {
  std::vector<std::string> texts;
  for (const FieldError& error : errors) {
    std::string text = error.ToString();
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(std::move(text));
    }
  }
  if (texts.size() == 1) return texts[0];
  return absl::StrCat("[", absl::StrJoin(texts, ", "), "]");
}

}  // namespace signet::apiserver
