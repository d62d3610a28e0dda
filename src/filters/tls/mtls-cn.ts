// mtlsCN: Lets requests pass whose client certificate has one of these common names. (spec filters 12).

import { string } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { certificateFilter, mtlsDetails } from "./client-certificate.ts";
import { commonName } from "./distinguished-name.ts";

export const mtlsCN = defineFilter({
  name: "mtlsCN",
  summary: "Lets requests pass whose client certificate has one of these common names.",
  details: mtlsDetails,
  args: [rest("common name", string, 1)],
  examples: [{ route: '* -> mtlsCN("client one") -> status(204) -> <shunt>', expect: { status: 401 } }],
  create: ([names]) => certificateFilter((own) => names.includes(commonName(own.subject))),
});
