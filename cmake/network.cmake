# The network policies' training: one shared module on LibTorch, loaded when a configuration first asks for it, so that
# riffle itself links without LibTorch. It knows nothing of riffle but learner/network/*.h, and may be built apart, by another
# compiler, against another LibTorch:
#   cmake --preset release -DTorch_DIR=…/libtorch/share/cmake/Torch && ninja -C build/release riffle_network
# Off where clang looks at riffle (CMakePresets.json): clang 14 does not compile the headers of LibTorch 1.13 as C++20.
option(RIFFLE_NETWORK "Build the module of the network policies; it takes LibTorch" ON)
if(RIFFLE_NETWORK)
  find_package(Torch REQUIRED)
  file(GLOB sources CONFIGURE_DEPENDS learner/network/*.cpp)
  add_library(riffle_network MODULE ${sources})
  target_include_directories(riffle_network PRIVATE ${CMAKE_SOURCE_DIR})
  target_include_directories(riffle_network SYSTEM PRIVATE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(riffle_network PRIVATE ${TORCH_LIBRARIES} riffle_warnings)
  separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  target_compile_options(riffle_network PRIVATE ${torch_flags} -fvisibility=hidden)
  set_target_properties(riffle_network PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endif()
