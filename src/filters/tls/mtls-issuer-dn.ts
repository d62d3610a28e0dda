// mtlsIssuerDN: Lets requests pass whose client certificate was issued by one of these names. (spec filters 12).

import { nonEmptyString } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { certificateFilter, mtlsDetails } from "./client-certificate.ts";
import { rfc2253 } from "./distinguished-name.ts";

export const mtlsIssuerDN = defineFilter({
  name: "mtlsIssuerDN",
  summary: "Lets requests pass whose client certificate was issued by one of these names.",
  details: mtlsDetails,
  args: [rest("issuer", nonEmptyString, 1)],
  examples: [
    { route: '* -> mtlsIssuerDN("CN=My CA,O=My Org,C=DE") -> status(204) -> <shunt>', expect: { status: 401 } },
  ],
  create: ([issuers]) => certificateFilter((own) => issuers.includes(rfc2253(own.issuer))),
});
