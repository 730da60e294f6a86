#include "cli/cfssl/go_flags.h"

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace signet::cli::cfssl {
namespace {

// Go's strconv.ParseBool.
std::optional<bool> ParseBool(absl::string_view text) {
  for (const absl::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const absl::string_view no :
       {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

}  // namespace

const GoFlag* GoFlagSet::Find(absl::string_view name) const {
  for (const GoFlag& flag : known_) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

std::string GoFlagSet::Text(absl::string_view name) const {
  const auto value = values_.find(name);
  if (value != values_.end()) return value->second;
  const GoFlag* const flag = Find(name);
  return flag == nullptr ? "" : std::string(flag->default_value);
}

int GoFlagSet::Int(absl::string_view name) const {
  int value = 0;
  return absl::SimpleAtoi(Text(name), &value) ? value : 0;
}

absl::StatusOr<GoFlagSet> GoFlagSet::Parse(
    absl::Span<const GoFlag> known, absl::Span<const std::string> words) {
  GoFlagSet set(known);
  size_t next = 0;
  for (; next < words.size(); ++next) {
    absl::string_view word = words[next];
    if (word.size() < 2 || word[0] != '-') break;
    word.remove_prefix(word[1] == '-' ? 2 : 1);
    if (word.empty()) {  // "--"
      ++next;
      break;
    }
    if (word[0] == '-' || word[0] == '=') {
      return absl::InvalidArgumentError(
          absl::StrCat("bad flag syntax: ", words[next]));
    }
    const size_t equals = word.find('=');
    const absl::string_view name = word.substr(0, equals);
    const GoFlag* const flag = set.Find(name);
    if (flag == nullptr) {
      if (name == "h" || name == "help") return absl::CancelledError("help");
      return absl::InvalidArgumentError(
          absl::StrCat("flag provided but not defined: -", name));
    }
    std::string value;
    if (equals != word.npos) {
      value = std::string(word.substr(equals + 1));
    } else if (flag->kind == GoFlag::Kind::kBool) {
      value = "true";
    } else if (next + 1 < words.size()) {
      value = words[++next];
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("flag needs an argument: -", name));
    }
    if (flag->kind == GoFlag::Kind::kBool) {
      const std::optional<bool> parsed = ParseBool(value);
      if (!parsed.has_value()) {
        return absl::InvalidArgumentError(
            absl::StrCat("invalid boolean value \"", value, "\" for -", name,
                         ": parse error"));
      }
      value = *parsed ? "true" : "false";
    }
    int number;
    if (flag->kind == GoFlag::Kind::kInt && !absl::SimpleAtoi(value, &number)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "invalid value \"", value, "\" for flag -", name, ": parse error"));
    }
    set.values_[name] = value;
  }
  set.arguments_.assign(words.begin() + static_cast<ptrdiff_t>(next),
                        words.end());
  return set;
}

}  // namespace signet::cli::cfssl
