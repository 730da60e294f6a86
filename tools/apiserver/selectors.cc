#include "tools/apiserver/selectors.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/api/meta.pb.h"
#include "tools/apiserver/go_quote.h"
#include "tools/apiserver/metadata_validation.h"

namespace signet::apiserver {
namespace {

absl::Status SelectorError(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("unable to parse selector ", GoQuote(text), ": ", why));
}

absl::Status CannotUnderstand(absl::string_view text, absl::string_view rest) {
  return absl::InvalidArgumentError(absl::StrCat(
      "invalid selector: '", text, "'; can't understand '", rest, "'"));
}

// Splits at commas that are not inside parentheses.
std::vector<absl::string_view> SplitTerms(absl::string_view text) {
  std::vector<absl::string_view> terms;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (text[i] == ',' && depth == 0) {
      terms.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  terms.push_back(text.substr(start));
  return terms;
}

// "h, i" of "(h, i)".
std::optional<std::vector<std::string>> ParseSet(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, "(") || !absl::ConsumeSuffix(&text, ")") ||
      absl::StrContains(text, '(') || absl::StrContains(text, ')')) {
    return std::nullopt;
  }
  std::vector<std::string> values;
  for (const absl::string_view value : absl::StrSplit(text, ',')) {
    values.emplace_back(absl::StripAsciiWhitespace(value));
  }
  return values;
}

}  // namespace

absl::StatusOr<LabelSelector> LabelSelector::Parse(absl::string_view text) {
  LabelSelector selector;
  if (absl::StripAsciiWhitespace(text).empty()) return selector;
  for (absl::string_view term : SplitTerms(text)) {
    term = absl::StripAsciiWhitespace(term);
    Requirement requirement;
    if (absl::ConsumePrefix(&term, "!")) {
      requirement.op = Operator::kMissing;
      requirement.key = std::string(absl::StripAsciiWhitespace(term));
    } else if (const size_t at = term.find_first_of("=!");
               at != absl::string_view::npos) {
      absl::string_view value = term.substr(at);
      requirement.op = Operator::kIn;
      if (absl::ConsumePrefix(&value, "!=")) {
        requirement.op = Operator::kNotIn;
      } else if (!absl::ConsumePrefix(&value, "==") &&
                 !absl::ConsumePrefix(&value, "=")) {
        return SelectorError(text, "want = or !=");
      }
      requirement.key =
          std::string(absl::StripAsciiWhitespace(term.substr(0, at)));
      value = absl::StripAsciiWhitespace(value);
      if (const size_t bad = value.find_first_of("=!()");
          bad != absl::string_view::npos) {
        return absl::InvalidArgumentError(
            absl::StrCat("unable to parse requirement: found '",
                         value.substr(bad, 1), "', expected: identifier"));
      }
      requirement.values = {std::string(value)};
    } else if (const size_t space = term.find_first_of(" (");
               space != absl::string_view::npos) {
      requirement.key = std::string(term.substr(0, space));
      absl::string_view rest =
          absl::StripLeadingAsciiWhitespace(term.substr(space));
      if (absl::ConsumePrefix(&rest, "notin")) {
        requirement.op = Operator::kNotIn;
      } else if (absl::ConsumePrefix(&rest, "in")) {
        requirement.op = Operator::kIn;
      } else {
        return SelectorError(text, "want in or notin");
      }
      rest = absl::StripAsciiWhitespace(rest);
      if (!absl::StartsWith(rest, "(")) {
        return absl::InvalidArgumentError(absl::StrCat(
            "unable to parse requirement: found '", rest, "' expected: '('"));
      }
      std::optional<std::vector<std::string>> values = ParseSet(rest);
      if (!values.has_value()) return SelectorError(text, "want (a, b)");
      requirement.values = *std::move(values);
    } else {
      requirement.op = Operator::kExists;
      requirement.key = std::string(term);
    }
    if (const auto problems = CheckLabelKey(requirement.key);
        !problems.empty()) {
      return SelectorError(text, absl::StrCat("key ", GoQuote(requirement.key),
                                              ": ", problems[0]));
    }
    for (const std::string& value : requirement.values) {
      if (const auto problems = CheckLabelValue(value); !problems.empty()) {
        return SelectorError(
            text, absl::StrCat("value ", GoQuote(value), ": ", problems[0]));
      }
    }
    selector.requirements_.push_back(std::move(requirement));
  }
  return selector;
}

bool LabelSelector::Matches(const api::ObjectMeta& metadata) const {
  return std::all_of(
      requirements_.begin(), requirements_.end(),
      [&metadata](const Requirement& requirement) {
        const auto label = metadata.labels().find(requirement.key);
        const bool exists = label != metadata.labels().end();
        const bool is_in =
            exists &&
            std::find(requirement.values.begin(), requirement.values.end(),
                      label->second) != requirement.values.end();
        switch (requirement.op) {
          case Operator::kIn:
            return is_in;
          case Operator::kNotIn:
            return !is_in;
          case Operator::kExists:
            return exists;
          case Operator::kMissing:
            return !exists;
        }
        return false;
      });
}

absl::StatusOr<FieldSelector> FieldSelector::Parse(absl::string_view text) {
  FieldSelector selector;
  // Each term: field, operator, value; commas in values are escaped.
  size_t i = 0;
  while (i < text.size()) {
    Requirement requirement;
    const size_t at = text.find_first_of("=!,", i);
    if (at == absl::string_view::npos || text[at] == ',') {
      return CannotUnderstand(text, text.substr(i));
    }
    requirement.field = std::string(text.substr(i, at - i));
    absl::string_view rest = text.substr(at);
    if (absl::ConsumePrefix(&rest, "!=")) {
      requirement.equal = false;
    } else if (!absl::ConsumePrefix(&rest, "==") &&
               !absl::ConsumePrefix(&rest, "=")) {
      return CannotUnderstand(text, text.substr(i));
    }
    i = text.size() - rest.size();
    for (; i < text.size() && text[i] != ','; ++i) {
      if (text[i] == '\\') {
        ++i;
        if (i == text.size() ||
            (text[i] != '\\' && text[i] != ',' && text[i] != '=')) {
          return absl::InvalidArgumentError(absl::StrCat(
              "invalid field selector: invalid escape sequence in ",
              GoQuote(text)));
        }
      }
      requirement.value += text[i];
    }
    selector.requirements_.push_back(std::move(requirement));
    if (i < text.size()) ++i;  // The comma.
  }
  return selector;
}

bool FieldSelector::Matches(
    const std::function<std::string(absl::string_view)>& value_of) const {
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&value_of](const Requirement& requirement) {
                       return (value_of(requirement.field) ==
                               requirement.value) == requirement.equal;
                     });
}

std::optional<std::string> FieldSelector::Exact(absl::string_view field) const {
  for (const Requirement& requirement : requirements_) {
    if (requirement.equal && requirement.field == field) {
      return requirement.value;
    }
  }
  return std::nullopt;
}

}  // namespace signet::apiserver
