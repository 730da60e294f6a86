// Makes one mistake of each kind that a sanitizer is there to find: a build
// whose sanitizer does not bite fails here. Other builds have no case.

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <thread>

#include "gtest/gtest.h"

#ifdef ADDRESS_SANITIZER
#include <sanitizer/lsan_interface.h>
#endif

namespace signet {
namespace {

#ifdef ADDRESS_SANITIZER

// Read by the mistakes, so that the compiler cannot see them as such.
volatile int one = 1;

TEST(SanitizersTest, AddressSanitizerFindsAnOverflow) {
  const std::unique_ptr<volatile char[]> bytes(new volatile char[8]);
  EXPECT_DEATH(bytes[7 + one] = 0, "heap-buffer-overflow");
}

TEST(SanitizersTest, AddressSanitizerFindsAUseAfterFree) {
  volatile char* const bytes = new volatile char[8];
  delete[] bytes;
  EXPECT_DEATH(bytes[one] = 0, "heap-use-after-free");
}

TEST(SanitizersTest, UndefinedBehaviorSanitizerFindsAnOverflow) {
  volatile int number = std::numeric_limits<int>::max();
  EXPECT_DEATH(number = number + one, "signed integer overflow");
}

// Forgets some blocks, of which at least one leaves no trace on the stack.
void Leak() {
  for (int i = 0; i < 16; ++i) {
    [[maybe_unused]] void* volatile lost = std::malloc(8);
    lost = nullptr;
  }
}

TEST(SanitizersTest, LeakSanitizerFindsALeak) {
  EXPECT_EXIT(
      {
        Leak();
        // Not exit: the sanitizer would look, and end the process, once more.
        std::_Exit(__lsan_do_recoverable_leak_check() != 0 ? 3 : 0);
      },
      testing::ExitedWithCode(3), "detected memory leaks");
}

#endif

#ifdef THREAD_SANITIZER

TEST(SanitizersTest, ThreadSanitizerFindsARace) {
  EXPECT_EXIT(
      {
        int shared = 0;
        const auto count = [&shared] {
          for (int i = 0; i < 1000; ++i) ++shared;
        };
        std::thread first(count), second(count);
        first.join();
        second.join();
        std::exit(0);
      },
      testing::ExitedWithCode(66), "data race");
}

#endif

}  // namespace
}  // namespace signet
