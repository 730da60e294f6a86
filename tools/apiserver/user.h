#ifndef SIGNET_TOOLS_APISERVER_USER_H_
#define SIGNET_TOOLS_APISERVER_USER_H_

#include <map>
#include <string>
#include <vector>

namespace signet::apiserver {

// Who makes a request, after authentication (SPEC D-1).
struct User {
  std::string name;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

}  // namespace signet::apiserver

#endif  // SIGNET_TOOLS_APISERVER_USER_H_
