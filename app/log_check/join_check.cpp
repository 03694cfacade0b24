#include "app/log_check/join_check.h"

#include <vector>

#include "base/errors.h"
#include "base/hash.h"
#include "records/json_codec.h"
#include "records/json_text.h"
#include "replay/partition_reader.h"

namespace riffle::app {
namespace {

class IdFilter {
 public:
  IdFilter() : bits_(kBits / 64) {}
  void add(std::string_view id) {
    each(id, [this](std::uint64_t bit) { bits_[bit / 64] |= std::uint64_t{1} << (bit % 64); });
  }
  bool may_have(std::string_view id) const {
    bool all = true;
    each(id, [&](std::uint64_t bit) { all &= (bits_[bit / 64] >> (bit % 64) & 1) != 0; });
    return all;
  }

 private:
  static constexpr std::uint64_t kBits = std::uint64_t{1} << 27;
  template <class Visit>
  static void each(std::string_view id, Visit&& visit) {
    const std::uint64_t a = stable_hash(id, 1), b = stable_hash(id, 2) | 1;
    for (std::uint64_t i = 0; i < 4; ++i) visit((a + i * b) % kBits);
  }
  std::vector<std::uint64_t> bits_;
};

template <class Take>
absl::Status each_record(bus::Bus& bus, const std::string& topic, bool& trimmed, Take&& take) {
  RIFFLE_ASSIGN_OR_RETURN(const auto info, bus.describe(topic));
  for (std::int32_t p = 0; info && p < info->partitions; ++p) {
    RIFFLE_ASSIGN_OR_RETURN(auto reader, replay::PartitionReader::open(bus, {topic, Partition(p)}, bus::kEarliest));
    trimmed |= reader.low() > Offset(0);
    while (true) {
      RIFFLE_ASSIGN_OR_RETURN(const bus::Record* record, reader.next());
      if (!record) break;
      if (record->value) take(*record->value);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JoinFigures> check_joins(bus::Bus& bus, const bus::TopicNames& topics) {
  JoinFigures figures;
  IdFilter lists;
  RIFFLE_RETURN_IF_ERROR(each_record(bus, topics.recommendations, figures.lists_trimmed, [&](std::string_view value) {
    const auto id = records::string_member(value, "recommendation_id");
    if (!id) return;
    ++figures.lists;
    lists.add(*id);
  }));
  bool events_trimmed = false;  // what is gone of them is not asked about
  records::JsonDecoder decoder({});
  records::Event event;
  RIFFLE_RETURN_IF_ERROR(each_record(bus, topics.events, events_trimmed, [&](std::string_view value) {
    if (decoder.decode(value, event) || event.kind != records::EventKind::kInteraction) return;
    ++figures.events;
    if (event.recommendation_id.empty()) return;
    ++figures.naming;
    if (lists.may_have(event.recommendation_id.str())) return;
    ++figures.without_list;
    ++figures.without_list_by_type[std::string(records::name_of(event.type))];
  }));
  return figures;
}

}  // namespace riffle::app
