#include "config/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>

namespace riffle::config {
namespace {

using Unit = std::pair<std::string_view, std::int64_t>;

constexpr std::array<Unit, 5> kDurations{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kBinary{{{"TiB", std::int64_t{1} << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}};
constexpr std::array<Unit, 5> kDecimal{{{"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"KB", 1000},
                                        {"B", 1}}};

template <class T>
std::optional<T> parse_all(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// number × unit, where that is whole and not negative.
std::optional<std::int64_t> scaled(std::string_view text, std::int64_t unit) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const auto number = parse_real(text);
  if (!number || *number < 0) return std::nullopt;
  const double product = *number * static_cast<double>(unit);
  if (product >= 9e18 || product != std::floor(product)) return std::nullopt;
  return static_cast<std::int64_t>(product);
}

std::string_view unit_of(std::string_view text) {
  std::size_t start = text.size();
  while (start > 0 && ((text[start - 1] >= 'a' && text[start - 1] <= 'z') || (text[start - 1] >= 'A' && text[start - 1] <= 'Z')))
    --start;
  return text.substr(start);
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return Milliseconds(0);
  const std::string_view unit = unit_of(text);
  for (const auto& [name, size] : kDurations) {
    if (unit != name) continue;
    const auto number = scaled(text.substr(0, text.size() - unit.size()), size);
    if (!number) return std::nullopt;
    return Milliseconds(*number);
  }
  return std::nullopt;
}

std::string format_duration(Milliseconds duration) {
  if (duration.count() == 0) return "0s";
  for (const auto& [name, size] : kDurations)
    if (duration.count() % size == 0) return std::to_string(duration.count() / size) + std::string(name);
  return std::to_string(duration.count()) + "ms";
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  const std::string_view unit = unit_of(text);
  const std::string_view number = text.substr(0, text.size() - unit.size());
  if (unit.empty()) return scaled(number, 1);
  for (const auto& [name, size] : kBinary)
    if (unit == name) return scaled(number, size);
  for (const auto& [name, size] : kDecimal)
    if (unit == name) return scaled(number, size);
  return std::nullopt;
}

std::string format_bytes(std::int64_t bytes) {
  for (const auto& [name, size] : kBinary)
    if (bytes >= size && bytes % size == 0) return std::to_string(bytes / size) + std::string(name);
  return std::to_string(bytes);
}

std::optional<std::int64_t> parse_whole(std::string_view text) { return parse_all<std::int64_t>(text); }

std::optional<double> parse_real(std::string_view text) {
  const auto value = parse_all<double>(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return value;
}

std::string format_real(double value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end);
}

}  // namespace riffle::config
