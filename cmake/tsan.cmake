# In the tsan preset every executable tells ThreadSanitizer of Abseil's locks and of librdkafka's threads.
if(CMAKE_CXX_FLAGS MATCHES "fsanitize=thread")
  add_library(riffle_tsan_libraries OBJECT tests/support/tsan_abseil.cpp tests/support/tsan_c11_threads.cpp)
  target_link_libraries(riffle_tsan_libraries PUBLIC absl::synchronization ${CMAKE_DL_LIBS})
  link_libraries($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:riffle_tsan_libraries>> ${CMAKE_DL_LIBS})
endif()
