#include "app/demo/driver.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/hash.h"
#include "records/json_codec.h"

namespace riffle::app {

Driver::Driver(bus::Bus& bus, const bus::TopicNames& topics, simulation::Population& population,
               const serving::ExperimentOptions& experiments, DriverOptions options)
    : bus_(bus), topics_(topics), population_(population), experiments_(experiments), options_(std::move(options)) {}

absl::Status Driver::open() {
  if (sink_) return absl::OkStatus();
  RIFFLE_ASSIGN_OR_RETURN(sink_, bus_.make_sink({}));
  RIFFLE_ASSIGN_OR_RETURN(source_, bus_.make_source({}));
  RIFFLE_ASSIGN_OR_RETURN(const auto info, bus_.describe(topics_.recommendations));
  if (!info) return absl::NotFoundError(absl::StrCat("topic ", topics_.recommendations, " does not exist"));
  std::vector<bus::Position> positions;
  for (std::int32_t p = 0; p < info->partitions; ++p) {
    const bus::TopicPartition where{topics_.recommendations, Partition(p)};
    RIFFLE_ASSIGN_OR_RETURN(const bus::Watermarks marks, source_->watermarks(where));
    positions.push_back({where, marks.high});
  }
  RIFFLE_RETURN_IF_ERROR(source_->assign(positions));
  RIFFLE_ASSIGN_OR_RETURN(const auto events, bus_.describe(topics_.events));
  if (!events) return absl::NotFoundError(absl::StrCat("topic ", topics_.events, " does not exist"));
  for (std::int32_t p = 0; p < events->partitions; ++p) {
    RIFFLE_ASSIGN_OR_RETURN(const bus::Watermarks marks, source_->watermarks({topics_.events, Partition(p)}));
    lanes_.push_back({.end = marks.high.value(), .applied = marks.high.value(), .open = 0});
  }
  return absl::OkStatus();
}

Driver::Lane& Driver::lane(const UserId& user) {
  const Partition partition = murmur2_partition(user.str(), static_cast<std::int32_t>(lanes_.size()));
  return lanes_[static_cast<std::size_t>(partition.value())];
}

// Where no list is under way nothing would ever tell more: the next one may go.
bool Driver::behind() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    return lane.open > 0 && lane.end - lane.applied > options_.events_behind;
  });
}

absl::Status Driver::send(const simulation::EventRecord& event) {
  ++lane(event.user_id).end;
  ++figures_.events;
  return send(topics_.events, event.user_id.str(), event.payload);
}

absl::Status Driver::send(const std::string& topic, const std::string& key, const std::string& value) {
  bus::OutRecord record;
  record.topic = topic;
  record.key = key;
  record.value = value;
  return sink_->send(record).status();
}

absl::StatusOr<std::uint64_t> Driver::send(const records::Item& item) {
  const std::string json = records::encode_json(item);
  bus::OutRecord record;
  record.topic = topics_.items;
  record.key = item.item_id.str();
  record.value = json;
  return sink_->send(record);
}

absl::Status Driver::publish_catalogue() {
  RIFFLE_RETURN_IF_ERROR(open());
  std::uint64_t last = 0;
  for (const records::Item& item : population_.opening()) {
    RIFFLE_ASSIGN_OR_RETURN(last, send(item));
  }
  if (!sink_->wait_acknowledged(last, std::chrono::seconds(60))) {
    return absl::DeadlineExceededError("the bus did not take the catalogue within a minute");
  }
  return absl::OkStatus();
}

absl::Status Driver::run(const std::function<bool()>& stop, const std::function<void()>& progress) {
  RIFFLE_RETURN_IF_ERROR(open());
  const Steady::time_point began = Steady::now();
  Steady::time_point shown = began;
  bool more = true;
  while ((more || !open_.empty() || !held_.empty()) && !stop()) {
    const Steady::time_point now = Steady::now();
    RIFFLE_RETURN_IF_ERROR(ask_held(now));
    figures_.seconds = std::chrono::duration<double>(now - began).count();
    figures_.fraction = population_.fraction();
    if (now - shown >= std::chrono::milliseconds(100)) {
      shown = now;
      progress();
      for (const auto& [id, left] : open_) {
        if (now - left > options_.list_timeout) {
          return absl::DeadlineExceededError(absl::StrCat("no list came for request ", id, " within ",
                                                          options_.list_timeout.count(), " ms"));
        }
      }
    }
    const bool early = behind() || (options_.pace.count() > 0 && figures_.fraction * options_.pace.count() > figures_.seconds);
    const auto under_way = [&] { return open_.size() + held_.size(); };
    for (int i = 0; i < 16 && more && !early && under_way() < options_.outstanding; ++i) RIFFLE_RETURN_IF_ERROR(step(more));
    const bool room = more && !early && under_way() < options_.outstanding;
    RIFFLE_RETURN_IF_ERROR(receive(Milliseconds(room ? 0 : 1)));
    // next() answers nothing while the only users left wait for their lists.
    if (!more && under_way() == 0) RIFFLE_RETURN_IF_ERROR(step(more));
  }
  figures_.seconds = std::chrono::duration<double>(Steady::now() - began).count();
  figures_.fraction = population_.fraction();
  return absl::OkStatus();
}

