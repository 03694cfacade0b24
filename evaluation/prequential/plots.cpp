#include "evaluation/prequential/plots.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace riffle::evaluation {
namespace {

constexpr double kWidth = 860, kHeight = 340;
constexpr double kLeft = 62, kRight = 150, kTop = 14, kBottom = 44;

struct Range {
  double low = 0, high = 1;
  void take(double value) { low = std::min(low, value), high = std::max(high, value); }
};

// 1, 2 or 5 times a power of ten, so that four to nine steps cross the range.
double step_of(const Range& range) {
  const double rough = (range.high - range.low) / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1., 2., 5.})
    if (rough <= factor * power) return factor * power;
  return 10 * power;
}

// With a little room, and never empty.
Range with_room(Range range) {
  const double room = std::max((range.high - range.low) * .06, 1e-3);
  return {range.low - room, range.high + room};
}

class Frame {
 public:
  Frame(const Range& x, const Range& y) : x_(x), y_(y) {}

  double x(double value) const { return kLeft + (value - x_.low) / (x_.high - x_.low) * (kWidth - kLeft - kRight); }
  double y(double value) const {
    return kHeight - kBottom - (value - y_.low) / (y_.high - y_.low) * (kHeight - kTop - kBottom);
  }

  void begin(std::string_view title) {
    absl::StrAppend(&svg_, absl::StrFormat("<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">", kWidth,
                                           kHeight, html_escaped(title)));
  }
  void text(double x, double y, std::string_view anchor, std::string_view words, std::string_view more = {}) {
    absl::StrAppend(&svg_, absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>", x, y,
                                           std::string(anchor), std::string(more), html_escaped(words)));
  }
  void grid_y(std::string_view title) {
    const double step = step_of(y_);
    for (double at = std::ceil(y_.low / step) * step; at <= y_.high; at += step) {
      absl::StrAppend(&svg_,
                      absl::StrFormat("<path class=\"grid\" d=\"M%g %.1fH%g\"/>", kLeft, y(at), kWidth - kRight));
      text(kLeft - 6, y(at) + 4, "end", absl::StrFormat("%.4g", std::abs(at) < step / 2 ? 0 : at));
    }
    text(14, (kTop + kHeight - kBottom) / 2, "middle", title,
         absl::StrFormat("transform=\"rotate(-90 14 %g)\"", (kTop + kHeight - kBottom) / 2));
  }
  void grid_x(std::string_view title) {
    const double step = step_of(x_);
    for (double at = std::ceil(x_.low / step) * step; at <= x_.high; at += step) {
      absl::StrAppend(&svg_,
                      absl::StrFormat("<path class=\"grid\" d=\"M%.1f %gV%g\"/>", x(at), kTop, kHeight - kBottom));
      text(x(at), kHeight - kBottom + 16, "middle", absl::StrFormat("%.4g", std::abs(at) < step / 2 ? 0 : at));
    }
    text((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle", title);
  }
  std::string& svg() { return svg_; }
  std::string end() { return std::move(svg_) + "</svg>"; }

 private:
  Range x_, y_;
  std::string svg_;
};

std::string colour_of(const PlotSeries& series) {
  return absl::StrCat("var(--series-", series.colour % kSeriesColours, ")");
}
std::string dash_of(const PlotSeries& series) {
  return series.colour < kSeriesColours ? std::string() : std::string(" stroke-dasharray=\"6 3\"");
}

// Labels moved apart, so that none covers another; from the top down.
std::vector<double> apart(std::vector<std::pair<double, std::size_t>> wanted, double gap, double lowest) {
  std::vector<double> places(wanted.size());
  std::sort(wanted.begin(), wanted.end());
  double above = -1e9;
  for (auto& [y, series] : wanted) above = y = std::max(y, above + gap);
  double below = lowest + gap;
  for (auto it = wanted.rbegin(); it != wanted.rend(); ++it) {
    it->first = std::min(it->first, below - gap);
    below = it->first;
    places[it->second] = it->first;
  }
  return places;
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string curves_svg(const std::vector<PlotSeries>& series, const std::vector<std::pair<double, std::string>>& ticks,
                       std::string_view y_title) {
  Range x{1e300, -1e300}, y{0, 1e-3};
  for (const PlotSeries& one : series)
    for (const PlotPoint& point : one.points) {
      x.take(point.x);
      y.take(point.y);
      y.take(std::min(point.high, 1.5 * point.y + .02));  // a wide band of a few points need not flatten the rest
    }
  if (x.low >= x.high) x = {x.low - 1, x.low + 1};
  Frame frame(x, {y.low, y.high * 1.03});
  frame.begin(y_title);
  frame.grid_y(y_title);
  double last = -1e9;
  for (const auto& [at, words] : ticks) {
    if (frame.x(at) - last < 76) continue;
    last = frame.x(at);
    frame.text(last, kHeight - kBottom + 18, "middle", words);
  }
  std::vector<std::pair<double, std::size_t>> ends;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const auto& points = series[i].points;
    ends.emplace_back(points.empty() ? kTop : frame.y(points.back().y), i);
    if (points.empty()) continue;
    std::string band, line;
    const auto cut = [&](double value) { return std::clamp(value, y.low, y.high * 1.03); };
    for (const PlotPoint& point : points)
      absl::StrAppend(&band, band.empty() ? "M" : "L",
                      absl::StrFormat("%.1f %.1f", frame.x(point.x), frame.y(cut(point.high))));
    for (auto point = points.rbegin(); point != points.rend(); ++point)
      absl::StrAppend(&band, "L", absl::StrFormat("%.1f %.1f", frame.x(point->x), frame.y(cut(point->low))));
    for (const PlotPoint& point : points)
      absl::StrAppend(&line, line.empty() ? "M" : "L",
                      absl::StrFormat("%.1f %.1f", frame.x(point.x), frame.y(point.y)));
    absl::StrAppend(&frame.svg(), "<path d=\"", band, "Z\" fill=\"", colour_of(series[i]),
                    "\" opacity=\".15\"/><path d=\"", line, "\" fill=\"none\" stroke=\"", colour_of(series[i]),
                    "\" stroke-width=\"2\"", dash_of(series[i]), "/>");
  }
  const std::vector<double> places = apart(ends, 15, kHeight - kBottom);
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].points.empty()) continue;
    absl::StrAppend(&frame.svg(), absl::StrFormat("<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" fill=\"none\"/>",
                                                  frame.x(series[i].points.back().x), ends[i].first,
                                                  kWidth - kRight + 10, places[i], colour_of(series[i])));
    frame.text(kWidth - kRight + 14, places[i] + 4, "start", series[i].name);
  }
  return frame.end();
}

