#include "core/policy/pattern.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "re2/re2.h"

namespace signet::policy {
namespace {

constexpr size_t kMaxBytes = 1024;
constexpr absl::string_view kNode = "{node}";

std::shared_ptr<const re2::RE2> Compile(absl::string_view text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  // Bytes, so that a name that is no UTF-8 matches as what it is.
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  return std::make_shared<const re2::RE2>(text, options);
}

std::string ForNode(absl::string_view text, absl::string_view node) {
  return absl::StrReplaceAll(text, {{kNode, re2::RE2::QuoteMeta(node)}});
}

}  // namespace

Pattern::Pattern(std::string text, std::shared_ptr<const re2::RE2> compiled)
    : text_(std::move(text)), compiled_(std::move(compiled)) {}

absl::StatusOr<Pattern> Pattern::Parse(absl::string_view text) {
  if (text.size() > kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a pattern of over ", kMaxBytes, " bytes"));
  }
  std::shared_ptr<const re2::RE2> compiled = Compile(ForNode(text, "node"));
  if (!compiled->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no RE2 expression: ", compiled->error()));
  }
  if (absl::StrContains(text, kNode)) compiled = nullptr;
  return Pattern(std::string(text), std::move(compiled));
}

bool Pattern::Matches(absl::string_view text, absl::string_view node) const {
  if (compiled_ != nullptr) return re2::RE2::FullMatch(text, *compiled_);
  if (node.empty()) return false;
  const std::shared_ptr<const re2::RE2> compiled =
      Compile(ForNode(text_, node));
  return compiled->ok() && re2::RE2::FullMatch(text, *compiled);
}

}  // namespace signet::policy
