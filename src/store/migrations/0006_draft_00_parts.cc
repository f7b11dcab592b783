// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

namespace ajwt::store {

// The parts of an agent of profile draft-00 are no longer kept: nothing reads them. Scripts drop no
// column, so theirs stays, empty.
const char* const kDraft00Parts = R"sql(
UPDATE draft_registrations SET sealed_components = x'';
)sql";

}  // namespace ajwt::store
