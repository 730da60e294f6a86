#include "tools/apiserver/metadata_validation.h"

#include <string>
#include <vector>

#include "core/api/meta.pb.h"
#include "gtest/gtest.h"
#include "tools/apiserver/field_error.h"

namespace signet::apiserver {
namespace {

std::string Text(const FieldErrors& errors) {
  return errors.empty() ? "" : Aggregate(errors);
}

TEST(MetadataValidationTest, SignerNames) {
  const std::string label63(63, 'a');
  const std::string label64(64, 'a');
  const std::string domain = label63 + "." + label63 + "." + label63 + "." +
                             std::string(61, 'a');  // 253 bytes.
  const std::string kLabelRule =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric "
      "characters or '-', and must start and end with an alphanumeric "
      "character (e.g. 'my-name',  or '123-abc', regex used for validation is "
      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
  const std::string kSubdomainRule =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
      "characters, '-' or '.', and must start and end with an alphanumeric "
      "character (e.g. 'example.com', regex used for validation is "
      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  // SPEC D-7.
  const struct {
    std::string name;
    std::string signer;
    std::string want;
  } kTests[] = {
      {"none", "", "s: Required value"},
      {"an ordinary one", "example.com/serving", ""},
      {"a dotted path", "example.com/a.b.c", ""},
      {"an unknown one of Kubernetes'", "kubernetes.io/whatever", ""},
      {"no slash", "example.com",
       R"(s: Invalid value: "example.com": must be a fully qualified domain )"
       "and path of the form 'example.com/signer-name'"},
      {"two slashes", "example.com/a/b",
       R"(s: Invalid value: "example.com/a/b": must be a fully qualified )"
       "domain and path of the form 'example.com/signer-name'"},
      {"one label", "example/a",
       R"(s: Invalid value: "example": should be a domain with at least two )"
       "segments separated by dots"},
      {"upper case in the domain", "Example.com/a",
       R"(s: Invalid value: "Example.com": validating label "Example": )" +
           kLabelRule},
      {"an empty domain", "/a",
       R"([s: Invalid value: "": validating label "": )" + kLabelRule +
           R"(, s: Invalid value: "": should be a domain with at least two )"
           "segments separated by dots]"},
      {"an empty path", "example.com/",
       R"(s: Invalid value: "": validating label "": )" + kSubdomainRule},
      {"upper case in the path", "example.com/A",
       R"(s: Invalid value: "A": validating label "A": )" + kSubdomainRule},
      {"a label too long", label64 + ".com/a",
       "s: Invalid value: \"" + label64 + ".com\": validating label \"" +
           label64 + "\": must be no more than 63 characters"},
      {"the longest domain", domain + "/a", ""},
      {"a domain too long", domain + "a/a",
       "s: Too long: may not be more than 253 bytes"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(Text(ValidateSignerName("s", t.signer)), t.want);
  }
}

TEST(MetadataValidationTest, NamesOfEveryKind) {
  // SPEC D-2.
  const struct {
    std::string name;
    std::string object_name;
    std::string want;
  } kTests[] = {
      {"upper case, underscore and colon are fine", "node-csr_A:B-", ""},
      {"dot", ".", R"(metadata.name: Invalid value: ".": may not be '.')"},
      {"two dots", "..",
       R"(metadata.name: Invalid value: "..": may not be '..')"},
      {"slash", "a/b",
       R"(metadata.name: Invalid value: "a/b": may not contain '/')"},
      {"per cent", "a%b",
       R"(metadata.name: Invalid value: "a%b": may not contain '%')"},
      {"both", "a/b%",
       R"([metadata.name: Invalid value: "a/b%": may not contain '/', )"
       R"(metadata.name: Invalid value: "a/b%": may not contain '%'])"},
      {"none", "",
       "metadata.name: Required value: name or generateName is required"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    api::ObjectMeta metadata;
    metadata.set_name(t.object_name);
    EXPECT_EQ(Text(ValidateCommonCreate(metadata)), t.want);
  }
}

TEST(MetadataValidationTest, MetadataOfNewObjects) {
  const auto meta = [](auto fill) {
    api::ObjectMeta metadata;
    metadata.set_name("n");
    metadata.set_namespace_("ns");
    fill(metadata);
    return metadata;
  };
  const std::string kKeyRule =
      "must consist of alphanumeric characters, '-', '_' or '.', and must "
      "start and end with an alphanumeric character (e.g. 'MyName',  or "
      "'my.name',  or '123-abc', regex used for validation is "
      "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const struct {
    std::string name;
    api::ObjectMeta metadata;
    std::string want;
  } kTests[] = {
      {"as it should be", meta([](api::ObjectMeta&) {}), ""},
      {"a generated name's prefix may end in a dash",
       meta([](api::ObjectMeta& m) {
         m.set_generate_name("a-");
         m.set_name("a-xxxxx");
       }),
       ""},
      {"no namespace", meta([](api::ObjectMeta& m) { m.clear_namespace_(); }),
       "metadata.namespace: Required value"},
      {"a label's key",
       meta([](api::ObjectMeta& m) { (*m.mutable_labels())["-"] = "x"; }),
       R"(metadata.labels: Invalid value: "-": name part )" + kKeyRule},
      {"a label's prefix",
       meta([](api::ObjectMeta& m) { (*m.mutable_labels())["/x"] = "x"; }),
       R"(metadata.labels: Invalid value: "/x": prefix part must be )"
       "non-empty"},
      {"a label's value", meta([](api::ObjectMeta& m) {
         (*m.mutable_labels())["k"] = std::string(64, 'v');
       }),
       R"(metadata.labels: Invalid value: ")" + std::string(64, 'v') +
           R"(": must be no more than 63 bytes)"},
      {"annotations may be upper case", meta([](api::ObjectMeta& m) {
         (*m.mutable_annotations())["Example.COM/a"] = "anything\n";
       }),
       ""},
      {"annotations may not be huge", meta([](api::ObjectMeta& m) {
         (*m.mutable_annotations())["a"] = std::string(256 << 10, 'v');
       }),
       "metadata.annotations: Too long: may not be more than 262144 bytes"},
      {"owners need all four names", meta([](api::ObjectMeta& m) {
         m.add_owner_references()->set_kind("Node");
       }),
       "[metadata.ownerReferences[0].apiVersion: Required value: must not be "
       "empty, metadata.ownerReferences[0].name: Required value: must not be "
       "empty, metadata.ownerReferences[0].uid: Required value: must not be "
       "empty]"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.name);
    EXPECT_EQ(Text(ValidateObjectMeta(t.metadata, /*namespaced=*/true,
                                      NameRule::kDnsSubdomain)),
              t.want);
  }
  api::ObjectMeta in_namespace = meta([](api::ObjectMeta&) {});
  EXPECT_EQ(Text(ValidateObjectMeta(in_namespace, /*namespaced=*/false,
                                    NameRule::kPathSegment)),
            "metadata.namespace: Forbidden: not allowed on this type");
}

TEST(MetadataValidationTest, MetadataOfUpdates) {
  api::ObjectMeta stored;
  stored.set_name("n");
  stored.set_uid("u");
  stored.set_resource_version("1");

  EXPECT_EQ(Text(ValidateObjectMetaUpdate(stored, stored)), "");

  api::ObjectMeta updated = stored;
  updated.set_uid("other");
  EXPECT_EQ(Text(ValidateObjectMetaUpdate(updated, stored)),
            R"(metadata.uid: Invalid value: "other": field is immutable)");

  updated = stored;
  updated.clear_resource_version();
  EXPECT_EQ(Text(ValidateObjectMetaUpdate(updated, stored)),
            R"(metadata.resourceVersion: Invalid value: "": must be specified )"
            "for an update");

  stored.mutable_deletion_timestamp()->set_seconds(1);
  updated = stored;
  updated.add_finalizers("example.com/f");
  EXPECT_EQ(Text(ValidateObjectMetaUpdate(updated, stored)),
            "metadata.finalizers: Forbidden: no new finalizers can be added if "
            "the object is being deleted, found new finalizers "
            R"([]string{"example.com/f"})");
}

}  // namespace
}  // namespace signet::apiserver
