#include "tools/apiserver/patch.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace signet::apiserver {
namespace {

struct Case {
  std::string name;
  std::string kind;
  std::string document;
  std::string patch;
  std::string want;  // Or, after a '!', the error's code.
};

void Check(PatchType type, const Case& t) {
  SCOPED_TRACE(t.name);
  const absl::StatusOr<std::string> got =
      ApplyPatch(type, t.kind, t.document, t.patch);
  if (!t.want.empty() && t.want[0] == '!') {
    EXPECT_EQ(absl::StatusCodeToString(got.status().code()), t.want.substr(1))
        << got.status();
    return;
  }
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, t.want);
}

TEST(PatchTest, MergePatches) {
  // RFC 7396, appendix A, as far as both sides are objects.
  const Case kTests[] = {
      {"a value is replaced", "", R"({"a":"b"})", R"({"a":"c"})",
       R"({"a":"c"})"},
      {"a value is added", "", R"({"a":"b"})", R"({"b":"c"})",
       R"({"a":"b","b":"c"})"},
      {"null removes", "", R"({"a":"b","b":"c"})", R"({"a":null})",
       R"({"b":"c"})"},
      {"a list is replaced", "", R"({"a":["b"]})", R"({"a":"c"})",
       R"({"a":"c"})"},
      {"by a list", "", R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {"objects are merged, and null removes inside", "", R"({"a":{"b":"c"}})",
       R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {"nulls in lists stay", "", R"({"a":"foo"})", R"({"a":[null]})",
       R"({"a":[null]})"},
      {"an object in the place of a list", "", R"({"a":[1]})",
       R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
      {"not an object", "", R"({"a":1})", R"([1])", "!INVALID_ARGUMENT"},
      {"not JSON", "", R"({"a":1})", R"({"a")", "!INVALID_ARGUMENT"},
  };
  for (const Case& t : kTests) Check(PatchType::kMerge, t);
}

TEST(PatchTest, JsonPatches) {
  // RFC 6902, appendix A.
  const Case kTests[] = {
      {"A.1 add to an object", "", R"({"foo":"bar"})",
       R"([{"op":"add","path":"/baz","value":"qux"}])",
       R"({"foo":"bar","baz":"qux"})"},
      {"A.2 add to a list", "", R"({"foo":["bar","baz"]})",
       R"([{"op":"add","path":"/foo/1","value":"qux"}])",
       R"({"foo":["bar","qux","baz"]})"},
      {"A.3 remove from an object", "", R"({"baz":"qux","foo":"bar"})",
       R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
      {"A.4 remove from a list", "", R"({"foo":["bar","qux","baz"]})",
       R"([{"op":"remove","path":"/foo/1"}])", R"({"foo":["bar","baz"]})"},
      {"A.5 replace", "", R"({"baz":"qux","foo":"bar"})",
       R"([{"op":"replace","path":"/baz","value":"boo"}])",
       R"({"baz":"boo","foo":"bar"})"},
      {"A.6 move", "",
       R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
       R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
       R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
      {"A.7 move in a list", "", R"({"foo":["all","grass","cows","eat"]})",
       R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
       R"({"foo":["all","cows","eat","grass"]})"},
      {"A.8 test", "", R"({"baz":"qux"})",
       R"([{"op":"test","path":"/baz","value":"qux"}])", R"({"baz":"qux"})"},
      {"A.9 a test that fails", "", R"({"baz":"qux"})",
       R"([{"op":"test","path":"/baz","value":"bar"}])",
       "!FAILED_PRECONDITION"},
      {"A.12 no such parent", "", R"({"foo":"bar"})",
       R"([{"op":"add","path":"/baz/bat","value":"qux"}])",
       "!FAILED_PRECONDITION"},
      {"A.14 escapes", "", R"({"/":9,"~1":10})",
       R"([{"op":"replace","path":"/~01","value":11}])", R"({"/":9,"~1":11})"},
      {"A.16 append", "", R"({"foo":["bar"]})",
       R"([{"op":"add","path":"/foo/-","value":["abc"]}])",
       R"({"foo":["bar",["abc"]]})"},
      {"copy", "", R"({"a":{"b":1}})",
       R"([{"op":"copy","from":"/a","path":"/c"}])",
       R"({"a":{"b":1},"c":{"b":1}})"},
      {"an index with a leading zero", "", R"({"a":[1,2]})",
       R"([{"op":"remove","path":"/a/01"}])", "!FAILED_PRECONDITION"},
      {"an index too far", "", R"({"a":[1]})",
       R"([{"op":"add","path":"/a/2","value":1}])", "!FAILED_PRECONDITION"},
      {"remove what is not there", "", R"({"a":1})",
       R"([{"op":"remove","path":"/b"}])", "!FAILED_PRECONDITION"},
      {"move into itself", "", R"({"a":{"b":1}})",
       R"([{"op":"move","from":"/a","path":"/a/b"}])", "!FAILED_PRECONDITION"},
      {"an unknown operation", "", R"({"a":1})",
       R"([{"op":"frob","path":"/a","value":1}])", "!FAILED_PRECONDITION"},
      {"no value", "", R"({"a":1})", R"([{"op":"add","path":"/a"}])",
       "!FAILED_PRECONDITION"},
      {"not a list", "", R"({"a":1})", R"({"op":"add"})", "!INVALID_ARGUMENT"},
  };
  for (const Case& t : kTests) Check(PatchType::kJson, t);
}

TEST(PatchTest, BoundsWhatAJsonPatchMayDo) {
  std::string doubling = "[";
  for (int i = 0; i < 40; ++i) {
    absl::StrAppend(&doubling, i == 0 ? "" : ",",
                    R"({"op":"copy","from":"","path":"/c)", i, R"("})");
  }
  doubling += "]";
  Check(PatchType::kJson, {"copies of copies", "", R"({"a":"0123456789"})",
                           doubling, "!INVALID_ARGUMENT"});
  std::string many = "[";
  for (int i = 0; i < 10001; ++i) {
    absl::StrAppend(&many, i == 0 ? "" : ",",
                    R"({"op":"test","path":"/a","value":1})");
  }
  many += "]";
  Check(PatchType::kJson,
        {"too many operations", "", R"({"a":1})", many, "!INVALID_ARGUMENT"});
}

TEST(PatchTest, StrategicMerges) {
  const Case kTests[] = {
      {"maps are merged", "Secret", R"({"data":{"a":"1","b":"2"}})",
       R"({"data":{"a":null,"c":"3"}})", R"({"data":{"b":"2","c":"3"}})"},
      {"a kubelet's status: conditions by type", "Node",
       R"({"status":{"conditions":[{"type":"Ready","status":"False","x":1},)"
       R"({"type":"Disk","status":"True"}]}})",
       R"({"status":{"$setElementOrder/conditions":[{"type":"Disk"},)"
       R"({"type":"Ready"}],"conditions":[{"type":"Ready","status":"True"}]}})",
       R"({"status":{"conditions":[{"type":"Disk","status":"True"},)"
       R"({"type":"Ready","status":"True","x":1}]}})"},
      {"a kubelet's addresses, replaced at once", "Node",
       R"({"status":{"addresses":[{"type":"InternalIP","address":"1"}]}})",
       R"({"status":{"addresses":[{"type":"Hostname","address":"n"},)"
       R"({"$patch":"replace"}]}})",
       R"({"status":{"addresses":[{"type":"Hostname","address":"n"}]}})"},
      {"an element is deleted", "Node",
       R"({"status":{"addresses":[{"type":"a"},{"type":"b"}]}})",
       R"({"status":{"addresses":[{"type":"a","$patch":"delete"}]}})",
       R"({"status":{"addresses":[{"type":"b"}]}})"},
      {"a CSR's conditions are replaced", "CertificateSigningRequest",
       R"({"status":{"conditions":[{"type":"a"},{"type":"b"}]}})",
       R"({"status":{"conditions":[{"type":"c"}]}})",
       R"({"status":{"conditions":[{"type":"c"}]}})"},
      {"finalizers are merged and deleted", "Secret",
       R"({"metadata":{"finalizers":["a/a","b/b"]}})",
       R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a/a"],)"
       R"("finalizers":["b/b","c/c"]}})",
       R"({"metadata":{"finalizers":["b/b","c/c"]}})"},
      {"an object is replaced", "ConfigMap", R"({"data":{"a":"1","b":"2"}})",
       R"({"data":{"$patch":"replace","c":"3"}})", R"({"data":{"c":"3"}})"},
      {"keys are retained", "ConfigMap", R"({"data":{"a":"1","b":"2"}})",
       R"({"data":{"$retainKeys":["b","c"],"c":"3"}})",
       R"({"data":{"b":"2","c":"3"}})"},
      {"an element without its key", "Node", R"({})",
       R"({"status":{"conditions":[{"status":"True"}]}})", "!INVALID_ARGUMENT"},
      {"an unknown directive", "Node", R"({})",
       R"({"status":{"$patch":"frob"}})", "!INTERNAL"},
  };
  for (const Case& t : kTests) Check(PatchType::kStrategic, t);
}

}  // namespace
}  // namespace signet::apiserver
