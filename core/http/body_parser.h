#ifndef SIGNET_CORE_HTTP_BODY_PARSER_H_
#define SIGNET_CORE_HTTP_BODY_PARSER_H_

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

// For this folder only: how client and server use Beast's parsers.
namespace signet::http {

// A Body of Beast's parsers which grows with what comes and never with what a
// Content-Length promises. (Beast's string_body reserves the promised size.)
// The string may be taken away while parsing goes on.
struct AppendBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool kIsRequest, class Fields>
    reader(boost::beast::http::header<kIsRequest, Fields>&, std::string& body)
        : body_(body) {}
    void init(const boost::optional<uint64_t>&,
              boost::beast::error_code& error) {
      error = {};
    }
    template <class Buffers>
    size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      error = {};
      size_t size = 0;
      for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      return size;
    }
    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    std::string& body_;
  };
};

template <bool kIsRequest>
using BodyParser = boost::beast::http::parser<kIsRequest, AppendBody>;

// Between two pieces of a body there is no more than this: the line with a
// chunk's size and its extensions.
inline constexpr size_t kMaxChunkLine = 16 << 10;

// Feed parses what it can of `unread` and takes that away; it stops at the end
// of the header and at the end of the message. False if it is no good HTTP.
template <bool kIsRequest>
bool Feed(BodyParser<kIsRequest>& parser, std::string& unread,
          boost::beast::error_code& error) {
  namespace http = boost::beast::http;
  error = {};
  const bool in_header = !parser.is_header_done();
  size_t used = 0;
  while (used < unread.size() && !parser.is_done()) {
    const size_t n = parser.put(
        boost::asio::buffer(unread.data() + used, unread.size() - used), error);
    used += n;
    if (error || (in_header && parser.is_header_done())) break;
  }
  unread.erase(0, used);
  if (error == http::error::need_more) error = {};
  if (!error && !in_header && unread.size() > kMaxChunkLine &&
      !parser.is_done()) {
    error = http::error::bad_chunk_extension;
  }
  return !error;
}

// False if the message has a transfer encoding other than chunked, alone: then
// it is unclear what its body is, and where it ends (RFC 9112, 6.1).
template <class Message>
bool HasKnownEncoding(const Message& message) {
  constexpr auto kField = boost::beast::http::field::transfer_encoding;
  const auto encoding = message.find(kField);
  return encoding == message.end() ||
         (boost::beast::iequals(encoding->value(), "chunked") &&
          message.count(kField) == 1);
}

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_BODY_PARSER_H_
