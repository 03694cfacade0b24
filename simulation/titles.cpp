#include "simulation/titles.h"

#include <array>

#include "base/check.h"

namespace riffle::simulation {
namespace {

struct Word {
  const char* english;
  const char* chinese;
};

struct Leaf {
  const char* branch;
  const char* name;
  std::array<Word, 4> nouns;
};

constexpr std::array<Leaf, 24> kLeaves{{
    {"Kitchen", "Baking", {{{"Cake Tin", "蛋糕模"}, {"Rolling Pin", "擀面杖"}, {"Mixing Bowl", "搅拌碗"}, {"Cookie Cutter", "饼干模"}}}},
    {"Kitchen", "Tea and Coffee", {{{"Teapot", "茶壶"}, {"Mug", "马克杯"}, {"Coffee Press", "法压壶"}, {"Tea Caddy", "茶叶罐"}}}},
    {"Kitchen", "Storage", {{{"Jar", "储物罐"}, {"Lunch Box", "饭盒"}, {"Bread Bin", "面包箱"}, {"Spice Rack", "调料架"}}}},
    {"Kitchen", "Table", {{{"Dinner Plate", "餐盘"}, {"Napkin Set", "餐巾"}, {"Serving Tray", "托盘"}, {"Glass Carafe", "玻璃水瓶"}}}},
    {"Home", "Lighting", {{{"Table Lamp", "台灯"}, {"Lantern", "灯笼"}, {"Candle Holder", "烛台"}, {"String Lights", "灯串"}}}},
    {"Home", "Decoration", {{{"Picture Frame", "相框"}, {"Vase", "花瓶"}, {"Wall Clock", "挂钟"}, {"Mirror", "镜子"}}}},
    {"Home", "Textiles", {{{"Cushion", "靠垫"}, {"Throw Blanket", "毛毯"}, {"Rug", "地毯"}, {"Curtain", "窗帘"}}}},
    {"Home", "Bath", {{{"Towel", "毛巾"}, {"Soap Dish", "肥皂盒"}, {"Bath Mat", "浴室垫"}, {"Laundry Basket", "洗衣篮"}}}},
    {"Garden", "Tools", {{{"Trowel", "铲子"}, {"Watering Can", "洒水壶"}, {"Pruner", "修枝剪"}, {"Garden Gloves", "园艺手套"}}}},
    {"Garden", "Planters", {{{"Flower Pot", "花盆"}, {"Hanging Basket", "吊篮"}, {"Seed Tray", "育苗盘"}, {"Plant Stand", "花架"}}}},
    {"Garden", "Outdoor Living", {{{"Parasol", "遮阳伞"}, {"Picnic Rug", "野餐垫"}, {"Folding Chair", "折叠椅"}, {"Bird Feeder", "喂鸟器"}}}},
    {"Garden", "Wildlife", {{{"Bee Hotel", "昆虫屋"}, {"Nest Box", "鸟巢箱"}, {"Hedgehog House", "刺猬屋"}, {"Bird Bath", "鸟浴盆"}}}},
    {"Clothing", "Shoes", {{{"Sneakers", "运动鞋"}, {"Sandals", "凉鞋"}, {"Boots", "靴子"}, {"Slippers", "拖鞋"}}}},
    {"Clothing", "Knitwear", {{{"Cardigan", "开衫"}, {"Scarf", "围巾"}, {"Jumper", "毛衣"}, {"Beanie", "毛线帽"}}}},
    {"Clothing", "Bags", {{{"Tote Bag", "手提袋"}, {"Backpack", "背包"}, {"Purse", "钱包"}, {"Suitcase", "行李箱"}}}},
    {"Clothing", "Jewellery", {{{"Necklace", "项链"}, {"Bracelet", "手链"}, {"Earrings", "耳环"}, {"Brooch", "胸针"}}}},
    {"Play", "Toys", {{{"Wooden Train", "木制火车"}, {"Teddy Bear", "泰迪熊"}, {"Building Blocks", "积木"}, {"Kite", "风筝"}}}},
    {"Play", "Games", {{{"Chess Set", "国际象棋"}, {"Jigsaw", "拼图"}, {"Card Game", "纸牌游戏"}, {"Dice Tower", "骰子塔"}}}},
    {"Play", "Craft", {{{"Paint Set", "颜料"}, {"Sketchbook", "素描本"}, {"Sewing Kit", "针线盒"}, {"Clay", "陶泥"}}}},
    {"Play", "Party", {{{"Bunting", "彩旗"}, {"Balloon Set", "气球"}, {"Paper Lantern", "纸灯笼"}, {"Gift Box", "礼盒"}}}},
    {"Office", "Stationery", {{{"Notebook", "笔记本"}, {"Fountain Pen", "钢笔"}, {"Pencil Case", "笔袋"}, {"Planner", "手账"}}}},
    {"Office", "Desk", {{{"Desk Organiser", "收纳盒"}, {"Letter Tray", "文件盘"}, {"Bookend", "书立"}, {"Desk Mat", "桌垫"}}}},
    {"Office", "Electronics", {{{"Keyboard", "键盘"}, {"Headphones", "耳机"}, {"Charger", "充电器"}, {"Speaker", "音箱"}}}},
    {"Office", "Books", {{{"Cookbook", "菜谱"}, {"Atlas", "地图册"}, {"Poetry Collection", "诗集"}, {"Novel", "小说"}}}},
}};

constexpr std::array<Word, 10> kStyles{{{"Rustic", "复古"}, {"Modern", "现代"}, {"Classic", "经典"}, {"Handmade", "手工"},
                                        {"Compact", "迷你"}, {"Grand", "豪华"}, {"Nordic", "北欧"}, {"Travel", "旅行"},
                                        {"Festive", "节日"}, {"Everyday", "日用"}}};
constexpr std::array<Word, 8> kColours{{{"Blue", "蓝色"}, {"Red", "红色"}, {"Green", "绿色"}, {"Ivory", "米白"},
                                        {"Black", "黑色"}, {"Rose", "玫瑰色"}, {"Amber", "琥珀色"}, {"Grey", "灰色"}}};
constexpr std::array<const char*, 12> kNames{"Alder", "Birch", "Cedar", "Drift", "Elm",   "Fern",
                                             "Grove", "Hazel", "Iris",  "Juniper", "Kestrel", "Larch"};
constexpr std::array<const char*, 5> kFirms{"& Co", "Works", "Studio", "Brothers", "House"};

struct Words {
  Word style, colour, noun;
};

Words words_of(std::size_t leaf, std::size_t number) {
  RIFFLE_CHECK(leaf < kLeaves.size(), "leaf", leaf);
  const auto& nouns = kLeaves[leaf].nouns;
  return {kStyles[number / nouns.size() % kStyles.size()],
          kColours[number / (nouns.size() * kStyles.size()) % kColours.size()], nouns[number % nouns.size()]};
}

}  // namespace

std::size_t most_categories() { return kLeaves.size(); }

std::vector<std::string> category_path(std::size_t leaf) {
  RIFFLE_CHECK(leaf < kLeaves.size(), "leaf", leaf);
  return {kLeaves[leaf].branch, kLeaves[leaf].name};
}

std::string english_title(std::size_t leaf, std::size_t number) {
  const Words words = words_of(leaf, number);
  return std::string(words.style.english) + " " + words.colour.english + " " + words.noun.english;
}

std::string chinese_title(std::size_t leaf, std::size_t number) {
  const Words words = words_of(leaf, number);
  return std::string(words.style.chinese) + words.colour.chinese + words.noun.chinese;
}

std::string brand_name(std::size_t number) {
  std::string name = std::string(kNames[number % kNames.size()]) + " " + kFirms[number / kNames.size() % kFirms.size()];
  const std::size_t round = number / (kNames.size() * kFirms.size());
  return round == 0 ? name : name + " " + std::to_string(round + 1);
}

}  // namespace riffle::simulation
