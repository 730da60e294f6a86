#ifndef SIGNET_CORE_CONTROLLER_FAIR_QUEUE_H_
#define SIGNET_CORE_CONTROLLER_FAIR_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet::controller {

// What decides when a name's turn comes.
struct Turn {
  std::string flow;                         // Whose it is: the requester.
  absl::Time since = absl::InfinitePast();  // When it was asked for.
};

// FairQueue holds names in flows. It goes round the flows, one name of each a
// round: so many names of one flow cannot keep another waiting. Within a flow,
// and among the flows of one round, what was asked for first comes first; what
// is equal there, in the order it was pushed. A plain data structure: no clock,
// no lock. Both operations are logarithmic.
class FairQueue {
 public:
  struct Entry {
    std::string name;
    Turn turn;
  };

  // The same name may be pushed twice: it is then held twice.
  void Push(absl::string_view name, const Turn& turn);
  std::optional<Entry> Pop();  // nullopt if empty.
  bool empty() const { return heads_.empty(); }
  size_t size() const { return size_; }
  void Clear();

 private:
  struct Waiting {
    absl::Time since;
    uint64_t number;  // In the order of Push.
    std::string name;
    friend auto operator<=>(const Waiting&, const Waiting&) = default;
  };
  struct Flow {
    uint64_t round = 0;  // In which its next name is due.
    std::set<Waiting> waiting;
  };
  // A flow's oldest name, in the order in which they are handed out.
  using Head = std::tuple<uint64_t /*round*/, absl::Time, uint64_t /*number*/,
                          std::string /*flow*/>;
  static Head HeadOf(const std::string& name, const Flow& flow);

  uint64_t round_ = 0;  // That of the name handed out last.
  uint64_t pushed_ = 0;
  size_t size_ = 0;
  absl::flat_hash_map<std::string, Flow> flows_;
  std::set<Head> heads_;  // One for each flow that is not empty.
  // Flows that became empty in this round. They are remembered until it ends:
  // a flow that comes with one name at a time has no more turns than others.
  std::vector<std::string> emptied_;
};

}  // namespace signet::controller

#endif  // SIGNET_CORE_CONTROLLER_FAIR_QUEUE_H_
