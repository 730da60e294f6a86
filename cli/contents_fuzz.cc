// Whatever a file holds, each thing found in it is one thing, and an error says
// where it is.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/contents.h"
#include "cli/inspect.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<std::vector<signet::cli::Item>> items =
      signet::cli::ReadContents(text, "x.pem");
  if (!items.ok()) {
    CHECK(absl::StrContains(items.status().message(), "x.pem"))
        << items.status();
    return 0;
  }
  CHECK(!items->empty());
  for (const signet::cli::Item& item : *items) {
    CHECK_EQ(item.certificate.has_value() + item.request.has_value() +
                 item.private_key.has_value() + !item.note.empty(),
             1);
    CHECK(absl::StartsWith(item.where, "x.pem"));
  }
  const std::string shown =
      signet::cli::InspectText(*items, absl::FromUnixSeconds(1700000000));
  CHECK(!absl::StrContains(shown, '\x1b'));
  return 0;
}
