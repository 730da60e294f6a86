#include "cli/tabwriter.h"

#include <string>

#include "gtest/gtest.h"

namespace signet::cli {
namespace {

std::string Format(const TabWriter::Options& options, const std::string& text) {
  TabWriter writer(options);
  writer.Write(text);
  return writer.Flush();
}

TEST(TabWriterTest, LinesUpCellsAsGoDoes) {
  // SPEC E-7. The wanted texts were written by Go's text/tabwriter.
  const struct {
    std::string name;
    std::string text;
    std::string want;
  } kTests[] = {
      {"nothing", "", ""},
      {"empty lines", "\n\n", "\n\n"},
      {"a column is as wide as its widest cell", "Name:\tx\nLonger name:\ty\n",
       "Name:         x\nLonger name:  y\n"},
      {"a line without the cell ends the column",
       "a\tb\tc\naaa\tbbbb\tc\nno tabs here\na\tb\n",
       "a    b     c\naaa  bbbb  c\nno tabs here\na  b\n"},
      {"an empty line ends it too", "a\tb\n\nccc\td\n", "a  b\n\nccc  d\n"},
      {"an indented block has an empty first cell, and the end is padded",
       "Subject:\n\tCommon Name:\tx\n\tSerial Number:\t\n",
       "Subject:\n  Common Name:    x\n  Serial Number:  \n"},
      {"a cell before the end of a line is padded", "a\tb\t\n", "a  b  \n"},
      {"a cell before the end of the text is not", "a\t", "a"},
      {"a form feed ends every column", "a\tb\fccc\td\n", "a  b\nccc  d\n"},
      {"a vertical tab ends a cell", "a\vb\naaaa\vb\n", "a     b\naaaa  b\n"},
      {"characters count, not bytes", "é\tb\naaa\tb\n", "é    b\naaa  b\n"},
      {"later columns are blocks inside earlier ones",
       "a\tb\naa\tbb\tc\naaa\tb\tcc\td\na\n",
       "a    b\naa   bb  c\naaa  b   cc  d\na\n"},
      {"empty cells", "\t\t\tx\n\ty\n", "      x\n  y\n"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(Format({.min_width = 0, .padding = 2, .remember_widths = false},
                     t.text),
              t.want);
  }
}

TEST(TabWriterTest, CellsAreAtLeastTheMinimalWidth) {
  EXPECT_EQ(Format({.min_width = 6, .padding = 3, .remember_widths = false},
                   "NAME\tAGE\nx\t1m\n"),
            "NAME   AGE\nx      1m\n");
  EXPECT_EQ(Format({.min_width = 6, .padding = 3, .remember_widths = false},
                   "A\tB\n"),
            "A     B\n");
}

TEST(TabWriterTest, EachFlushBeginsAnew) {
  TabWriter writer;
  writer.Write("a\tb\n");
  EXPECT_EQ(writer.Flush(), "a  b\n");
  writer.Write("cccc\td\n");
  EXPECT_EQ(writer.Flush(), "cccc  d\n");
  EXPECT_EQ(writer.Flush(), "");
}

TEST(TabWriterTest, RemembersWidthsIfAsked) {
  TabWriter writer({.min_width = 0, .padding = 1, .remember_widths = true});
  writer.Write("aaaa\tb\tc\n");
  EXPECT_EQ(writer.Flush(), "aaaa b c\n");
  writer.Write("a\tbb\tc\n");
  EXPECT_EQ(writer.Flush(), "a    bb c\n");
  writer.Write("aaaaa\tb\tc\n");
  EXPECT_EQ(writer.Flush(), "aaaaa b  c\n");
}

}  // namespace
}  // namespace signet::cli
