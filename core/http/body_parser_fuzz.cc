// Whether a message comes in one piece or byte by byte, it is parsed to the
// same, and its body is never longer than what came or than the limit.

#include <boost/beast/core/error.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "core/http/body_parser.h"
#include "core/http/message.h"
#include "core/http/wire.h"

namespace {

using signet::http::BodyParser;
using signet::http::Feed;
using signet::http::Headers;
using signet::http::ToHeaders;

constexpr size_t kMaxBody = 1000;
constexpr uint32_t kMaxHeader = 4000;

void Require(bool condition) {
  if (!condition) std::abort();
}

struct Outcome {
  bool bad = false;
  bool done = false;
  Headers headers;
  std::string body;
};

// Parses `text` as it comes in pieces of `piece` bytes.
template <bool kIsRequest>
Outcome Parse(absl::string_view text, size_t piece) {
  Outcome outcome;
  BodyParser<kIsRequest> parser;
  parser.header_limit(kMaxHeader);
  parser.body_limit(kMaxBody);
  std::string unread;
  boost::beast::error_code error;
  while (!outcome.bad && !parser.is_done() && !text.empty()) {
    const absl::string_view next = text.substr(0, piece);
    text.remove_prefix(next.size());
    unread.append(next);
    size_t before;
    do {  // It stops at the end of the header.
      before = unread.size();
      outcome.bad = !Feed(parser, unread, error);
    } while (!outcome.bad && !parser.is_done() && unread.size() < before);
  }
  outcome.done = parser.is_done();
  if (!outcome.bad && parser.is_header_done()) {
    outcome.headers = ToHeaders(parser.get());
    outcome.body = parser.get().body();
  }
  return outcome;
}

template <bool kIsRequest>
void Check(absl::string_view text) {
  const Outcome whole = Parse<kIsRequest>(text, text.size());
  const Outcome bytes = Parse<kIsRequest>(text, 1);
  Require(whole.bad == bytes.bad);
  Require(whole.done == bytes.done);
  Require(whole.headers.fields() == bytes.headers.fields());
  Require(whole.body == bytes.body);
  Require(whole.body.size() <= kMaxBody && whole.body.size() <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  // Under the length of a chunk's line, where only the whole text could fail.
  if (size > signet::http::kMaxChunkLine) return 0;
  Check</*kIsRequest=*/true>(text);
  Check</*kIsRequest=*/false>(text);
  return 0;
}
