#include "cli/terminal_text.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace signet::cli {

std::string EscapeForTerminal(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\x1b", "^["},
                                    {"\r", "\\r"},
                                    {absl::string_view("\0", 1), "\\0"},
                                    {"\x07", "\\a"},
                                    {"\x08", "\\b"},
                                    {"\xc2\x9b", "\\x9b"}});
}

std::string TableCell(absl::string_view text) {
  const size_t end = text.find_first_of("\f\n\r");
  if (end == absl::string_view::npos) return EscapeForTerminal(text);
  return absl::StrCat(EscapeForTerminal(text.substr(0, end)), "...");
}

}  // namespace signet::cli
