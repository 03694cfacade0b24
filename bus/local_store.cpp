#include "bus/local_store.h"

#include <random>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/log.h"

namespace riffle::bus {
namespace {

// 128 random bits as 22 letters, like Kafka's.
std::string new_cluster_id() {
  std::random_device random;
  std::string bytes;
  for (int i = 0; i < 16; ++i) bytes += static_cast<char>(random() & 0xFF);
  std::string id;
  absl::WebSafeBase64Escape(bytes, &id);
  return id;
}

constexpr std::string_view kBusFileStart = "format=1\ncluster_id=";

}  // namespace

absl::StatusOr<std::shared_ptr<LocalStore>> LocalStore::open(LocalBusOptions options) {
  if (options.segment_bytes < 1024)
    return absl::InvalidArgumentError(absl::StrCat("local bus: segments of ", options.segment_bytes, " bytes; at least 1024"));
  std::shared_ptr<LocalStore> store(new LocalStore(std::move(options)));
  if (store->options_.clock == nullptr) store->options_.clock = &store->system_clock_;
  const std::string& directory = store->options_.directory;
  if (directory.empty()) {
    store->cluster_id_ = new_cluster_id();
  } else {
    RIFFLE_RETURN_IF_ERROR(store->open_directory());
    RIFFLE_RETURN_IF_ERROR(store->open_topics());
  }
  LocalStore* raw = store.get();
  RIFFLE_ASSIGN_OR_RETURN(store->groups_, LocalGroups::open(directory.empty() ? "" : directory + "/groups",
                                                            [raw](const auto& topics) { return raw->partition_counts(topics); }));
  store->cleaner_ = std::thread([raw] { raw->run_cleaning(); });
  store->commits_ = std::make_unique<GroupCommit>(
      raw->options_, raw->clock(), [raw](PartitionLog* log) { raw->request_cleaning(log); },
      [raw] {
        if (const absl::Status saved = raw->groups_->save(); !saved.ok())
          log::warn("committed offsets are not saved, tried again: {}", std::string(saved.message()));
      });
  return store;
}

LocalStore::~LocalStore() {
  commits_.reset();  // joins the writing thread, which may still ask for cleaning
  {
    absl::MutexLock lock(&cleaning_);
    stopping_ = true;
    cleaning_wanted_.Signal();
  }
  if (cleaner_.joinable()) cleaner_.join();
  if (groups_) {
    if (const absl::Status saved = groups_->save(); !saved.ok()) log::warn("committed offsets are not saved: {}", std::string(saved.message()));
  }
}

absl::Status LocalStore::open_directory() {
  const std::string& directory = options_.directory;
  RIFFLE_RETURN_IF_ERROR(make_directories(directory + "/topics"));
  RIFFLE_ASSIGN_OR_RETURN(lock_, lock_directory(directory));
  const std::string path = directory + "/bus";
  const auto text = read_file(path);
  if (text.status().code() == absl::StatusCode::kNotFound) {
    cluster_id_ = new_cluster_id();
    return write_atomically(path, absl::StrCat(std::string(kBusFileStart), cluster_id_, "\n"));
  }
  if (!text.ok()) return text.status();
  if (std::string_view(*text).substr(0, kBusFileStart.size()) != kBusFileStart || text->back() != '\n')
    return fatal_error(absl::StatusCode::kFailedPrecondition,
                       absl::StrCat(path, ": not format 1 of a local bus; another version of Riffle wrote it, or it is damaged"));
  cluster_id_ = text->substr(kBusFileStart.size(), text->size() - kBusFileStart.size() - 1);
  return absl::OkStatus();
}

std::string LocalStore::topic_directory(const std::string& name) const {
  return options_.directory.empty() ? "" : absl::StrCat(options_.directory, "/topics/", name);
}

absl::Status LocalStore::open_topics() {
  RIFFLE_ASSIGN_OR_RETURN(const std::vector<std::string> names, list_directory(options_.directory + "/topics"));
  for (const std::string& name : names) {
    const auto text = read_file(topic_directory(name) + "/topic");
    if (text.status().code() == absl::StatusCode::kNotFound) {
      log::warn("{}: a crash left the topic unfinished; create it again", topic_directory(name));
      continue;
    }
    if (!text.ok()) return text.status();
    RIFFLE_ASSIGN_OR_RETURN(const TopicSpec spec, decode_topic_spec(name, *text));
    RIFFLE_ASSIGN_OR_RETURN(auto topic, open_topic(spec, options_, topic_directory(name), clock().now()));
    absl::MutexLock lock(&mutex_);
    topics_[name] = std::move(topic);
  }
  return absl::OkStatus();
}

absl::Status LocalStore::create_topics(const std::vector<TopicSpec>& specs) {
  absl::MutexLock creating(&creating_);
  std::vector<TopicSpec> missing;
  for (const TopicSpec& spec : specs) {
    const auto settings = TopicSettings::from_spec(spec, options_);
    if (!settings.ok()) return settings.status();
    const LocalTopic* existing = topic(spec.name);
    if (existing == nullptr) {
      missing.push_back(spec);
    } else if (existing->settings.partitions != spec.partitions) {
      return fatal_error(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat("topic ", spec.name, " exists with ", existing->settings.partitions, " partitions, not ",
                                      spec.partitions, "; configure ", existing->settings.partitions,
                                      ", or use another namespace"));
    }
  }
  std::vector<std::string> created;
  for (const TopicSpec& spec : missing) {
    const std::string directory = topic_directory(spec.name);
    if (!directory.empty()) RIFFLE_RETURN_IF_ERROR(make_directories(directory));
    RIFFLE_ASSIGN_OR_RETURN(auto topic, open_topic(spec, options_, directory, clock().now()));
    if (!directory.empty()) {
      // The topic's file comes last: a topic is there once it is, with all of its partitions.
      RIFFLE_RETURN_IF_ERROR(write_atomically(directory + "/topic", encode_topic_spec(spec)));
      RIFFLE_RETURN_IF_ERROR(sync_directory(options_.directory + "/topics"));
    }
    absl::MutexLock lock(&mutex_);
    topics_[spec.name] = std::move(topic);
    created.push_back(spec.name);
  }
  if (!created.empty()) groups_->topics_changed(created);
  return absl::OkStatus();
}

LocalTopic* LocalStore::topic(const std::string& name) const {
  absl::MutexLock lock(&mutex_);
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second.get();
}

PartitionLog* LocalStore::log(const TopicPartition& where) const {
  LocalTopic* found = topic(where.topic);
  if (found == nullptr || where.partition.value() < 0 || where.partition.value() >= found->settings.partitions) return nullptr;
  return found->partitions[static_cast<std::size_t>(where.partition.value())]->log.get();
}

std::map<std::string, std::int32_t> LocalStore::partition_counts(const std::set<std::string>& topics) const {
  std::map<std::string, std::int32_t> counts;
  for (const std::string& name : topics)
    if (const LocalTopic* found = topic(name)) counts[name] = found->settings.partitions;
  return counts;
}

std::vector<PartitionLog*> LocalStore::logs() const {
  absl::MutexLock lock(&mutex_);
  std::vector<PartitionLog*> all;
  for (const auto& [name, topic] : topics_)
    for (const auto& partition : topic->partitions) all.push_back(partition->log.get());
  return all;
}

std::vector<DurableFile> LocalStore::durable_files() const {
  std::vector<DurableFile> files;
  for (const PartitionLog* log : logs())
    for (auto& [path, bytes] : log->durable_bytes())
      if (!path.empty()) files.push_back({path, bytes});
  return files;
}

absl::Status LocalStore::clean() {
  absl::MutexLock lock(&cleaning_now_);
  absl::Status status;
  for (PartitionLog* log : logs()) status.Update(log->clean(clock().now()));
  return status;
}

void LocalStore::request_cleaning(PartitionLog* log) {
  absl::MutexLock lock(&cleaning_);
  to_clean_.insert(log);
  cleaning_wanted_.Signal();
}

void LocalStore::run_cleaning() {
  for (;;) {
    PartitionLog* log = nullptr;
    {
      absl::MutexLock lock(&cleaning_);
      while (to_clean_.empty() && !stopping_) cleaning_wanted_.Wait(&cleaning_);
      if (stopping_) return;
      log = *to_clean_.begin();
      to_clean_.erase(to_clean_.begin());
    }
    absl::MutexLock lock(&cleaning_now_);
    if (const absl::Status cleaned = log->clean(clock().now()); !cleaned.ok())
      log::warn("{}/{}: not cleaned, tried again at the next full segment: {}", log->where().topic,
                log->where().partition.value(), std::string(cleaned.message()));
  }
}

}  // namespace riffle::bus
