#include "tools/apiserver/selectors.h"

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/api/meta.pb.h"
#include "gtest/gtest.h"

namespace signet::apiserver {
namespace {

TEST(LabelSelectorTest, SelectsByLabels) {
  api::ObjectMeta metadata;
  (*metadata.mutable_labels())["app"] = "web";
  (*metadata.mutable_labels())["example.com/tier"] = "";
  const struct {
    std::string selector;
    std::string want;  // yes, no or error
  } kTests[] = {
      {"", "yes"},
      {"  ", "yes"},
      {"app=web", "yes"},
      {"app==web", "yes"},
      {"app = web", "yes"},
      {"app=db", "no"},
      {"app!=db", "yes"},
      {"app!=web", "no"},
      {"missing!=web", "yes"},
      {"missing=web", "no"},
      {"missing=", "no"},
      {"example.com/tier=", "yes"},
      {"app", "yes"},
      {"missing", "no"},
      {"!app", "no"},
      {"!missing", "yes"},
      {"app in (db, web)", "yes"},
      {"app in (db)", "no"},
      {"app notin (db,cache)", "yes"},
      {"app notin (web)", "no"},
      {"missing notin (web)", "yes"},
      {"app in (db,web),example.com/tier,!missing", "yes"},
      {"app=web,missing", "no"},
      {"app in web", "error"},
      {"app like web", "error"},
      {"app in (a(b))", "error"},
      {"app!web", "error"},
      {"-=web", "error"},
      {"app=we_b!", "error"},
      {",", "error"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.selector);
    const absl::StatusOr<LabelSelector> selector =
        LabelSelector::Parse(t.selector);
    EXPECT_EQ(!selector.ok()                ? "error"
              : selector->Matches(metadata) ? "yes"
                                            : "no",
              t.want);
  }
}

TEST(FieldSelectorTest, SelectsByFields) {
  const std::map<std::string, std::string> fields = {
      {"metadata.name", "a"}, {"spec.signerName", "x.com/y,z=\\"}};
  const struct {
    std::string selector;
    std::string want;
  } kTests[] = {
      {"", "yes"},
      {"metadata.name=a", "yes"},
      {"metadata.name==a", "yes"},
      {"metadata.name!=a", "no"},
      {"metadata.name!=b", "yes"},
      {"metadata.name=a,metadata.name!=b", "yes"},
      {R"(spec.signerName=x.com/y\,z\=\\,metadata.name=a)", "yes"},
      {"metadata.name", "error"},
      {"metadata.name,a=b", "error"},
      {R"(metadata.name=a\)", "error"},
      {R"(metadata.name=\a)", "error"},
      {"metadata.name!a", "error"},
  };
  for (const auto& t : kTests) {
    SCOPED_TRACE(t.selector);
    const absl::StatusOr<FieldSelector> selector =
        FieldSelector::Parse(t.selector);
    EXPECT_EQ(!selector.ok() ? "error"
              : selector->Matches([&fields](absl::string_view field) {
                  const auto it = fields.find(std::string(field));
                  return it == fields.end() ? "" : it->second;
                })
                  ? "yes"
                  : "no",
              t.want);
  }
}

TEST(FieldSelectorTest, FindsAnExactName) {
  EXPECT_EQ(FieldSelector::Parse("a=b,metadata.name=n")->Exact("metadata.name"),
            "n");
  EXPECT_EQ(FieldSelector::Parse("metadata.name!=n")->Exact("metadata.name"),
            std::nullopt);
}

}  // namespace
}  // namespace signet::apiserver
