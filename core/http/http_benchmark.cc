// Requests over loopback, client and server in one process:
//   bazel run -c opt //core/http:http_benchmark

#include <memory>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "core/http/beast_transport.h"
#include "core/http/message.h"
#include "core/http/server.h"
#include "core/http/tls_identity.h"
#include "core/http/transport.h"
#include "core/testing/test_ca.h"

namespace signet::http {
namespace {

// A server that echoes, and its client. With TLS, both show certificates.
struct Pair {
  explicit Pair(bool tls) {
    const testing::TestCa ca;
    ServerOptions server_options;
    TransportOptions client_options;
    if (tls) {
      server_options.identity =
          std::make_shared<FixedIdentity>(ca.Server().tls);
      server_options.client_trust = ca.trust();
      client_options.identity =
          std::make_shared<FixedIdentity>(ca.Client("a").tls);
      client_options.trust = ca.trust();
    }
    server = *StartServer(
        server_options,
        [](const Request& request, const Peer&, std::shared_ptr<Responder> r) {
          r->Send({.status = 200, .headers = {}, .body = request.body});
        });
    client_options.server =
        absl::StrCat(tls ? "https" : "http", "://127.0.0.1:", server->port());
    client = *NewBeastTransport(client_options);
  }
  std::unique_ptr<Server> server;
  std::unique_ptr<Transport> client;
};

void Run(benchmark::State& state, bool tls, bool keep_alive) {
  const Pair pair(tls);
  Request request;
  request.method = "POST";
  request.body = std::string(1200, 'x');  // A typical CSR object (SPEC A-48b).
  for (auto _ : state) {
    const auto response = pair.client->Send(request, absl::Minutes(1));
    CHECK_OK(response.status());
    if (!keep_alive) pair.client->CloseConnections();
  }
}

void BM_Plain(benchmark::State& state) { Run(state, false, true); }
void BM_Tls(benchmark::State& state) { Run(state, true, true); }
void BM_PlainNewConnection(benchmark::State& state) {
  Run(state, false, false);
}
void BM_MutualTlsNewConnection(benchmark::State& state) {
  Run(state, true, false);
}
BENCHMARK(BM_Plain)->UseRealTime();
BENCHMARK(BM_Tls)->UseRealTime();
BENCHMARK(BM_PlainNewConnection)->UseRealTime();
BENCHMARK(BM_MutualTlsNewConnection)->UseRealTime();

}  // namespace
}  // namespace signet::http
