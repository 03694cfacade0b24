// What the simulated shop sells, in words: a tree of categories of two levels, and titles in English and Chinese.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace riffle::simulation {

std::size_t most_categories();

// Of leaf category `leaf` < most_categories(): {"Kitchen", "Baking"}. Four leaves share a branch.
std::vector<std::string> category_path(std::size_t leaf);

// The title of the `number`th item of a leaf, "Rustic Blue Cake Tin" or "复古蓝色蛋糕模"; different for at least the first
// 320 numbers.
std::string english_title(std::size_t leaf, std::size_t number);
std::string chinese_title(std::size_t leaf, std::size_t number);

// "Alder & Co", and so on: a different name for every number.
std::string brand_name(std::size_t number);

}  // namespace riffle::simulation
