// The form in which routes of two tables are compared: canonical, and as a proxy has them in force, with only the last filter of those
// that count once. Equal texts mean that a proxy does the same.

import { canonicalRoute } from "../eskip/canonical.ts";
import { printExpression } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { lastOnly } from "../routing/pre-processors/filter-rules.ts";

const onlyLast = ["fifo", "lifo", "admissionControl"].map(lastOnly);

/** The expression, without id. */
export function comparedExpression(route: Route): string {
  return printExpression(canonicalRoute(onlyLast.reduce((current, process) => process(current), route)));
}
