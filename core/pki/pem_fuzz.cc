#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "core/pki/pem.h"

// What ParsePem returns, written out, is read as the same again; and the first
// block is what ParseFirstPem returns.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace signet::pki;  // NOLINT
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto blocks = ParsePem(text);
  if (!blocks.ok()) return 0;
  const auto first = ParseFirstPem(text);
  CHECK_EQ(first.ok(), !blocks->empty());
  std::string written;
  for (const PemBlock& block : *blocks) {
    written += EncodePem(block.type, block.der);
  }
  const auto again = ParsePem(written, {.max_bytes = written.size()});
  CHECK_OK(again);
  CHECK_EQ(again->size(), blocks->size());
  for (size_t i = 0; i < blocks->size(); ++i) {
    CHECK_EQ((*again)[i].type, (*blocks)[i].type);
    CHECK_EQ((*again)[i].der, (*blocks)[i].der);
  }
  if (first.ok()) {
    CHECK_EQ(first->der, blocks->front().der);
    CHECK_EQ(first->headers.size(), blocks->front().headers.size());
  }
  return 0;
}
