// What Boost.JSON parses, it writes such that it parses to the same value.

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  boost::system::error_code error;
  const boost::json::value first =
      boost::json::parse({reinterpret_cast<const char*>(data), size}, error);
  if (error) return 0;
  const boost::json::value second =
      boost::json::parse(boost::json::serialize(first), error);
  if (error || first != second) std::abort();
  return 0;
}
