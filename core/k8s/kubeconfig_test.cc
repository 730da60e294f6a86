#include "core/k8s/kubeconfig.h"

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status_matchers.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/simulated_clock.h"
#include "core/testing/fake_file_system.h"
#include "core/testing/test_ca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::k8s {
namespace {

using ::absl_testing::IsOk;
using ::absl_testing::IsOkAndHolds;
using ::absl_testing::StatusIs;
using ::signet::testing::FakeFileSystem;
using ::signet::testing::TestCa;
using ::signet::testing::TestIdentity;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ReadTestdata(absl::string_view name) {
  std::ifstream in(absl::StrCat("core/k8s/testdata/", name), std::ios::binary);
  EXPECT_TRUE(in) << name;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// A kubeconfig with one cluster and one user, each in flow style.
std::string Kubeconfig(absl::string_view cluster, absl::string_view user) {
  return absl::StrCat(
      "apiVersion: v1\n"
      "kind: Config\n"
      "current-context: ctx\n"
      "contexts:\n"
      "- name: ctx\n"
      "  context: {cluster: c, user: u, namespace: ns}\n"
      "clusters:\n"
      "- name: other\n"
      "  cluster: {server: 'https://other'}\n"
      "- name: c\n"
      "  cluster: ",
      cluster,
      "\n"
      "users:\n"
      "- name: other\n"
      "  user: {exec: {command: x}}\n"
      "- name: u\n"
      "  user: ",
      user, "\n");
}

constexpr absl::string_view kCluster = "{server: 'https://h:6443'}";

TEST(KubeconfigTest, ReadsEveryField) {
  const absl::StatusOr<ClientConfig> config = ParseKubeconfig(
      Kubeconfig("{server: 'https://h:6443', tls-server-name: name, "
                 "proxy-url: 'http://p:3128', certificate-authority-data: "
                 "Y2E=, certificate-authority: ca.crt}",
                 "{client-certificate-data: Y2VydA==, client-certificate: "
                 "/abs/c.pem, client-key-data: a2V5, client-key: keys/k.pem, "
                 "token: secret, tokenFile: token}"),
      "/etc/kubernetes/kubelet.conf");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://h:6443");
  EXPECT_EQ(config->tls_server_name, "name");
  EXPECT_EQ(config->proxy_url, "http://p:3128");
  EXPECT_FALSE(config->insecure_skip_tls_verify);
  EXPECT_EQ(config->certificate_authority_data, "ca");
  EXPECT_EQ(config->certificate_authority_file, "/etc/kubernetes/ca.crt");
  EXPECT_EQ(config->client_certificate_data, "cert");
  EXPECT_EQ(config->client_certificate_file, "/abs/c.pem");
  EXPECT_EQ(config->client_key_data.Reveal(), "key");
  EXPECT_EQ(config->client_key_file, "/etc/kubernetes/keys/k.pem");
  EXPECT_EQ(config->token.Reveal(), "secret");
  EXPECT_EQ(config->token_file, "/etc/kubernetes/token");
  EXPECT_EQ(config->namespace_name, "ns");
  EXPECT_EQ(config->context, "ctx");

  const ClientConfig clone = config->Clone();
  EXPECT_EQ(clone.token.Reveal(), "secret");
  EXPECT_EQ(clone.client_key_data.Reveal(), "key");
  EXPECT_EQ(RenderNodeKubeconfig(clone, "/p"),
            RenderNodeKubeconfig(*config, "/p"));
}

TEST(KubeconfigTest, ReadsJson) {
  const absl::StatusOr<ClientConfig> config = ParseKubeconfig(
      R"({"kind":"Config","apiVersion":"v1","current-context":"c","contexts":)"
      R"([{"name":"c","context":{"cluster":"k","user":""}}],"clusters":)"
      R"([{"name":"k","cluster":{"server":"https://h",)"
      R"("insecure-skip-tls-verify":true}}],"users":null})",
      "conf");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://h");
  EXPECT_TRUE(config->insecure_skip_tls_verify);
  EXPECT_EQ(config->namespace_name, "default");
}

TEST(KubeconfigTest, PathsAreRelativeToTheFile) {
  const std::string text =
      Kubeconfig("{server: s, certificate-authority: pki/ca.crt}", "{}");
  const struct {
    std::string path;
    std::string want;
  } kTests[] = {
      {"/etc/kubernetes/a.conf", "/etc/kubernetes/pki/ca.crt"},
      {"/a.conf", "/pki/ca.crt"},
      {"dir/a.conf", "dir/pki/ca.crt"},
      {"a.conf", "pki/ca.crt"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.path);
    const auto config = ParseKubeconfig(text, t.path);
    ASSERT_THAT(config, IsOk());
    EXPECT_EQ(config->certificate_authority_file, t.want);
    EXPECT_EQ(config->server, "https://s");
  }
}

TEST(KubeconfigTest, AContextByNameWins) {
  const std::string text = absl::StrReplaceAll(
      Kubeconfig(kCluster, "{token: t}"),
      {{"contexts:\n",
        "contexts:\n- name: second\n  context: {cluster: other}\n"}});
  const auto config = ParseKubeconfig(text, "conf", "second");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://other");
  EXPECT_EQ(config->context, "second");
  EXPECT_EQ(config->namespace_name, "default");
  EXPECT_TRUE(config->token.empty());
}

TEST(KubeconfigTest, SaysWhatIsWrongAndWhere) {
  const struct {
    std::string name;
    std::string text;
    std::string want;
  } kTests[] = {
      {"an exec plugin", Kubeconfig(kCluster, "{exec: {command: aws}}"),
       "users[1].user.exec: exec plugins are not supported"},
      {"an auth provider", Kubeconfig(kCluster, "{auth-provider: {name: x}}"),
       "users[1].user.auth-provider: auth providers are not supported"},
      {"a user name", Kubeconfig(kCluster, "{username: a, password: b}"),
       "users[1].user.username: a user name and password are not supported"},
      {"impersonation", Kubeconfig(kCluster, "{as: root, token: x}"),
       "users[1].user.as: impersonation is not supported"},
      {"a certificate without its key",
       Kubeconfig(kCluster, "{client-certificate: c.pem}"),
       "users[1].user: a client certificate without a client key"},
      {"a key without its certificate",
       Kubeconfig(kCluster, "{client-key-data: a2V5}"),
       "users[1].user: a client key without a client certificate"},
      {"an authority that is no base64",
       Kubeconfig("{server: s, certificate-authority-data: '-----BEGIN'}",
                  "{}"),
       "clusters[1].cluster.certificate-authority-data: not base64"},
      {"a key that is no base64",
       Kubeconfig(kCluster, "{client-certificate: c, client-key-data: a b}"),
       "users[1].user.client-key-data: not base64"},
      {"an authority though nothing is verified",
       Kubeconfig("{server: s, insecure-skip-tls-verify: true, "
                  "certificate-authority: ca.crt}",
                  "{}"),
       "clusters[1].cluster: insecure-skip-tls-verify and a certificate "
       "authority exclude each other"},
      {"a truth that is none",
       Kubeconfig("{server: s, insecure-skip-tls-verify: maybe}", "{}"),
       "clusters[1].cluster.insecure-skip-tls-verify: expected true or false"},
      {"a SOCKS proxy",
       Kubeconfig("{server: s, proxy-url: 'socks5://p'}", "{}"),
       "clusters[1].cluster.proxy-url: proxies other than http:// are not "
       "supported"},
      {"no server", Kubeconfig("{certificate-authority: ca.crt}", "{}"),
       "clusters[1].cluster.server: missing"},
      {"a server that is a list", Kubeconfig("{server: [a]}", "{}"),
       "clusters[1].cluster.server: expected a string"},
      {"a cluster that is a string", Kubeconfig("text", "{}"),
       "clusters[1].cluster: expected a map"},
      {"a context without its cluster",
       "current-context: x\ncontexts: [{name: x, context: {cluster: y}}]",
       "context \"x\" names the cluster \"y\", which does not exist"},
      {"a context without its user",
       "current-context: x\ncontexts: [{name: x, context: {cluster: y, user: "
       "z}}]\nclusters: [{name: y, cluster: {server: s}}]",
       "context \"x\" names the user \"z\", which does not exist"},
      {"no context of that name", "current-context: x",
       "context \"x\" does not exist"},
      {"no current context", "kind: Config", "current-context: missing"},
      {"a name that occurs twice",
       "current-context: x\ncontexts: [{name: x}, {name: x}]",
       "contexts[1].name: \"x\" occurs twice"},
      {"contexts that are a map", "current-context: x\ncontexts: {x: y}",
       "contexts: expected a list"},
      {"another kind", "kind: Pod", "kind: expected Config, found \"Pod\""},
      {"nothing", "", "is empty"},
      {"a list alone", "[1]", "expected a map"},
      {"broken YAML", "kind: Config\nclusters: [\n",
       "line 3, column 1: end of sequence flow not found"},
      {"a tab as indentation", "a:\n\tb: c\n",
       "line 2, column 3: illegal map value"},
      {"an alias to nothing", "a: *b\n",
       "line 1, column 4: the referenced anchor is not defined: b"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    const absl::Status status = ParseKubeconfig(t.text, "/etc/k.conf").status();
    EXPECT_EQ(status.message(),
              absl::StrCat("kubeconfig \"/etc/k.conf\": ", t.want));
    EXPECT_EQ(status.code(), absl::string_view(t.want).ends_with("supported")
                                 ? absl::StatusCode::kUnimplemented
                                 : absl::StatusCode::kInvalidArgument);
  }
}

TEST(KubeconfigTest, IsBounded) {
  EXPECT_THAT(ParseKubeconfig(std::string((1 << 20) + 1, ' '), "k").status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "kubeconfig \"k\": has 1048577 bytes; at most 1048576 "
                       "are taken"));
  EXPECT_THAT(ParseKubeconfig(std::string(100000, '['), "k").status(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(KubeconfigTest, LoadNamesAMissingFile) {
  FakeFileSystem files;
  EXPECT_THAT(LoadKubeconfig(files, "/nowhere").status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere")));
  ASSERT_THAT(files.Write("/conf", Kubeconfig(kCluster, "{token: t}"), 0600),
              IsOk());
  const auto config = LoadKubeconfig(files, "/conf");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->token.Reveal(), "t");
}

// SPEC A-36.
TEST(KubeconfigTest, RendersANodesKubeconfigByteForByte) {
  constexpr absl::string_view kCurrent =
      "/var/lib/kubelet/pki/kubelet-client-current.pem";
  for (absl::string_view name :
       {"node_ca_data", "node_ca_file", "node_insecure"}) {
    SCOPED_TRACE(name);
    const std::string golden = ReadTestdata(absl::StrCat(name, ".kubeconfig"));
    const auto config = ParseKubeconfig(golden, "/etc/kubernetes/k.conf");
    ASSERT_THAT(config, IsOk());
    EXPECT_EQ(config->client_certificate_file, kCurrent);
    EXPECT_EQ(config->client_key_file, kCurrent);
    EXPECT_EQ(RenderNodeKubeconfig(*config, kCurrent), golden);
  }
}

TEST(KubeconfigTest, RendersOddPathsSoThatTheyAreReadBack) {
  for (const std::string path :
       {"/a b/c", "/a: b", "/a #b", "/a'b", "/a\"b\\c", "/a:", "/a ",
        "/\xc3\xa9", "/a\nb\"\\'", "relative", "- x", "true", "0x1f",
        "/x{}, [y]"}) {
    SCOPED_TRACE(path);
    ClientConfig config;
    config.server = "https://h";
    config.certificate_authority_file = path;
    const auto again =
        ParseKubeconfig(RenderNodeKubeconfig(config, path), "conf");
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->certificate_authority_file, path);
    EXPECT_EQ(again->client_certificate_file, path);
  }
}

std::function<std::string(absl::string_view)> Environment(
    std::map<std::string, std::string> variables) {
  return [variables](absl::string_view name) {
    const auto it = variables.find(std::string(name));
    return it == variables.end() ? "" : it->second;
  };
}

TEST(InClusterConfigTest, ReadsTheServiceAccount) {
  FakeFileSystem files;
  ASSERT_THAT(files.MakeDirectories("/sa", 0755), IsOk());
  ASSERT_THAT(files.Write("/sa/ca.crt", "ca", 0644), IsOk());
  ASSERT_THAT(files.Write("/sa/token", "token", 0644), IsOk());
  ASSERT_THAT(files.Write("/sa/namespace", "kube-system\n", 0644), IsOk());
  const auto config =
      InClusterConfig(files,
                      Environment({{"KUBERNETES_SERVICE_HOST", "10.96.0.1"},
                                   {"KUBERNETES_SERVICE_PORT", "443"}}),
                      "/sa");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://10.96.0.1:443");
  EXPECT_EQ(config->certificate_authority_file, "/sa/ca.crt");
  EXPECT_EQ(config->token_file, "/sa/token");
  EXPECT_EQ(config->namespace_name, "kube-system");

  const auto ipv6 =
      InClusterConfig(files,
                      Environment({{"KUBERNETES_SERVICE_HOST", "fd00::1"},
                                   {"KUBERNETES_SERVICE_PORT", "443"}}),
                      "/sa");
  ASSERT_THAT(ipv6, IsOk());
  EXPECT_EQ(ipv6->server, "https://[fd00::1]:443");
}

TEST(InClusterConfigTest, SaysWhatIsMissing) {
  FakeFileSystem files;
  EXPECT_THAT(InClusterConfig(files, Environment({})).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "not inside a cluster: KUBERNETES_SERVICE_HOST and "
                       "KUBERNETES_SERVICE_PORT are not set"));
  EXPECT_THAT(
      InClusterConfig(files, Environment({{"KUBERNETES_SERVICE_HOST", "h"},
                                          {"KUBERNETES_SERVICE_PORT", "1"}}))
          .status(),
      StatusIs(absl::StatusCode::kNotFound,
               HasSubstr("/var/run/secrets/kubernetes.io/serviceaccount/"
                         "ca.crt")));
}

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() : clock_(absl::FromUnixSeconds(1800000000)) {
    config_.server = "https://h:6443";
  }

  void Write(absl::string_view path, absl::string_view text) {
    ASSERT_THAT(files_.Write(path, text, 0600), IsOk());
  }

  static std::string SubjectOf(http::IdentitySource& source) {
    return source.Current()->chain.front().subject().common_name;
  }
  static std::string SubjectOf(http::TrustSource& source) {
    return source.Current()->roots().front().subject().common_name;
  }

  FakeFileSystem files_;
  absl::SimulatedClock clock_;
  ClientConfig config_;
  const TestCa ca_{"first-ca"};
  const TestCa other_ca_{"second-ca"};
};

TEST_F(CredentialsTest, CopiesTheRest) {
  config_.tls_server_name = "n";
  config_.insecure_skip_tls_verify = true;
  config_.proxy_url = "http://p:1";
  const auto options = MakeTransportOptions(config_, files_, clock_);
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(options->server, "https://h:6443");
  EXPECT_EQ(options->tls_server_name, "n");
  EXPECT_TRUE(options->insecure_skip_tls_verify);
  EXPECT_EQ(options->proxy, "http://p:1");
  EXPECT_EQ(options->trust, nullptr);
  EXPECT_EQ(options->identity, nullptr);
}

TEST_F(CredentialsTest, WithoutACaTheSystemsRootsAreTrusted) {
  ASSERT_THAT(files_.MakeDirectories("/etc/ssl", 0755), IsOk());
  Write("/etc/ssl/cert.pem", other_ca_.certificate_pem());
  const auto options = MakeTransportOptions(config_, files_, clock_);
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(SubjectOf(*options->trust), "second-ca");
  EXPECT_EQ(options->clock, &clock_);
}

TEST_F(CredentialsTest, InlineDataWins) {
  const TestIdentity client = ca_.Client("inline");
  config_.certificate_authority_data = ca_.certificate_pem();
  config_.certificate_authority_file = "/missing";
  config_.client_certificate_data = client.certificate_pem;
  config_.client_certificate_file = "/missing";
  config_.client_key_data = Secret(client.key_pem);
  config_.client_key_file = "/missing";
  const auto options = MakeTransportOptions(config_, files_, clock_);
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(SubjectOf(*options->trust), "first-ca");
  EXPECT_EQ(SubjectOf(*options->identity), "inline");
}

// SPEC A-47.
TEST_F(CredentialsTest, A47FilesAreReadAgainAfterFiveMinutes) {
  const TestIdentity first = ca_.Client("first");
  const TestIdentity second = ca_.Client("second");
  Write("/ca", ca_.certificate_pem());
  Write("/cert", first.certificate_pem);
  Write("/key", first.key_pem);
  config_.certificate_authority_file = "/ca";
  config_.client_certificate_file = "/cert";
  config_.client_key_file = "/key";
  const auto options = MakeTransportOptions(config_, files_, clock_);
  ASSERT_THAT(options, IsOk());

  Write("/ca", other_ca_.certificate_pem());
  Write("/cert", second.certificate_pem);
  Write("/key", second.key_pem);
  clock_.AdvanceTime(absl::Minutes(5) - absl::Nanoseconds(1));
  EXPECT_EQ(SubjectOf(*options->trust), "first-ca");
  EXPECT_EQ(SubjectOf(*options->identity), "first");
  clock_.AdvanceTime(absl::Nanoseconds(1));
  EXPECT_EQ(SubjectOf(*options->trust), "second-ca");
  EXPECT_EQ(SubjectOf(*options->identity), "second");
}

// SPEC A-43, A-47.
TEST_F(CredentialsTest, A47ABadNewFileKeepsTheOldOne) {
  const TestIdentity first = ca_.Client("first");
  const TestIdentity second = ca_.Client("second");
  Write("/ca", ca_.certificate_pem());
  Write("/cert", first.certificate_pem);
  Write("/key", first.key_pem);
  config_.certificate_authority_file = "/ca";
  config_.client_certificate_file = "/cert";
  config_.client_key_file = "/key";
  const auto options = MakeTransportOptions(config_, files_, clock_);
  ASSERT_THAT(options, IsOk());

  Write("/ca", "");
  Write("/cert", second.certificate_pem);  // Its key has not been written yet.
  clock_.AdvanceTime(absl::Minutes(5));
  EXPECT_EQ(SubjectOf(*options->trust), "first-ca");
  EXPECT_EQ(SubjectOf(*options->identity), "first");

  ASSERT_THAT(files_.Remove("/ca"), IsOk());
  Write("/key", second.key_pem);
  clock_.AdvanceTime(absl::Minutes(5));
  EXPECT_EQ(SubjectOf(*options->trust), "first-ca");
  EXPECT_EQ(SubjectOf(*options->identity), "second");
}

TEST_F(CredentialsTest, AClockPutBackReadsAgain) {
  Write("/ca", ca_.certificate_pem());
  config_.certificate_authority_file = "/ca";
  const auto options = MakeTransportOptions(config_, files_, clock_);
  ASSERT_THAT(options, IsOk());
  Write("/ca", other_ca_.certificate_pem());
  clock_.SetTime(clock_.TimeNow() - absl::Hours(1));
  EXPECT_EQ(SubjectOf(*options->trust), "second-ca");
}

TEST_F(CredentialsTest, OneFileMayHoldBoth) {
  const TestIdentity client = ca_.Client("both");
  Write("/current.pem", client.certificate_pem + client.key_pem);
  config_.client_certificate_file = "/current.pem";
  config_.client_key_file = "/current.pem";
  const auto options = MakeTransportOptions(config_, files_, clock_);
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(SubjectOf(*options->identity), "both");
}

TEST_F(CredentialsTest, AnOverrideReplacesTheClientCertificate) {
  config_.client_certificate_file = "/not/there/yet.pem";
  config_.client_key_file = "/not/there/yet.pem";
  const auto identity =
      std::make_shared<http::FixedIdentity>(ca_.Client("override").tls);
  const auto options = MakeTransportOptions(config_, files_, clock_, identity);
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(options->identity, identity);
}

TEST_F(CredentialsTest, ErrorsNameTheFile) {
  const TestIdentity client = ca_.Client("a");
  const TestIdentity stranger = ca_.Client("b");
  Write("/empty", "");
  Write("/cert", client.certificate_pem);
  Write("/other-key", stranger.key_pem);

  config_.certificate_authority_file = "/empty";
  EXPECT_THAT(MakeTransportOptions(config_, files_, clock_).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith("certificate-authority \"/empty\": ")));
  config_.certificate_authority_file = "/missing";
  EXPECT_THAT(MakeTransportOptions(config_, files_, clock_).status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/missing")));
  config_.certificate_authority_file = "";
  config_.certificate_authority_data = "no PEM";
  EXPECT_THAT(MakeTransportOptions(config_, files_, clock_).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith("certificate-authority-data: ")));
  config_.certificate_authority_data = "";
  config_.client_certificate_file = "/cert";
  config_.client_key_file = "/other-key";
  EXPECT_THAT(MakeTransportOptions(config_, files_, clock_).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith("client-certificate \"/cert\", client-key "
                                  "\"/other-key\": ")));
  config_.client_key_file = "";
  config_.client_key_data = Secret("no PEM");
  EXPECT_THAT(MakeTransportOptions(config_, files_, clock_).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       StartsWith("client-certificate \"/cert\", "
                                  "client-key-data: ")));
}

