#ifndef SIGNET_CORE_PKI_TEST_DATA_H_
#define SIGNET_CORE_PKI_TEST_DATA_H_

#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

// What testdata holds; testdata/regenerate.sh made it.
namespace signet::pki {

inline std::string ReadTestData(absl::string_view name) {
  std::ifstream file(absl::StrCat("core/pki/testdata/", name),
                     std::ios::binary);
  CHECK(file.is_open()) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The lines of a file that are not comments, each cut at its tabs.
inline std::vector<std::vector<std::string>> ReadVectors(
    absl::string_view name) {
  const std::string text = ReadTestData(name);
  std::vector<std::vector<std::string>> vectors;
  for (const absl::string_view line :
       absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (!line.starts_with('#')) vectors.push_back(absl::StrSplit(line, '\t'));
  }
  CHECK(!vectors.empty()) << name;
  return vectors;
}

inline std::string FromHex(absl::string_view hex) {
  std::string bytes;
  CHECK(absl::HexStringToBytes(hex, &bytes)) << hex;
  return bytes;
}

inline std::string ToHex(absl::string_view bytes) {
  return absl::BytesToHexString(bytes);
}

}  // namespace signet::pki

#endif  // SIGNET_CORE_PKI_TEST_DATA_H_
