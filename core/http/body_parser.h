#ifndef SIGNET_CORE_HTTP_APPEND_BODY_H_
#define SIGNET_CORE_HTTP_APPEND_BODY_H_

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

namespace signet::http {

// For this folder only: a Body of Beast's parsers which grows with what comes
// and never with what a Content-Length promises. (Beast's string_body reserves
// the promised size.) The string may be taken away while parsing goes on.
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

}  // namespace signet::http

#endif  // SIGNET_CORE_HTTP_APPEND_BODY_H_