std::string TokenOf(TokenSource& source) {
  const absl::StatusOr<Secret> token = source.Current();
  return token.ok() ? std::string(token->Reveal()) : token.status().ToString();
}

TEST_F(CredentialsTest, NoTokenNoSource) {
  EXPECT_EQ(MakeTokenSource(config_, files_, clock_), nullptr);
}

TEST_F(CredentialsTest, TheTokenFileWinsAndIsReadAgainAfterAMinute) {
  config_.token = Secret("inline");
  EXPECT_EQ(TokenOf(*MakeTokenSource(config_, files_, clock_)), "inline");

  config_.token_file = "/token";
  const auto source = MakeTokenSource(config_, files_, clock_);
  EXPECT_THAT(source->Current().status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/token")));
  Write("/token", " one\n");
  EXPECT_EQ(TokenOf(*source), "one");
  Write("/token", "two");
  clock_.AdvanceTime(absl::Seconds(59));
  EXPECT_EQ(TokenOf(*source), "one");
  clock_.AdvanceTime(absl::Seconds(1));
  EXPECT_EQ(TokenOf(*source), "two");
  Write("/token", "\n");
  clock_.AdvanceTime(absl::Minutes(1));
  EXPECT_EQ(TokenOf(*source), "two");
}

}  // namespace
}  // namespace signet::k8s
