// The protocol compiler with one generator, C++: all that this build calls.

#include "absl/log/initialize.h"
#include "google/protobuf/compiler/command_line_interface.h"
#include "google/protobuf/compiler/cpp/generator.h"

int main(int argc, char* argv[]) {
  absl::InitializeLog();
  google::protobuf::compiler::cpp::CppGenerator generator;
  generator.set_opensource_runtime(true);
  google::protobuf::compiler::CommandLineInterface cli;
  cli.set_opensource_runtime(true);
  cli.RegisterGenerator("--cpp_out", "--cpp_opt", &generator,
                        "Generate C++ header and source.");
  return cli.Run(argc, argv);
}
