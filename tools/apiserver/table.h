#ifndef SIGNET_TOOLS_APISERVER_TABLE_H_
#define SIGNET_TOOLS_APISERVER_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/api/meta.pb.h"
#include "google/protobuf/message.h"
#include "tools/apiserver/kind.h"

namespace signet::apiserver {

// What the rows of a table carry of each object.
enum class IncludeObject { kNone, kMetadata, kObject };

struct TableOptions {
  std::string group_version = "meta.k8s.io/v1";
  IncludeObject include = IncludeObject::kMetadata;
  // Later events of a watch leave the columns out.
  bool columns = true;
};

// EncodeTable writes objects as the Table that kubectl get prints (SPEC D-18,
// E-3 to E-5). Pure.
std::string EncodeTable(
    const Kind& kind,
    const std::vector<const google::protobuf::Message*>& objects,
    const api::ListMeta& metadata, absl::Time now, const TableOptions& options);

// EncodePartialMetadata writes an object's metadata alone.
std::string EncodePartialMetadata(const google::protobuf::Message& object,
                                  absl::string_view group_version);

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_TABLE_H_
