#include "tools/apiserver/duplicate_fields.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "boost/json/basic_parser_impl.hpp"
#include "core/api/codec.h"

namespace signet::apiserver {
namespace {

namespace json = boost::json;

// Told by the parser of what it meets.
class Handler {
 public:
  static constexpr std::size_t max_object_size = -1;
  static constexpr std::size_t max_array_size = -1;
  static constexpr std::size_t max_key_size = -1;
  static constexpr std::size_t max_string_size = -1;

  std::vector<std::string> found;

  bool on_document_begin(boost::system::error_code&) { return true; }
  bool on_document_end(boost::system::error_code&) { return true; }
  bool on_object_begin(boost::system::error_code&) {
    Enter(-1);
    return true;
  }
  bool on_object_end(std::size_t, boost::system::error_code&) {
    return Leave();
  }
  bool on_array_begin(boost::system::error_code&) {
    Enter(0);
    return true;
  }
  bool on_array_end(std::size_t, boost::system::error_code&) { return Leave(); }
  bool on_key_part(json::string_view text, std::size_t,
                   boost::system::error_code&) {
    key_.append(text.data(), text.size());
    return true;
  }
  bool on_key(json::string_view text, std::size_t, boost::system::error_code&) {
    key_.append(text.data(), text.size());
    Level& level = levels_.back();
    level.key = std::move(key_);
    key_.clear();
    if (!level.keys.insert(level.key).second) {
      const std::string path = Here();
      if (std::find(found.begin(), found.end(), path) == found.end()) {
        found.push_back(path);
      }
    }
    return true;
  }
  bool on_string_part(json::string_view, std::size_t,
                      boost::system::error_code&) {
    return true;
  }
  bool on_string(json::string_view, std::size_t, boost::system::error_code&) {
    return Next();
  }
  bool on_number_part(json::string_view, boost::system::error_code&) {
    return true;
  }
  bool on_int64(std::int64_t, json::string_view, boost::system::error_code&) {
    return Next();
  }
  bool on_uint64(std::uint64_t, json::string_view, boost::system::error_code&) {
    return Next();
  }
  bool on_double(double, json::string_view, boost::system::error_code&) {
    return Next();
  }
  bool on_bool(bool, boost::system::error_code&) { return Next(); }
  bool on_null(boost::system::error_code&) { return Next(); }
  bool on_comment_part(json::string_view, boost::system::error_code&) {
    return true;
  }
  bool on_comment(json::string_view, boost::system::error_code&) {
    return true;
  }

 private:
  struct Level {
    std::string path;
    std::string key;  // Of an object: the field under way.
    std::set<std::string> keys;
    int64_t index = -1;  // Of an array: the element under way.
  };

  // The path of the value that comes next.
  std::string Here() const {
    if (levels_.empty()) return "";
    const Level& level = levels_.back();
    if (level.index >= 0)
      return absl::StrCat(level.path, "[", level.index, "]");
    return absl::StrCat(level.path, level.path.empty() ? "" : ".", level.key);
  }
  void Enter(int64_t index) {
    Level level;
    level.path = Here();
    level.index = index;
    levels_.push_back(std::move(level));
  }
  bool Leave() {
    levels_.pop_back();
    return Next();
  }
  bool Next() {
    if (!levels_.empty() && levels_.back().index >= 0) ++levels_.back().index;
    return true;
  }

  std::vector<Level> levels_;
  std::string key_;  // As far as it has been read.
};

}  // namespace

std::vector<std::string> FindDuplicateFields(absl::string_view text) {
  json::parse_options options;
  options.max_depth = api::kMaxJsonDepth;
  json::basic_parser<Handler> parser(options);
  boost::system::error_code error;
  parser.write_some(false, text.data(), text.size(), error);
  if (error) return {};
  return parser.handler().found;
}

}  // namespace signet::apiserver
