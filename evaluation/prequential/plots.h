// Plots of a report as SVG, to be put into a page that has the colours (--series-0 … --series-7, --ink, --line) in its style.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace riffle::evaluation {

// & < > " as a page may have them.
std::string html_escaped(std::string_view text);

constexpr std::size_t kSeriesColours = 8;

struct PlotPoint {
  double x = 0, y = 0;
  double low = 0, high = 0;  // of y
};
struct PlotSeries {
  std::string name;
  std::size_t colour = 0;  // beyond kSeriesColours they repeat, with dashes
  std::vector<PlotPoint> points;
};

// Lines with their intervals as bands, named at their ends. `ticks`: places on the x axis and their words.
std::string curves_svg(const std::vector<PlotSeries>& series, const std::vector<std::pair<double, std::string>>& ticks,
                       std::string_view y_title);

struct PlotBar {
  std::string label;
  double height = 0;  // not negative
  std::string words;  // above it
};
// Bars side by side, each over its label.
std::string bars_svg(const std::vector<PlotBar>& bars, std::string_view x_title, std::string_view y_title);

// One point a series (its first one), with its name; low and high are not drawn.
std::string scatter_svg(const std::vector<PlotSeries>& series, std::string_view x_title, std::string_view y_title);

}  // namespace riffle::evaluation
