// Whatever the bytes, a configuration is read to its end, or every line of the
// error begins with the file's name; and a second reading gives the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/service/config_reader.h"

namespace {

using signet::service::ConfigMapping;

// Everything that was read, as text.
absl::Status Read(absl::string_view text, std::string* seen) {
  return signet::service::ReadConfig(
      "c.yaml", text, "signet.dev/v1alpha1", "T", [&](ConfigMapping& c) {
        std::string string;
        bool boolean = false;
        int64_t number = 0;
        absl::Duration duration;
        uint32_t mode = 0;
        std::vector<std::string> strings;
        c.Required("text");
        c.String("text", &string);
        c.Bool("flag", &boolean);
        c.Int("number", -5, 100, &number);
        c.Duration("duration", absl::Seconds(1), &duration);
        c.Mode("mode", &mode);
        c.Strings("strings", &strings);
        CHECK(number >= -5 && number <= 100);
        CHECK(mode <= 07777);
        CHECK(duration == absl::ZeroDuration() || duration >= absl::Seconds(1));
        absl::StrAppend(seen, string, boolean, number,
                        absl::FormatDuration(duration), mode, strings.size());
        c.Mappings("policies", [&](ConfigMapping& p) {
          p.String("name", &string);
          absl::StrAppend(seen, "[", string, p.Has("match"));
          p.Mapping("match", [&](ConfigMapping& m) {
            m.String("a", &string);
            if (m.Has("b")) m.Error("b", "is never wanted");
            absl::StrAppend(seen, "{", string);
          });
        });
      });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  std::string seen;
  std::string seen_again;
  const absl::Status status = Read(text, &seen);
  CHECK(status == Read(text, &seen_again));
  CHECK_EQ(seen, seen_again);
  if (status.ok()) return 0;
  CHECK(absl::IsInvalidArgument(status)) << status;
  const std::vector<absl::string_view> lines =
      absl::StrSplit(status.message(), '\n');
  CHECK(lines.size() <= 11) << status;
  for (const absl::string_view line : lines) {
    CHECK(absl::StartsWith(line, "c.yaml:")) << status;
  }
  return 0;
}
