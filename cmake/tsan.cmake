# In the tsan preset every executable tells ThreadSanitizer of Abseil's locks.
if(CMAKE_CXX_FLAGS MATCHES "fsanitize=thread")
  add_library(riffle_tsan_abseil OBJECT tests/support/tsan_abseil.cpp)
  target_link_libraries(riffle_tsan_abseil PUBLIC absl::synchronization ${CMAKE_DL_LIBS})
  link_libraries($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:riffle_tsan_abseil>> ${CMAKE_DL_LIBS})
endif()
