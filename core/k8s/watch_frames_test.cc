#include "core/k8s/watch_frames.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "core/api/codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::k8s {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string Prefixed(absl::string_view frame) {
  std::string out;
  for (const int shift : {24, 16, 8, 0}) {
    out += static_cast<char>(frame.size() >> shift);
  }
  return absl::StrCat(out, frame);
}

std::string ProtobufEvent(absl::string_view type) {
  api::WatchEvent event;
  event.set_type(type);
  event.mutable_object()->set_raw("k8s");
  return Prefixed(event.SerializeAsString());
}

// The types of all events that are there; ends the test on an error.
std::vector<std::string> Drain(WatchFrames& frames) {
  std::vector<std::string> types;
  while (true) {
    const absl::StatusOr<std::optional<api::WatchEvent>> event = frames.Next();
    EXPECT_THAT(event, IsOk());
    if (!event.ok() || !event->has_value()) return types;
    types.push_back((*event)->type());
  }
}

// SPEC A-48.
TEST(WatchFramesTest, CutsProtobufHoweverItArrives) {
  const std::string bytes =
      ProtobufEvent("ADDED") + ProtobufEvent("MODIFIED") + ProtobufEvent("X");
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    WatchFrames frames(WatchFraming::kLengthPrefixed);
    std::vector<std::string> types;
    for (size_t i = 0; i < bytes.size(); i += piece) {
      frames.Append(bytes.substr(i, piece));
      for (const std::string& type : Drain(frames)) types.push_back(type);
    }
    EXPECT_THAT(types, ElementsAre("ADDED", "MODIFIED", "X")) << piece;
    EXPECT_TRUE(frames.AtBoundary());
  }
}

TEST(WatchFramesTest, CutsJsonHoweverItArrives) {
  const std::string bytes =
      "{\"type\":\"ADDED\",\"object\":{\"a\":\"\\n\"}}\n"
      "\n"
      "{\"type\":\"BOOKMARK\",\"object\":{}}\r\n";
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    WatchFrames frames(WatchFraming::kLines);
    std::vector<std::string> types;
    for (size_t i = 0; i < bytes.size(); i += piece) {
      frames.Append(bytes.substr(i, piece));
      for (const std::string& type : Drain(frames)) types.push_back(type);
    }
    EXPECT_THAT(types, ElementsAre("ADDED", "BOOKMARK")) << piece;
    EXPECT_TRUE(frames.AtBoundary());
  }
}

TEST(WatchFramesTest, KeepsTheObjectAsItIs) {
  WatchFrames frames(WatchFraming::kLines);
  frames.Append("{\"type\":\"ADDED\",\"object\":{\"kind\":\"Node\"}}\n");
  const auto event = frames.Next();
  ASSERT_THAT(event, IsOk());
  EXPECT_EQ((*event)->object().raw(), "{\"kind\":\"Node\"}");
}

TEST(WatchFramesTest, TellsAnUnfinishedEvent) {
  for (const WatchFraming framing :
       {WatchFraming::kLengthPrefixed, WatchFraming::kLines}) {
    WatchFrames frames(framing);
    EXPECT_TRUE(frames.AtBoundary());
    frames.Append(std::string("\0\0\0\5{", 5));
    EXPECT_THAT(Drain(frames), IsEmpty());
    EXPECT_FALSE(frames.AtBoundary());
  }
}

TEST(WatchFramesTest, RefusesWhatIsTooLongBeforeItIsThere) {
  WatchFrames protobuf(WatchFraming::kLengthPrefixed);
  protobuf.Append(std::string("\x00\x30\x00\x01", 4));
  EXPECT_THAT(protobuf.Next(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "an event of the watch has 3145729 bytes or more; at "
                       "most 3145728 are taken"));

  WatchFrames lines(WatchFraming::kLines, 10);
  lines.Append("1234567890");
  EXPECT_THAT(lines.Next(), IsOk());
  lines.Append("1");
  EXPECT_THAT(lines.Next(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(WatchFramesTest, RefusesWhatIsNoEvent) {
  WatchFrames protobuf(WatchFraming::kLengthPrefixed);
  protobuf.Append(Prefixed("\xff\xff"));
  EXPECT_THAT(protobuf.Next(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "an event of the watch is no protobuf"));

  WatchFrames lines(WatchFraming::kLines);
  lines.Append("{\"type\":7}\n");
  EXPECT_THAT(lines.Next(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith("type: expected a string, found a number")));
}

}  // namespace
}  // namespace signet::k8s