absl::Status Driver::step(bool& more) {
  auto step = population_.next();
  more = step.has_value();
  if (!step) return absl::OkStatus();
  for (const records::Item& item : step->items) RIFFLE_RETURN_IF_ERROR(send(item).status());
  for (const simulation::EventRecord& event : step->events) RIFFLE_RETURN_IF_ERROR(send(event));
  if (!step->request) return absl::OkStatus();
  const Steady::time_point until = last_list_[step->request->user_id] + options_.think_time;
  if (until <= Steady::now()) return ask(*step->request);
  const auto place = std::upper_bound(held_.begin(), held_.end(), until,
                                      [](Steady::time_point time, const Held& held) { return time < held.until; });
  held_.insert(place, {until, *std::move(step->request)});
  return absl::OkStatus();
}

absl::Status Driver::ask_held(Steady::time_point now) {
  while (!held_.empty() && held_.front().until <= now) {
    RIFFLE_RETURN_IF_ERROR(ask(held_.front().request));
    held_.pop_front();
  }
  return absl::OkStatus();
}

absl::Status Driver::ask(const records::Request& request) {
  open_[request.request_id.str()] = Steady::now();
  ++lane(request.user_id).open;
  ++figures_.requests;
  if (options_.oracle.empty() || serving::arm_of(experiments_, request.user_id) != options_.oracle) {
    return send(topics_.requests, request.user_id.str(), records::encode_json(request));
  }
  records::Request told = request;
  for (auto& [item, probability] : population_.oracle(request.user_id, options_.oracle_candidates)) {
    told.candidates.push_back({item, probability});
  }
  return send(topics_.requests, told.user_id.str(), records::encode_json(told));
}

absl::Status Driver::receive(Milliseconds wait) {
  RIFFLE_ASSIGN_OR_RETURN(const bus::Batch batch, source_->poll(1000, wait));
  if (!batch.errors.empty()) return batch.errors.front().status;
  const Steady::time_point now = Steady::now();
  for (const bus::Record& record : batch.records) {
    if (!record.value) continue;
    RIFFLE_ASSIGN_OR_RETURN(const records::Recommendation list, records::decode_recommendation(*record.value));
    take(list, now);
  }
  for (const simulation::EventRecord& event : to_send_) RIFFLE_RETURN_IF_ERROR(send(event));
  to_send_.clear();
  return absl::OkStatus();
}

void Driver::take(const records::Recommendation& list, Steady::time_point now) {
  const auto it = open_.find(list.request_id.str());
  if (it == open_.end()) {
    ++figures_.repeated_lists;
    return;
  }
  figures_.latency_ms.push_back(std::chrono::duration<float, std::milli>(now - it->second).count());
  open_.erase(it);
  Lane& lane = this->lane(list.user_id);
  --lane.open;
  for (const auto& [input, offset] : list.as_of)
    if (input == "events") lane.applied = std::max(lane.applied, offset);
  ++figures_.lists;

  std::vector<ItemId> items;
  items.reserve(list.items.size());
  for (const records::ListedItem& item : list.items) {
    items.push_back(item.item_id);
    rates_.add_shown(list.policy_id, item.item_id);
  }
  figures_.distance_sum[list.policy_id] += population_.shop().category_distance(items);
  ++figures_.arm_lists[list.policy_id];
  std::uint64_t& version = figures_.policy_version[list.policy_id];
  version = std::max(version, list.policy_version);

  last_list_[list.user_id] = now;
  simulation::Visit visit = population_.on_list(list);
  if (visit.slots > 0) rates_.add(list.policy_id, list.user_id, visit.fraction, visit.slots, visit.clicks);
  for (simulation::EventRecord& event : visit.events) to_send_.push_back(std::move(event));
}

}  // namespace riffle::app
