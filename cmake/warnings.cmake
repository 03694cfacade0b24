# Warnings are errors, in our code only: libraries come in as SYSTEM.
add_library(riffle_warnings INTERFACE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(riffle_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow=local -Wconversion
    -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror)
  # g++ 12 reports uses after free and overreads that are not there inside std::string and Abseil once inlined.
  target_compile_options(riffle_warnings INTERFACE -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overread
    -Wno-array-bounds -Wno-stringop-overflow -Wno-dangling-reference)
else()
  # Clang builds for its analyses: thread safety (an error in that preset) and fuzzing. g++ is the judge of the rest.
  target_compile_options(riffle_warnings INTERFACE -Wall)
endif()
