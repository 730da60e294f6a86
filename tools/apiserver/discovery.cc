#include "tools/apiserver/discovery.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "boost/json/serialize.hpp"
#include "core/base/version.h"
#include "core/pki/sha256.h"
#include "tools/apiserver/kind.h"
#include "tools/apiserver/kinds.h"
#include "tools/apiserver/negotiation.h"

namespace signet::apiserver {
namespace {

using boost::json::array;
using boost::json::object;

constexpr absl::string_view kAuthorization = "authorization.k8s.io";
constexpr absl::string_view kJsonType = "application/json";

boost::json::string_view View(absl::string_view text) {
  return boost::json::string_view(text.data(), text.size());
}

std::string GroupVersion(absl::string_view group, absl::string_view version) {
  return group.empty() ? std::string(version)
                       : absl::StrCat(group, "/", version);
}

// One resource as discovery tells it.
struct Entry {
  absl::string_view group;
  absl::string_view version;
  absl::string_view plural;
  absl::string_view singular;
  absl::string_view kind;
  bool namespaced = false;
  std::vector<absl::string_view> verbs;
  std::vector<absl::string_view> short_names;
  std::vector<Subresource> subresources;
};

std::vector<Entry> MakeEntries() {
  std::vector<Entry> entries;
  const auto add_reviews = [&entries] {
    for (const auto& [plural, singular, kind] :
         {std::tuple("selfsubjectaccessreviews", "selfsubjectaccessreview",
                     "SelfSubjectAccessReview"),
          std::tuple("subjectaccessreviews", "subjectaccessreview",
                     "SubjectAccessReview")}) {
      entries.push_back({kAuthorization,
                         "v1",
                         plural,
                         singular,
                         kind,
                         false,
                         {"create"},
                         {},
                         {}});
    }
  };
  bool reviews = false;
  for (const Kind& kind : Kinds()) {
    // Groups in the order of their names, after the core group.
    if (!reviews && !kind.info.group.empty()) {
      add_reviews();
      reviews = true;
    }
    entries.push_back({kind.info.group, kind.info.version, kind.info.plural,
                       kind.singular, kind.info.kind, kind.info.namespaced,
                       kind.verbs, kind.short_names, kind.subresources});
  }
  return entries;
}

const std::vector<Entry>& Entries() {
  static const auto* const entries = new std::vector<Entry>(MakeEntries());
  return *entries;
}

std::vector<absl::string_view> Groups() {
  std::vector<absl::string_view> groups;
  for (const Entry& entry : Entries()) {
    if (!entry.group.empty() &&
        std::find(groups.begin(), groups.end(), entry.group) == groups.end()) {
      groups.push_back(entry.group);
    }
  }
  return groups;
}

array Words(const std::vector<absl::string_view>& words) {
  array result;
  for (const absl::string_view word : words) result.push_back(View(word));
  return result;
}

// ---- the old form

// Tells versions of storage apart (k8s.io/apiserver, discovery).
std::string StorageVersionHash(const Entry& entry) {
  constexpr size_t kBytes = 8;
  const std::string text =
      absl::StrCat(entry.group, "/", entry.version, "/", entry.kind);
  return absl::Base64Escape(pki::Sha256(text).substr(0, kBytes));
}

object ApiGroup(absl::string_view group) {
  const object version = {{"groupVersion", View(GroupVersion(group, "v1"))},
                          {"version", "v1"}};
  return {{"name", View(group)},
          {"versions", array{version}},
          {"preferredVersion", version}};
}

std::string ApiVersions(absl::string_view server_address) {
  return boost::json::serialize(
      object{{"kind", "APIVersions"},
             {"versions", array{"v1"}},
             {"serverAddressByClientCIDRs",
              array{object{{"clientCIDR", "0.0.0.0/0"},
                           {"serverAddress", View(server_address)}}}}});
}

std::string ApiGroupList() {
  array groups;
  for (const absl::string_view group : Groups()) {
    groups.push_back(ApiGroup(group));
  }
  return boost::json::serialize(object{{"kind", "APIGroupList"},
                                       {"apiVersion", "v1"},
                                       {"groups", std::move(groups)}});
}

std::optional<std::string> ApiResourceList(absl::string_view group,
                                           absl::string_view version) {
  array resources;
  for (const Entry& entry : Entries()) {
    if (entry.group != group || entry.version != version) continue;
    object resource = {{"name", View(entry.plural)},
                       {"singularName", View(entry.singular)},
                       {"namespaced", entry.namespaced},
                       {"kind", View(entry.kind)},
                       {"verbs", Words(entry.verbs)}};
    if (!entry.short_names.empty()) {
      resource["shortNames"] = Words(entry.short_names);
    }
    if (entry.group != kAuthorization) {
      resource["storageVersionHash"] = StorageVersionHash(entry);
    }
    resources.push_back(std::move(resource));
    for (const Subresource& sub : entry.subresources) {
      resources.push_back(
          object{{"name", View(absl::StrCat(entry.plural, "/", sub.name))},
                 {"singularName", ""},
                 {"namespaced", entry.namespaced},
                 {"kind", View(entry.kind)},
                 {"verbs", Words(sub.verbs)}});
    }
  }
  if (resources.empty()) return std::nullopt;
  return boost::json::serialize(
      object{{"kind", "APIResourceList"},
             {"apiVersion", "v1"},
             {"groupVersion", View(GroupVersion(group, version))},
             {"resources", std::move(resources)}});
}

// What the server serves, for whoever looks at /.
std::string RootPaths() {
  std::vector<std::string> paths = {"/api",    "/api/v1",     "/apis",
                                    "/apis/",  "/healthz",    "/livez",
                                    "/readyz", "/openapi/v3", "/version"};
  for (const absl::string_view group : Groups()) {
    paths.push_back(absl::StrCat("/apis/", group));
    paths.push_back(absl::StrCat("/apis/", group, "/v1"));
  }
  std::sort(paths.begin(), paths.end());
  array list;
  for (const std::string& path : paths) list.push_back(View(path));
  return boost::json::serialize(object{{"paths", std::move(list)}});
}

// ---- the aggregated form

object AggregatedGroup(absl::string_view group) {
  array resources;
  for (const Entry& entry : Entries()) {
    if (entry.group != group) continue;
    const object kind = {{"group", View(entry.group)},
                         {"version", View(entry.version)},
                         {"kind", View(entry.kind)}};
    object resource = {{"resource", View(entry.plural)},
                       {"responseKind", kind},
                       {"scope", entry.namespaced ? "Namespaced" : "Cluster"},
                       {"singularResource", View(entry.singular)},
                       {"verbs", Words(entry.verbs)}};
    if (!entry.short_names.empty()) {
      resource["shortNames"] = Words(entry.short_names);
    }
    array subresources;
    for (const Subresource& sub : entry.subresources) {
      subresources.push_back(object{{"subresource", View(sub.name)},
                                    {"responseKind", kind},
                                    {"verbs", Words(sub.verbs)}});
    }
    if (!subresources.empty()) {
      resource["subresources"] = std::move(subresources);
    }
    resources.push_back(std::move(resource));
  }
  object metadata = {{"creationTimestamp", nullptr}};
  if (!group.empty()) metadata["name"] = View(group);
  return {{"metadata", std::move(metadata)},
          {"versions", array{object{{"version", "v1"},
                                    {"resources", std::move(resources)},
                                    {"freshness", "Current"}}}}};
}

Document Aggregated(absl::string_view path, absl::string_view version) {
  array items;
  if (path == "/api") {
    items.push_back(AggregatedGroup(""));
  } else {
    for (const absl::string_view group : Groups()) {
      items.push_back(AggregatedGroup(group));
    }
  }
  return {
      absl::StrCat("application/json;g=apidiscovery.k8s.io;v=", version,
                   ";as=APIGroupDiscoveryList"),
      boost::json::serialize(object{
          {"kind", "APIGroupDiscoveryList"},
          {"apiVersion", View(absl::StrCat("apidiscovery.k8s.io/", version))},
          {"metadata", object()},
          {"items", std::move(items)}})};
}

// The version of aggregated discovery that the client asks for first, or "" if
// it wants the old form.
std::string AggregatedVersion(absl::string_view accept) {
  for (const MediaType& media : ParseAccept(accept)) {
    if (media.type != kJsonType && media.type != "*/*") continue;
    const absl::string_view as = media.Parameter("as");
    if (as.empty()) return "";
    const absl::string_view version = media.Parameter("v");
    if (as == "APIGroupDiscoveryList" &&
        media.Parameter("g") == "apidiscovery.k8s.io" &&
        (version == "v2" || version == "v2beta1")) {
      return std::string(version);
    }
  }
  return "";
}

// ---- OpenAPI: only that patches take fieldValidation, and in which form

std::string OpenApiOf(absl::string_view group, absl::string_view version) {
  object paths;
  for (const Entry& entry : Entries()) {
    if (entry.group != group || entry.version != version) continue;
    if (std::find(entry.verbs.begin(), entry.verbs.end(), "patch") ==
        entry.verbs.end()) {
      continue;
    }
    const std::string prefix = absl::StrCat(
        group.empty() ? "/api/" : absl::StrCat("/apis/", group, "/"), version,
        entry.namespaced ? "/namespaces/{namespace}/" : "/", entry.plural,
        "/{name}");
    const object patch = {
        {"operationId", View(absl::StrCat("patch", entry.kind))},
        {"parameters", array{object{{"name", "fieldValidation"},
                                    {"in", "query"},
                                    {"schema", object{{"type", "string"}}}}}},
        {"requestBody",
         object{
             {"content", object{{"application/merge-patch+json", object()}}}}},
        {"responses", object{{"200", object{{"description", "OK"}}}}},
        {"x-kubernetes-group-version-kind",
         object{{"group", View(entry.group)},
                {"version", View(entry.version)},
                {"kind", View(entry.kind)}}}};
    paths[prefix] = object{{"patch", patch}};
  }
  return boost::json::serialize(object{
      {"openapi", "3.0.0"},
      {"info",
       object{{"title", "signet-apiserver"}, {"version", View(kVersion)}}},
      {"paths", std::move(paths)}});
}

std::optional<std::string> OpenApi(absl::string_view path) {
  const auto each_version = [](auto visit) {
    visit(std::string("api/v1"), absl::string_view());
    for (const absl::string_view group : Groups()) {
      visit(absl::StrCat("apis/", group, "/v1"), group);
    }
  };
  if (path == "/openapi/v3") {
    object paths;
    each_version([&paths](const std::string& name, absl::string_view) {
      paths[name] = object{
          {"serverRelativeURL", View(absl::StrCat("/openapi/v3/", name))}};
    });
    return boost::json::serialize(object{{"paths", std::move(paths)}});
  }
  std::optional<std::string> found;
  if (absl::ConsumePrefix(&path, "/openapi/v3/")) {
    each_version([&](const std::string& name, absl::string_view group) {
      if (name == path) found = OpenApiOf(group, "v1");
    });
  }
  return found;
}

}  // namespace

std::optional<Document> Discover(absl::string_view path,
                                 absl::string_view accept,
                                 absl::string_view server_address) {
  absl::ConsumeSuffix(&path, "/");
  const auto json = [](std::string body) {
    return Document{std::string(kJsonType), std::move(body)};
  };
  if (path == "/api" || path == "/apis") {
    const std::string version = AggregatedVersion(accept);
    if (!version.empty()) return Aggregated(path, version);
    return json(path == "/api" ? ApiVersions(server_address) : ApiGroupList());
  }
  if (path.empty()) return json(RootPaths());
  const std::vector<absl::string_view> parts =
      absl::StrSplit(path, '/', absl::SkipEmpty());
  std::optional<std::string> body;
  if (parts.size() == 2 && parts[0] == "api") {
    body = ApiResourceList("", parts[1]);
  } else if (parts.size() == 2 && parts[0] == "apis") {
    const std::vector<absl::string_view> groups = Groups();
    if (std::find(groups.begin(), groups.end(), parts[1]) != groups.end()) {
      object group = ApiGroup(parts[1]);
      group["kind"] = "APIGroup";
      group["apiVersion"] = "v1";
      body = boost::json::serialize(group);
    }
  } else if (parts.size() == 3 && parts[0] == "apis") {
    body = ApiResourceList(parts[1], parts[2]);
  } else if (!parts.empty() && parts[0] == "openapi") {
    body = OpenApi(path);
  }
  if (!body.has_value()) return std::nullopt;
  return json(*std::move(body));
}

std::string VersionJson() {
  // The minor version tells clients which API this is (SPEC: 1.37).
  return boost::json::serialize(
      object{{"major", "1"},
             {"minor", "37"},
             {"gitVersion", View(absl::StrCat("v1.37.2+signet-", kVersion))},
             {"gitCommit", ""},
             {"gitTreeState", ""},
             {"buildDate", ""},
             {"goVersion", ""},
             {"compiler", "clang"},
             {"platform", "linux/amd64"}});
}

}  // namespace signet::apiserver
