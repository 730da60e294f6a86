#include "cli/tabwriter.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet::cli {
namespace {

// Counts as Go's utf8.RuneCount does for valid UTF-8; each stray continuation
// byte counts as nothing here, as one there: kubectl prints no such text.
size_t CountCharacters(absl::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

TabWriter::TabWriter() : TabWriter(Options()) {}
TabWriter::TabWriter(const Options& options) : options_(options) {}

void TabWriter::Write(absl::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\t':
      case '\v':
        EndCell();
        break;
      case '\n':
        EndCell();
        lines_.emplace_back();
        break;
      case '\f':
        EndCell();
        lines_.emplace_back();
        FormatAll();
        break;
      default:
        text_ += c;
    }
  }
}

std::string TabWriter::Flush() {
  if (!text_.empty()) EndCell();
  FormatAll();
  return std::exchange(out_, std::string());
}

void TabWriter::EndCell() {
  const size_t width = CountCharacters(text_);
  lines_.back().push_back({std::exchange(text_, std::string()), width});
}

void TabWriter::FormatAll() {
  std::vector<size_t> widths;
  Format(0, lines_.size(), widths);
  lines_.assign(1, Line());
}

void TabWriter::Format(size_t begin, size_t end, std::vector<size_t>& widths) {
  const size_t column = widths.size();
  const auto has_cell = [this, column](size_t line) {
    return column + 1 < lines_[line].size();
  };
  for (size_t line = begin; line < end; ++line) {
    if (!has_cell(line)) continue;
    // A block of this column begins; what stands before it is done.
    WriteLines(begin, line, widths);
    begin = line;
    size_t width = options_.min_width;
    for (; line < end && has_cell(line); ++line) {
      width = std::max(width, lines_[line][column].width + options_.padding);
    }
    if (options_.remember_widths) {
      if (remembered_.size() <= column) remembered_.resize(column + 1);
      width = remembered_[column] = std::max(width, remembered_[column]);
    }
    widths.push_back(width);
    Format(begin, line, widths);
    widths.pop_back();
    begin = line;
  }
  WriteLines(begin, end, widths);
}

void TabWriter::WriteLines(size_t begin, size_t end,
                           const std::vector<size_t>& widths) {
  for (size_t i = begin; i < end; ++i) {
    const Line& line = lines_[i];
    for (size_t column = 0; column < line.size(); ++column) {
      out_ += line[column].text;
      if (column < widths.size()) {
        out_.append(widths[column] - line[column].width, ' ');
      }
    }
    // The last line is the one under way: it has no newline yet.
    if (i + 1 < lines_.size()) out_ += '\n';
  }
}

}  // namespace signet::cli
