#include "core/api/yaml_writer.h"

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "boost/json.hpp"
#include "gtest/gtest.h"

namespace signet::api {
namespace {

// Each line: [JSON, what kubectl's YAML library makes of it].
TEST(YamlWriterTest, WritesWhatKubectlWrites) {
  std::ifstream in("core/api/testdata/yaml_vectors.txt");
  int count = 0;
  for (std::string line; std::getline(in, line);) {
    const boost::json::array vector = boost::json::parse(line).as_array();
    const boost::json::string& input = vector[0].as_string();
    const boost::json::string& want = vector[1].as_string();
    SCOPED_TRACE(line);
    const absl::StatusOr<std::string> got =
        JsonToYaml(absl::string_view(input.data(), input.size()));
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(*got, std::string(want.data(), want.size()));
    ++count;
  }
  EXPECT_EQ(count, 251);
}

TEST(YamlWriterTest, RefusesWhatIsNoJson) {
  EXPECT_EQ(JsonToYaml("{").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(JsonToYaml(std::string(100, '[')).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace signet::api
