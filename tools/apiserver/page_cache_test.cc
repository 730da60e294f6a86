#include "tools/apiserver/page_cache.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/api/core.pb.h"
#include "core/api/meta.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/apiserver/api_error.h"
#include "tools/apiserver/store.h"

namespace signet::apiserver {
namespace {

using ::testing::ElementsAre;

std::vector<ObjectPtr> Objects(int count) {
  std::vector<ObjectPtr> objects;
  for (int i = 0; i < count; ++i) {
    auto map = std::make_shared<api::ConfigMap>();
    map->mutable_metadata()->set_name(absl::StrCat("m", i));
    objects.push_back(map);
  }
  return objects;
}

std::vector<std::string> Names(const PageCache::Page& page) {
  std::vector<std::string> names;
  for (const ObjectPtr& object : page.objects) {
    names.push_back(MetadataOf(*object).name());
  }
  return names;
}

TEST(PageCacheTest, ServesTheListOfTheFirstPageToItsEnd) {
  PageCache pages;
  const PageCache::Page first =
      pages.First("configmaps", "ns", Objects(5), 42, 2);
  EXPECT_THAT(Names(first), ElementsAre("m0", "m1"));
  EXPECT_EQ(first.metadata.resource_version(), "42");
  EXPECT_EQ(first.metadata.remaining_item_count(), 3);
  ASSERT_NE(first.metadata.continue_(), "");

  const auto second =
      pages.Next(first.metadata.continue_(), "configmaps", "ns", 2);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(Names(*second), ElementsAre("m2", "m3"));
  EXPECT_EQ(second->metadata.resource_version(), "42");
  EXPECT_EQ(second->metadata.remaining_item_count(), 1);

  const auto last =
      pages.Next(second->metadata.continue_(), "configmaps", "ns", 2);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_THAT(Names(*last), ElementsAre("m4"));
  EXPECT_EQ(last->metadata.continue_(), "");
  EXPECT_FALSE(last->metadata.has_remaining_item_count());
}

TEST(PageCacheTest, AListThatFitsIsOnePage) {
  PageCache pages;
  for (const int limit : {0, 5, 6}) {
    const PageCache::Page page =
        pages.First("configmaps", "", Objects(5), 1, limit);
    EXPECT_EQ(page.objects.size(), 5u);
    EXPECT_EQ(page.metadata.continue_(), "");
  }
}

TEST(PageCacheTest, TheOldestReaderBeginsAgain) {
  PageCache pages(/*max_lists=*/2);
  const auto token = [&pages] {
    return pages.First("configmaps", "", Objects(3), 1, 1).metadata.continue_();
  };
  const std::string a = token();
  const std::string b = token();
  const std::string c = token();
  const auto gone = pages.Next(a, "configmaps", "", 1);
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(ToApi(gone.status()).code(), 410);
  EXPECT_EQ(ToApi(gone.status()).reason(), "Expired");
  EXPECT_TRUE(pages.Next(b, "configmaps", "", 1).ok());
  EXPECT_TRUE(pages.Next(c, "configmaps", "", 1).ok());
}

TEST(PageCacheTest, RefusesTokensThatItDidNotGive) {
  PageCache pages;
  const std::string token =
      pages.First("configmaps", "ns", Objects(3), 1, 1).metadata.continue_();
  const struct {
    std::string token;
    const char* resource;
    const char* namespace_name;
    int code;
  } kCases[] = {
      {"nonsense", "configmaps", "ns", 400},
      {"1.x", "configmaps", "ns", 400},
      {"-1.0", "configmaps", "ns", 400},
      {"1.99999999", "configmaps", "ns", 400},
      {"77.1", "configmaps", "ns", 410},
      {token, "secrets", "ns", 400},
      {token, "configmaps", "", 400},
      {token, "configmaps", "other", 400},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(absl::StrCat(c.token, " ", c.resource, " ", c.namespace_name));
    const auto page = pages.Next(c.token, c.resource, c.namespace_name, 1);
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(ToApi(page.status()).code(), c.code);
  }
}

}  // namespace
}  // namespace signet::apiserver
