#include "records/time_text.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace riffle::records {
namespace {

using namespace std::chrono;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes pieces off the front of a text; ok() stays false after the first that is not there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool ok() const { return ok_; }
  bool done() const { return text_.empty(); }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }

  void literal(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_.front()) == std::string_view::npos)
      ok_ = false;
    else
      text_.remove_prefix(1);
  }
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit(peek())) return ok_ = false, 0;
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    return value;
  }
  // ".123456" → 123 ms
  Milliseconds fraction() {
    if (peek() != '.' && peek() != ',') return Milliseconds(0);
    text_.remove_prefix(1);
    if (!is_digit(peek())) return ok_ = false, Milliseconds(0);
    int value = 0;
    for (int scale = 100; is_digit(peek()); scale /= 10) {
      value += (text_.front() - '0') * scale;
      text_.remove_prefix(1);
    }
    return Milliseconds(value);
  }
  minutes zone() {
    if (peek() == 'Z' || peek() == 'z') return text_.remove_prefix(1), minutes(0);
    const bool west = peek() == '-';
    literal("+-");
    const int hours_part = number(2);
    int minutes_part = 0;
    if (peek() == ':') text_.remove_prefix(1);
    if (!done()) minutes_part = number(2);
    if (hours_part > 23 || minutes_part > 59) ok_ = false;
    const minutes offset(hours_part * 60 + minutes_part);
    return west ? -offset : offset;
  }

 private:
  std::string_view text_;
  bool ok_ = true;
};

std::optional<TimePoint> parse_iso(std::string_view text) {
  Scanner scan(text);
  const int year_part = scan.number(4);
  scan.literal("-");
  const int month_part = scan.number(2);
  scan.literal("-");
  const int day_part = scan.number(2);
  scan.literal("Tt ");
  const int hour_part = scan.number(2);
  scan.literal(":");
  const int minute_part = scan.number(2);
  int second_part = 0;
  Milliseconds fraction(0);
  if (scan.peek() == ':') {
    scan.literal(":");
    second_part = scan.number(2);
    fraction = scan.fraction();
  }
  const minutes zone = scan.zone();
  if (!scan.ok() || !scan.done()) return std::nullopt;
  const year_month_day date{year(year_part), month(static_cast<unsigned>(month_part)),
                            day(static_cast<unsigned>(day_part))};
  // Second 60 is a leap second; it is counted as the first of the next minute, as POSIX does.
  if (!date.ok() || hour_part > 23 || minute_part > 59 || second_part > 60) return std::nullopt;
  return TimePoint(sys_days(date)) + hours(hour_part) + minutes(minute_part) +
         seconds(second_part) + fraction - zone;
}

}  // namespace

std::optional<TimePoint> parse_time(std::string_view text) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (ms < -kFarthestMs || ms > kFarthestMs) return std::nullopt;
    return from_ms(ms);
  }
  return parse_iso(text);
}

std::string format_time(TimePoint time) {
  const auto day_start = floor<days>(time);
  const year_month_day date(day_start);
  const hh_mm_ss clock(time - day_start);
  const auto two = [](auto number) { return absl::Dec(number, absl::kZeroPad2); };
  return absl::StrCat(absl::Dec(static_cast<int>(date.year()), absl::kZeroPad4), "-", two(static_cast<unsigned>(date.month())), "-",
                      two(static_cast<unsigned>(date.day())), "T", two(clock.hours().count()), ":", two(clock.minutes().count()), ":",
                      two(clock.seconds().count()), ".", absl::Dec(clock.subseconds().count(), absl::kZeroPad3), "Z");
}

}  // namespace riffle::records
