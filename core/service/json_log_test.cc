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

TEST(FormatLogAsJsonTest, HasAFieldForEachPairOfAnEvent) {
  const struct {
    std::string message;
    std::string want;  // From "msg" on.
  } kTests[] = {
      {"event=stopped", R"("msg":"stopped"})"},
      {"event=issued csr=csr-4x2lq rotations=2",
       R"("msg":"issued","csr":"csr-4x2lq","rotations":"2"})"},
      {R"(event=failed error="said \"no\"\n\\" at=now)",
       R"("msg":"failed","error":"said \"no\"\n\\","at":"now"})"},
      {R"(event=empty error="")", R"("msg":"empty","error":""})"},
      {"event=mine level=high", R"("msg":"mine"})"},
      // No such pairs: the message as it is.
      {"event=a and more", R"("msg":"event=a and more"})"},
      {"an event=a", R"("msg":"an event=a"})"},
      {"event=a b=\"", R"("msg":"event=a b=\""})"},
      {"event=", R"("msg":"event="})"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.message);
    Capture capture;
    LOG(INFO).ToSinkOnly(&capture) << t.message;
    ASSERT_EQ(capture.lines.size(), 1u);
    const std::string& line = capture.lines[0];
    EXPECT_EQ(line.substr(line.find("\"msg\"")), t.want + "\n");
  }
}

}  // namespace
}  // namespace signet::service
