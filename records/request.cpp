#include "records/request.h"

namespace riffle::records {

void Request::clear() {
  request_id.assign({});
  user_id.assign({});
  session_id.assign({});
  surface.clear();
  n.reset();
  diversity.reset();
  explore.reset();
  candidates.clear();
  exclude_items.clear();
  deadline.reset();
  timestamp.reset();
  language.clear();
  context.clear();
}

}  // namespace riffle::records
