// Uses each library that the project depends on once: a build in which one of
// them does not compile, link or run fails here and not in our own code.

#include <openssl/curve25519.h>
#include <openssl/ssl.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sqlite3.h>
#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json.hpp>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/status_matchers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "re2/re2.h"
#include "tools/sanity/sanity.pb.h"

namespace signet {
namespace {

TEST(LibrariesTest, Abseil) {
  EXPECT_THAT(absl::InvalidArgumentError("x"),
              absl_testing::StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(absl::StrCat(absl::FormatDuration(absl::Seconds(90))), "1m30s");
}

TEST(LibrariesTest, BoringSsl) {
  uint8_t public_key[32], private_key[64], signature[64];
  ED25519_keypair(public_key, private_key);
  const uint8_t message[] = {1, 2, 3};
  ASSERT_TRUE(ED25519_sign(signature, message, sizeof(message), private_key));
  EXPECT_TRUE(ED25519_verify(message, sizeof(message), signature, public_key));
  bssl::UniquePtr<SSL_CTX> ctx(SSL_CTX_new(TLS_method()));
  EXPECT_NE(ctx, nullptr);
}

TEST(LibrariesTest, Protobuf) {
  sanity::Sanity message;
  message.mutable_base()->set_name("n");
  message.add_numbers(7);
  sanity::Sanity copy;
  ASSERT_TRUE(copy.ParseFromString(message.SerializeAsString()));
  EXPECT_EQ(copy.base().name(), "n");
  EXPECT_EQ(copy.numbers(0), 7);
}

TEST(LibrariesTest, Re2) {
  EXPECT_TRUE(RE2::FullMatch("system:node:a", "system:node:[a-z]+"));
}

boost::asio::awaitable<void> Set(bool& called) {
  called = true;
  co_return;
}

TEST(LibrariesTest, AsioAndBeast) {
  boost::asio::io_context context;
  boost::asio::ssl::context tls(boost::asio::ssl::context::tls_client);
  bool called = false;
  boost::asio::co_spawn(context, Set(called), boost::asio::detached);
  context.run();
  EXPECT_TRUE(called);

  namespace http = boost::beast::http;
  http::response_parser<http::string_body> parser;
  boost::beast::error_code error;
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  parser.eager(true);
  parser.put(boost::asio::buffer(text), error);
  EXPECT_FALSE(error) << error.message();
  EXPECT_TRUE(parser.is_done());
  EXPECT_EQ(parser.get().body(), "hi");
}

TEST(LibrariesTest, Json) {
  const boost::json::value value = boost::json::parse(R"({"a": [1, null]})");
  EXPECT_EQ(boost::json::serialize(value), R"({"a":[1,null]})");
}

TEST(LibrariesTest, Yaml) {
  EXPECT_EQ(YAML::Load("a: {b: c}")["a"]["b"].as<std::string>(), "c");
}

TEST(LibrariesTest, CommandLine) {
  CLI::App app;
  std::string name;
  app.add_option("--name", name);
  app.parse("--name node-a");
  EXPECT_EQ(name, "node-a");
}

TEST(LibrariesTest, Metrics) {
  auto registry = std::make_shared<prometheus::Registry>();
  prometheus::BuildCounter()
      .Name("issued_total")
      .Register(*registry)
      .Add({{"signer", "s"}})
      .Increment();
  EXPECT_THAT(prometheus::TextSerializer().Serialize(registry->Collect()),
              testing::HasSubstr("issued_total{signer=\"s\"} 1"));
}

TEST(LibrariesTest, Sqlite) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &db), SQLITE_OK);
  EXPECT_EQ(
      sqlite3_exec(db, "CREATE TABLE t (x) STRICT", nullptr, nullptr, nullptr),
      SQLITE_ERROR);
  EXPECT_EQ(sqlite3_exec(db, "CREATE TABLE t (x INT) STRICT", nullptr, nullptr,
                         nullptr),
            SQLITE_OK);
  EXPECT_EQ(sqlite3_close(db), SQLITE_OK);
}

}  // namespace
}  // namespace signet
