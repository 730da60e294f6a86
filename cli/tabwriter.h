#ifndef SIGNET_CLI_TABWRITER_H_
#define SIGNET_CLI_TABWRITER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet::cli {

// TabWriter lines up cells by the rules of Go's text/tabwriter, so that tables
// look as kubectl's do (SPEC E-4, E-7):
//
//  * A cell is text ended by a tab ('\t' or '\v'); what stands after a line's
//    last tab is not a cell and lines up with nothing.
//  * A column is a block of lines next to each other that all have that cell.
//    It is as wide as its widest cell plus the padding, and at least
//    `min_width`.
//  * '\f' is a newline that also ends every column.
//
// Widths are counted in Unicode characters. Padding is spaces. Pure;
// thread-compatible.
class TabWriter {
 public:
  struct Options {
    size_t min_width = 0;
    size_t padding = 2;
    // Columns never become narrower than they were before a Flush.
    bool remember_widths = false;
  };
  TabWriter();
  explicit TabWriter(const Options& options);

  void Write(absl::string_view text);

  // Flush ends every column and returns what was written since the last call.
  std::string Flush();

 private:
  struct Cell {
    std::string text;
    size_t width = 0;  // Characters.
  };
  using Line = std::vector<Cell>;

  void EndCell();
  // Formats lines [begin, end), the first widths.size() columns being known.
  void Format(size_t begin, size_t end, std::vector<size_t>& widths);
  void WriteLines(size_t begin, size_t end, const std::vector<size_t>& widths);
  void FormatAll();

  const Options options_;
  std::vector<size_t> remembered_;
  std::vector<Line> lines_{Line()};
  std::string text_;  // Of the cell under way.
  std::string out_;
};

}  // namespace signet::cli

#endif  // SIGNET_CLI_TABWRITER_H_
