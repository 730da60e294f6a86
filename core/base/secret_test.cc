#include "core/base/secret.h"

#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace signet {
namespace {

constexpr absl::string_view kLong =
    "a secret that is too long for a string to hold within itself";

// No way to copy one by accident, to print or to compare it.
template <typename T, typename = void>
struct IsStreamable : std::false_type {};
template <typename T>
struct IsStreamable<T, std::void_t<decltype(std::declval<std::ostream&>()
                                            << std::declval<T>())>>
    : std::true_type {};
template <typename T, typename = void>
struct IsEqualityComparable : std::false_type {};
template <typename T>
struct IsEqualityComparable<
    T, std::void_t<decltype(std::declval<T>() == std::declval<T>())>>
    : std::true_type {};
static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, absl::string_view>);
static_assert(!IsStreamable<Secret>::value);
static_assert(!IsEqualityComparable<Secret>::value);

TEST(SecretTest, HoldsItsBytes) {
  EXPECT_TRUE(Secret().empty());
  for (const absl::string_view bytes : {absl::string_view("short"), kLong}) {
    const Secret secret(bytes);
    EXPECT_EQ(secret.Reveal(), bytes);
    EXPECT_EQ(secret.size(), bytes.size());
    EXPECT_EQ(secret.Clone().Reveal(), bytes);
  }
}

TEST(SecretTest, TakesOverAStringAndWipesIt) {
  for (const absl::string_view bytes : {absl::string_view("short"), kLong}) {
    std::string original(bytes);
    const char* const data = original.data();
    const Secret secret = Secret::FromString(std::move(original));
    EXPECT_EQ(secret.Reveal(), bytes);
    EXPECT_TRUE(original.empty());              // NOLINT: that is the test.
    EXPECT_EQ(original.data(), data);           // The buffer is still there,
    EXPECT_EQ(std::string(data, bytes.size()),  // and holds zeros.
              std::string(bytes.size(), '\0'));
  }
}

TEST(SecretTest, LeavesNothingBehindWhenMoved) {
  for (const absl::string_view bytes : {absl::string_view("short"), kLong}) {
    Secret from(bytes);
    Secret to(std::move(from));
    EXPECT_EQ(to.Reveal(), bytes);
    EXPECT_TRUE(from.empty());  // NOLINT: that is the test.
    Secret assigned("to be wiped");
    assigned = std::move(to);
    EXPECT_EQ(assigned.Reveal(), bytes);
    EXPECT_TRUE(to.empty());  // NOLINT: that is the test.
    Secret& itself = assigned;
    assigned = std::move(itself);
    EXPECT_EQ(assigned.Reveal(), bytes);
  }
}

TEST(SecretTest, ComparesWholeBytes) {
  const Secret secret(absl::string_view("a\0b", 3));
  EXPECT_TRUE(secret.Equals(absl::string_view("a\0b", 3)));
  EXPECT_FALSE(secret.Equals(absl::string_view("a\0c", 3)));
  EXPECT_FALSE(secret.Equals("a"));
  EXPECT_FALSE(secret.Equals(""));
  EXPECT_TRUE(Secret().Equals(""));
}

TEST(WipeTest, OverwritesTheWholeCapacity) {
  std::string bytes(kLong);
  bytes.resize(4);  // The rest is still in the buffer.
  const char* const data = bytes.data();
  Wipe(bytes);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.data(), data);
  EXPECT_EQ(std::string(data, kLong.size()), std::string(kLong.size(), '\0'));
}

}  // namespace
}  // namespace signet
