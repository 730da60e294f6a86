#include "core/http/tls_probe.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/status_macros.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "core/http/connection.h"
#include "core/http/tls_context.h"
#include "core/pki/certificate.h"
#include "core/pki/ip_address.h"

namespace signet::http {
namespace {

namespace asio = boost::asio;
using Chain = std::vector<pki::Certificate>;

asio::awaitable<absl::StatusOr<Chain>> Probe(
    std::shared_ptr<Connection> connection,
    std::vector<asio::ip::tcp::endpoint> endpoints,
    std::shared_ptr<const TlsContext> context, Deadline deadline) {
  absl::Status status =
      co_await connection->Connect(std::move(endpoints), deadline);
  if (status.ok()) {
    status = co_await connection->StartTls(std::move(context), deadline);
  }
  if (!status.ok()) co_return status;
  Chain chain = connection->tls()->peer_chain();
  if (chain.empty()) {
    co_return absl::UnavailableError(
        absl::StrCat(connection->name(), " presented no certificate"));
  }
  co_return chain;
}

}  // namespace

absl::StatusOr<Chain> ReadServerChain(const pki::IpAddress& address,
                                      uint16_t port, absl::Duration timeout,
                                      absl::Clock& clock) {
  const std::string host = address.ToString();
  boost::system::error_code error;
  const asio::ip::address parsed = asio::ip::make_address(host, error);
  if (error) return absl::InvalidArgumentError(error.message());
  const asio::ip::tcp::endpoint endpoint(parsed, port);
  const std::string name = EndpointText(endpoint);
  ABSL_ASSIGN_OR_RETURN(std::shared_ptr<const TlsContext> context,
                        TlsContext::ForClient({.server = name,
                                               .name = host,
                                               .trust = nullptr,
                                               .insecure_skip_verify = true,
                                               .identity = nullptr,
                                               .clock = &clock}));
  asio::io_context io(1);
  auto connection = std::make_shared<Connection>(io.get_executor(), name);
  absl::StatusOr<Chain> result = absl::InternalError("not run");
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        result = co_await Probe(connection, {endpoint}, std::move(context),
                                DeadlineAfter(timeout));
        connection->Close(absl::CancelledError("the probe is over"));
      },
      asio::detached);
  io.run();
  return result;
}

}  // namespace signet::http
