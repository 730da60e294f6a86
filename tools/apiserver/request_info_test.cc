#include "tools/apiserver/request_info.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/http/message.h"
#include "gtest/gtest.h"

namespace signet::apiserver {
namespace {

std::string Text(const RequestInfo& info) {
  if (!info.is_resource) return absl::StrCat(info.verb, " path ", info.path);
  return absl::StrCat(info.verb, " group=", info.group, "/", info.version,
                      " ns=", info.namespace_name, " ", info.resource, "/",
                      info.name, "/", info.subresource,
                      info.has_more ? " and more" : "");
}

TEST(RequestInfoTest, SaysWhatARequestAsksFor) {
  const struct {
    std::string method;
    std::string target;
    std::string want;
  } kTests[] = {
      {"GET", "/healthz", "get path /healthz"},
      {"GET", "/api", "get path /api"},
      {"GET", "/api/v1", "get path /api/v1"},
      {"GET", "/apis/certificates.k8s.io/v1",
       "get path /apis/certificates.k8s.io/v1"},
      {"GET", "/api/v1/secrets", "list group=/v1 ns= secrets//"},
      {"GET", "/api/v1/secrets?watch=1", "watch group=/v1 ns= secrets//"},
      {"GET", "/api/v1/secrets?watch=true", "watch group=/v1 ns= secrets//"},
      {"GET", "/api/v1/secrets?watch", "watch group=/v1 ns= secrets//"},
      {"GET", "/api/v1/secrets?watch=false", "list group=/v1 ns= secrets//"},
      {"POST", "/api/v1/namespaces/a/secrets",
       "create group=/v1 ns=a secrets//"},
      {"PUT", "/api/v1/namespaces/a/secrets/s",
       "update group=/v1 ns=a secrets/s/"},
      {"PATCH", "/api/v1/nodes/n/status", "patch group=/v1 ns= nodes/n/status"},
      {"DELETE", "/api/v1/nodes/n", "delete group=/v1 ns= nodes/n/"},
      {"DELETE", "/api/v1/nodes", "deletecollection group=/v1 ns= nodes//"},
      {"GET", "/api/v1/namespaces", "list group=/v1 ns= namespaces//"},
      {"GET", "/api/v1/namespaces/a", "get group=/v1 ns=a namespaces/a/"},
      {"PUT", "/api/v1/namespaces/a/status",
       "update group=/v1 ns=a namespaces/a/status"},
      {"PUT",
       "/apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval",
       "update group=certificates.k8s.io/v1 ns= "
       "certificatesigningrequests/c/approval"},
      {"GET", "/api/v1/nodes/n/proxy/x/y",
       "get group=/v1 ns= nodes/n/proxy and more"},
      {"GET",
       "/apis/certificates.k8s.io/v1/certificatesigningrequests?"
       "fieldSelector=metadata.name%3Dc&watch=true",
       "watch group=certificates.k8s.io/v1 ns= certificatesigningrequests/c/"},
      {"GET", "/api/v1/nodes?fieldSelector=metadata.name%3D..",
       "list group=/v1 ns= nodes//"},
      {"OPTIONS", "/api/v1/nodes", " group=/v1 ns= nodes//"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(absl::StrCat(t.method, " ", t.target));
    EXPECT_EQ(Text(ParseRequestInfo(t.method, http::ParseTarget(t.target))),
              t.want);
  }
}

}  // namespace
}  // namespace signet::apiserver
