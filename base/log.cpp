#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

namespace riffle {

void init_log(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("riffle", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_level(spdlog::level::from_str(level));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace riffle
