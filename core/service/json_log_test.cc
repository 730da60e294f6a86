#include "core/service/json_log.h"

#include <string>
#include <vector>

#include "absl/log/log.h"
#include "absl/log/log_entry.h"
#include "absl/log/log_sink.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace signet::service {
namespace {

class Capture : public absl::LogSink {
 public:
  void Send(const absl::LogEntry& entry) override {
    lines.push_back(FormatLogAsJson(entry));
  }
  std::vector<std::string> lines;
};

TEST(FormatLogAsJsonTest, IsOneLineWhateverTheMessage) {
  Capture capture;
  const absl::Time time = absl::FromUnixMicros(1767225600000007);
  LOG(INFO).AtLocation("a/b.cc", 7).WithTimestamp(time).ToSinkOnly(&capture)
      << "said \"x\"\n\\ \xc3\xa9";
  LOG(WARNING).AtLocation("c.cc", 8).WithTimestamp(time).ToSinkOnly(&capture)
      << "";
  ASSERT_EQ(capture.lines.size(), 2u);
  EXPECT_EQ(capture.lines[0],
            R"({"ts":"2026-01-01T00:00:00.000007Z","level":"info",)"
            R"("source":"b.cc:7","msg":"said \"x\"\n\\ \\xc3\\xa9"})"
            "\n");
  EXPECT_EQ(capture.lines[1],
            R"({"ts":"2026-01-01T00:00:00.000007Z","level":"warning",)"
            R"("source":"c.cc:8","msg":""})"
            "\n");
}

}  // namespace
}  // namespace signet::service