std::string bars_svg(const std::vector<PlotBar>& bars, std::string_view x_title, std::string_view y_title) {
  Range y{0, 1e-3};
  for (const PlotBar& bar : bars) y.take(bar.height);
  const double width = std::max<double>(1, static_cast<double>(bars.size()));
  Frame frame({0, width}, {0, y.high * 1.1});
  frame.begin(y_title);
  frame.grid_y(y_title);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const double left = frame.x(static_cast<double>(i) + .12), right = frame.x(static_cast<double>(i) + .88);
    const double top = frame.y(bars[i].height), middle = (left + right) / 2;
    absl::StrAppend(&frame.svg(), absl::StrFormat("<path d=\"M%.1f %.1fV%.1fH%.1fV%.1fZ\" fill=\"var(--series-0)\"/>", left,
                                                  frame.y(0), top, right, frame.y(0)));
    frame.text(middle, top - 5, "middle", bars[i].words);
    frame.text(middle, kHeight - kBottom + 16, "middle", bars[i].label);
  }
  frame.text((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle", x_title);
  return frame.end();
}

std::string scatter_svg(const std::vector<PlotSeries>& series, std::string_view x_title, std::string_view y_title) {
  Range x{1e300, -1e300}, y{1e300, -1e300};
  for (const PlotSeries& one : series) {
    if (one.points.empty()) continue;
    x.take(one.points.front().x);
    y.take(one.points.front().y);
  }
  if (x.low > x.high) x = y = {0, 1};
  Frame frame(with_room(x), with_room(y));
  frame.begin(absl::StrCat(std::string(y_title), " against ", std::string(x_title)));
  frame.grid_y(y_title);
  frame.grid_x(x_title);
  std::vector<std::pair<double, std::size_t>> wanted;
  for (std::size_t i = 0; i < series.size(); ++i)
    wanted.emplace_back(series[i].points.empty() ? kHeight : frame.y(series[i].points.front().y), i);
  const std::vector<double> places = apart(wanted, 15, kHeight - kBottom);
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].points.empty()) continue;
    const double at = frame.x(series[i].points.front().x), height = frame.y(series[i].points.front().y);
    absl::StrAppend(&frame.svg(), absl::StrFormat("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>", at, height,
                                                  colour_of(series[i])));
    absl::StrAppend(&frame.svg(), absl::StrFormat("<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" opacity=\".5\"/>", at,
                                                  height, at + 14, places[i], colour_of(series[i])));
    frame.text(at + 17, places[i] + 4, "start", series[i].name);
  }
  return frame.end();
}

}  // namespace riffle::evaluation
